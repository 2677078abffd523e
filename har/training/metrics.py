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


@dataclass(frozen=True)
class Metrics:
    """The quality of predictions on videos whose label is known."""

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
    confusion: list[list[int]]
    """How often each label (row) was given each name (column), in the order of the labels."""


def measure(
    probabilities: Floats, truth: Integers, labels: Sequence[str], sources: Sequence[str]
) -> Metrics:
    """Metrics of ``probabilities`` [n, labels] against ``truth`` [n], indices into ``labels``."""
    right = is_right(probabilities, truth)
    names = np.array(labels)
    counts = confusion(truth, probabilities.argmax(axis=1), len(labels))
    return Metrics(
        videos=len(truth),
        top1=float(right.mean()),
        top5=top_k(probabilities, truth, 5),
        balanced=balanced(counts),
        macro_f1=macro_f1(counts),
        ece=calibration_error(probabilities.max(axis=1), right),
        per_class=shares(right, names[truth]),
        per_source=shares(right, np.array(sources)),
        confusion=counts.tolist(),
    )


def is_right(probabilities: Floats, truth: Integers) -> Booleans:
    """Whether the most probable label is the true one, [n]."""
    right: Booleans = probabilities.argmax(axis=1) == truth
    return right


def top_k(probabilities: Floats, truth: Integers, k: int) -> float:
    """Share of rows whose true label is among the ``k`` most probable."""
    best = np.argsort(-probabilities, axis=1)[:, :k]
    return float((best == truth[:, None]).any(axis=1).mean())


def shares(right: Booleans, groups: NDArray[np.str_]) -> dict[str, Share]:
    """For each group, in the order of their names: how many rows it has and what share is right."""
    found = {}
    for group in np.unique(groups):
        inside = groups == group
        found[str(group)] = Share(int(inside.sum()), float(right[inside].mean()))
    return found


def confusion(truth: Integers, predicted: Integers, labels: int) -> NDArray[np.int64]:
    """How often each true label (row) was given each name (column): [labels, labels]."""
    return np.bincount(truth * labels + predicted, minlength=labels**2).reshape(labels, labels)


def recalls(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share of each class that was named right, from a confusion matrix; NaN for a class
    without videos."""
    return _ratio(counts.diagonal(), counts.sum(axis=1))


def balanced(counts: NDArray[np.int64]) -> float:
    """Balanced accuracy of a confusion matrix, over the classes that have videos."""
    return float(np.nanmean(recalls(counts)))


def f1(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """The F1 of each class, from a confusion matrix; NaN for one that neither was nor was said."""
    return _ratio(2 * counts.diagonal(), counts.sum(axis=0) + counts.sum(axis=1))


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
