"""How good predictions are: accuracy, calibration, and the separation of known from unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Integers = NDArray[np.integer]
Booleans = NDArray[np.bool_]

BINS = 15
"""Bins of equal width in which confidence and accuracy are compared."""


@dataclass(frozen=True)
class Share:
    """How many of some videos were named right."""

    videos: int
    top1: float


OTHERS = "another label"
"""The last column of a confusion matrix: labels that were said, but are no class of the videos."""


@dataclass(frozen=True)
class Metrics:
    """The quality of predictions on videos of which a label is known to the model.

    A video's class is what its row calls it; where several labels are right, each of them counts as
    its class when it is said.
    """

    videos: int
    top1: float
    top5: float
    balanced: float
    """Mean over the classes of the share named right."""
    macro_f1: float
    """Mean over the classes of the harmonic mean of precision and recall."""
    ece: float
    """Expected calibration error of the confidence."""
    per_class: dict[str, Share]
    per_source: dict[str, Share]
    classes: list[str]
    """The classes of the videos, in the order of their names."""
    confusion: list[list[int]]
    """How often each of the classes (row) was given each of them, or one of OTHERS (column)."""


def measure(
    classes: Sequence[str],
    said: Sequence[str],
    right: Booleans,
    in_top5: Booleans,
    sources: Sequence[str],
    ece: float,
) -> Metrics:
    """Metrics of some videos [n]: their classes, what was said of them, whether that is right,
    whether a right label is among the first five; and their calibration error."""
    names, truth, predicted = indexed(classes, said, right)
    counts = confusion(truth, predicted, len(names))
    return Metrics(
        videos=len(classes),
        top1=float(right.mean()),
        top5=float(in_top5.mean()),
        balanced=balanced(counts),
        macro_f1=macro_f1(counts),
        ece=ece,
        per_class=shares(right, np.array(classes)),
        per_source=shares(right, np.array(sources)),
        classes=names,
        confusion=counts.tolist(),
    )


def indexed(
    classes: Sequence[str], said: Sequence[str], right: Booleans
) -> tuple[list[str], Integers, Integers]:
    """The names of the classes, and for each video the index of its class and of the one that was
    said: its own where that is right, the number of classes for one of OTHERS."""
    names = sorted(set(classes))
    index = {name: i for i, name in enumerate(names)}
    truth = np.array([index[name] for name in classes])
    predicted = np.array([index.get(name, len(names)) for name in said])
    return names, truth, np.where(right, truth, predicted)


def is_right(probabilities: Floats, accepted: Booleans) -> Booleans:
    """Whether the most probable label is right, [n]; ``accepted`` [n, labels] are those that
    are."""
    best = probabilities.argmax(axis=1)
    right: Booleans = accepted[np.arange(len(best)), best]
    return right


def in_top(probabilities: Floats, accepted: Booleans, k: int) -> Booleans:
    """Whether a right label is among the ``k`` most probable, [n]."""
    best = np.argsort(-probabilities, axis=1)[:, :k]
    return np.asarray(np.take_along_axis(accepted, best, axis=1).any(axis=1))


def shares(right: Booleans, groups: NDArray[np.str_]) -> dict[str, Share]:
    """For each group, in the order of their names: how many rows it has and what share is right."""
    found = {}
    for group in np.unique(groups):
        inside = groups == group
        found[str(group)] = Share(int(inside.sum()), float(right[inside].mean()))
    return found


def confusion(truth: Integers, predicted: Integers, classes: int) -> NDArray[np.int64]:
    """How often each true class (row) was given each class, or another label, whose index is
    ``classes`` (column): [classes, classes + 1]."""
    columns = classes + 1
    counts = np.bincount(truth * columns + predicted, minlength=classes * columns)
    return counts.reshape(classes, columns)


def recalls(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share of each class that was named right, from a confusion matrix; NaN for a class
    without videos."""
    return _ratio(counts.diagonal(), counts.sum(axis=1))


def balanced(counts: NDArray[np.int64]) -> float:
    """Balanced accuracy of a confusion matrix, over the classes that have videos."""
    return float(np.nanmean(recalls(counts)))


def f1(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """The F1 of each class, from a confusion matrix; NaN for one that neither was nor was said."""
    said = counts.sum(axis=0)[: len(counts)]
    return _ratio(2 * counts.diagonal(), said + counts.sum(axis=1))


def macro_f1(counts: NDArray[np.int64]) -> float:
    """Macro-F1 of a confusion matrix, over the classes that have videos."""
    return float(f1(counts)[counts.any(axis=1)].mean())


def _ratio(part: Integers, whole: Integers) -> NDArray[np.float64]:
    shares = np.full(len(whole), np.nan)
    np.divide(part, whole, out=shares, where=whole > 0)
    return shares


@dataclass(frozen=True)
class Bin:
    """The videos whose confidence falls into one interval."""

    share: float
    """Of all videos."""
    confidence: float
    """Its mean over them."""
    accuracy: float


def reliability(confidence: Floats, right: Booleans, bins: int = BINS) -> list[Bin]:
    """The bins of equal width that hold videos, from unsure to sure."""
    at = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    inside = [at == b for b in np.unique(at)]
    return [
        Bin(float(i.mean()), float(confidence[i].mean()), float(right[i].mean())) for i in inside
    ]


def calibration_error(confidence: Floats, right: Booleans, bins: int = BINS) -> float:
    """Expected calibration error (Guo et al. 2017): the mean gap of confidence and accuracy over
    ``bins`` of equal width, weighted by how many rows fall into each."""
    found = reliability(confidence, right, bins)
    return sum(b.share * abs(b.confidence - b.accuracy) for b in found)


def auroc(known: Floats, unknown: Floats) -> float:
    """Probability that a known row has a higher confidence than an unknown one; ties count half."""
    gaps = known[:, None] - unknown[None, :]
    return float(((gaps > 0) + 0.5 * (gaps == 0)).mean())


@dataclass(frozen=True)
class Risk:
    """What a coverage costs."""

    coverage: float
    """The share of the answers that are given, those with the highest confidence first."""
    risk: float
    """The share of these that are wrong."""


def risk_coverage(confidence: Floats, right: Booleans) -> list[Risk]:
    """The risk-coverage curve (El-Yaniv & Wiener 2010) at each number of answers from 1 to all [n].

    Answers of the same confidence are given in any order: the curve is the mean over all orders.
    """
    order = np.argsort(-confidence, kind="stable")
    wrong = np.concatenate([[0], np.cumsum(~right[order])])
    ends = np.flatnonzero(np.diff(confidence[order], append=-np.inf)) + 1
    given = np.arange(1, len(order) + 1)
    mistakes = np.interp(given, [0, *ends], wrong[[0, *ends]])
    return [
        Risk(n / len(order), m / n) for n, m in zip(given.tolist(), mistakes.tolist(), strict=True)
    ]


def aurc(curve: Sequence[Risk]) -> float:
    """The area under a risk-coverage curve (Geifman & El-Yaniv 2017): the mean risk over all
    coverages, 0 where nothing is wrong."""
    return float(np.mean([point.risk for point in curve]))
