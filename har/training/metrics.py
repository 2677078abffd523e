"""How good predictions are: accuracy, calibration, and the separation of known from unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Integers = NDArray[np.integer]
Booleans = NDArray[np.bool_]


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
    ece: float
    """Expected calibration error of the confidence, 15 bins of equal width."""
    per_class: dict[str, Share]
    per_source: dict[str, Share]
    confused: list[tuple[str, str, int]]
    """True label, predicted label, how often; the most frequent errors first, ten at most."""


def measure(
    probabilities: Floats, truth: Integers, labels: Sequence[str], sources: Sequence[str]
) -> Metrics:
    """Metrics of ``probabilities`` [n, labels] against ``truth`` [n], indices into ``labels``."""
    right = is_right(probabilities, truth)
    names = np.array(labels)
    per_class = shares(right, names[truth])
    return Metrics(
        videos=len(truth),
        top1=float(right.mean()),
        top5=top_k(probabilities, truth, 5),
        balanced=float(np.mean([share.top1 for share in per_class.values()])),
        ece=calibration_error(probabilities.max(axis=1), right),
        per_class=per_class,
        per_source=shares(right, np.array(sources)),
        confused=_confused(names[truth], names[probabilities.argmax(axis=1)]),
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


def calibration_error(confidence: Floats, right: Booleans, bins: int = 15) -> float:
    """Expected calibration error (Guo et al. 2017): the mean gap of confidence and accuracy over
    ``bins`` of equal width, weighted by how many rows fall into each."""
    at = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = [
        (at == b).mean() * abs(confidence[at == b].mean() - right[at == b].mean())
        for b in np.unique(at)
    ]
    return float(sum(gaps))


def auroc(known: Floats, unknown: Floats) -> float:
    """Probability that a known row has a higher confidence than an unknown one; ties count half."""
    gaps = known[:, None] - unknown[None, :]
    return float(((gaps > 0) + 0.5 * (gaps == 0)).mean())


def _confused(truth: NDArray[np.str_], predicted: NDArray[np.str_]) -> list[tuple[str, str, int]]:
    wrong = truth != predicted
    pairs, counts = np.unique(np.stack([truth, predicted])[:, wrong], axis=1, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:10]
    return [(str(pairs[0, i]), str(pairs[1, i]), int(counts[i])) for i in order]
