"""What is said of videos that come with all names that are right for them (``accept``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from har.models.labels import VOCABULARY
from har.training import metrics
from har.training.manifest import Row
from har.training.metrics import Share
from har.training.predictions import Predictions
from har.types import UNKNOWN

Outcome = Literal["right", "near", "wrong", "unknown", "background", "unusable"]
"""``near`` is a near relation of what is right, and as wrong as any other name."""


@dataclass(frozen=True)
class Said:
    """What was said of one video."""

    file: str
    label: str
    accept: list[str]
    said: str
    """The label that holds for most of its timeline, UNKNOWN among them; for a video that could not
    be opened, why."""
    outcome: Outcome
    top5: list[tuple[str, float]]
    """The most probable labels of the mean over its clips."""


@dataclass(frozen=True)
class Naming:
    """How often the right name was said. All but ``videos`` are shares of the videos; one that
    could not be opened counts as wrong."""

    videos: int
    top1: float
    """The most probable label of the mean over the clips is right."""
    top5: float
    named_right: float
    """The label that holds for most of the timeline is right."""
    named_wrong: float
    """It is neither right nor background nor UNKNOWN."""
    unknown: float
    background: float
    """Nothing is done, it says, where something is."""
    unusable: float
    per_source: dict[str, Share]
    """Of ``named_right``."""
    said: list[Said]
    """Those that are wrong first."""


def judge(predictions: Predictions) -> Naming | None:
    """Of the videos whose rows have ``accept``; None where there are none."""
    chosen = [i for i, row in enumerate(predictions.rows) if row.accept]
    unusable = predictions.unusable
    count = len(chosen) + len(unusable)
    if not count:
        return None
    said = [_said(predictions, i) for i in chosen]
    said += [
        Said(one.row.file, one.row.label, list(one.row.accept), one.why, "unusable", [])
        for one in unusable
    ]
    outcomes = Counter(one.outcome for one in said)
    rows = [*(predictions.rows[i] for i in chosen), *(one.row for one in unusable)]
    return Naming(
        videos=count,
        top1=float(predictions.is_right[chosen].sum()) / count,
        top5=float(predictions.is_in_top5[chosen].sum()) / count,
        named_right=outcomes["right"] / count,
        named_wrong=(outcomes["near"] + outcomes["wrong"]) / count,
        unknown=outcomes["unknown"] / count,
        background=outcomes["background"] / count,
        unusable=outcomes["unusable"] / count,
        per_source=_per_source(rows, said),
        said=sorted(said, key=lambda one: (-_SERIOUS.index(one.outcome), one.file)),
    )


_SERIOUS: tuple[Outcome, ...] = ("right", "unknown", "background", "near", "wrong", "unusable")


def _said(predictions: Predictions, i: int) -> Said:
    row, said = predictions.rows[i], predictions.said[i]
    scores = predictions.probabilities[i]
    top5 = [(predictions.labels[k], float(scores[k])) for k in np.argsort(-scores)[:5]]
    return Said(row.file, row.label, list(row.accept), said, outcome(row, said), top5)


def outcome(row: Row, said: str) -> Outcome:
    """How good it is to say this of a video."""
    is_background = VOCABULARY.is_background(said)
    if said in row.right or (row.is_background and (is_background or said == UNKNOWN)):
        return "right"
    if said == UNKNOWN:
        return "unknown"
    if is_background:
        return "background"
    return "near" if is_near(row, said) else "wrong"


def is_near(row: Row, said: str) -> bool:
    """Whether a label is a near relation of one that is right for a video."""
    return any(VOCABULARY.are_near(right, said) for right in row.right)


def _per_source(rows: Iterable[Row], said: Iterable[Said]) -> dict[str, Share]:
    right = np.array([one.outcome == "right" for one in said])
    return metrics.shares(right, np.array([row.source for row in rows]))
