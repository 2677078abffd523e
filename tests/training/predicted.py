"""Predictions that are made up, of one clip each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from har.training.manifest import Row
from har.training.predictions import Predictions
from har.types import UNKNOWN

LABELS = ("Fight", "NoFight", "StandStill", "Walk", "Yoga")
THRESHOLD = 0.5


def row(file: str, label: str, *accept: str, source: str = "here") -> Row:
    return Row(file, label, source, f"group-{file}", 0, accept)


def predictions(scored: Sequence[tuple[Row, Mapping[str, float]]]) -> Predictions:
    """The rows with the probabilities of some labels; those of the others are 0."""
    probabilities = np.array([[scores.get(label, 0.0) for label in LABELS] for _, scores in scored])
    best = zip(probabilities.argmax(axis=1), probabilities.max(axis=1), strict=True)
    return Predictions(
        rows=tuple(row for row, _ in scored),
        labels=LABELS,
        probabilities=probabilities,
        thresholds=np.full(len(scored), THRESHOLD),
        said=tuple(LABELS[i] if p >= THRESHOLD else UNKNOWN for i, p in best),
    )
