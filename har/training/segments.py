"""How well a timeline fits the true one (Lea et al. 2017, arXiv 1611.05267). All values in 0..1.

Background is no segment: F1 and the edit score leave it out, frame accuracy counts its time (Farha
and Gall 2019, arXiv 1903.01945). Its labels, and "Unknown", are all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import groupby

import numpy as np

from har.models.labels import VOCABULARY
from har.types import UNKNOWN

OVERLAPS = (0.10, 0.25, 0.50)
"""How much a segment must overlap a true one to count as found: F1@10, F1@25, F1@50."""


@dataclass(frozen=True)
class Span:
    """A stretch of a video, in seconds, with one label."""

    start: float
    end: float
    label: str


Spans = Sequence[Span]
"""The spans of one video in their order, without overlaps."""


@dataclass(frozen=True)
class SegmentScores:
    """How well the timelines of some videos fit."""

    videos: int
    f1_10: float
    f1_25: float
    f1_50: float
    edit: float
    """Mean over the videos."""
    frame_accuracy: float
    """Share of all the time that has the right label (MoF)."""


def measure(truths: Sequence[Spans], predictions: Sequence[Spans]) -> SegmentScores:
    """The scores of the timelines of one video or more. F1 counts the segments of all of them."""
    pairs = list(zip(truths, predictions, strict=True))
    f1 = []
    for overlap in OVERLAPS:
        found, false, missed = np.sum([matches(*pair, overlap) for pair in pairs], axis=0)
        segments = 2 * found + false + missed
        f1.append(float(2 * found / segments) if segments else 1.0)
    right = sum(shared_seconds(*pair) for pair in pairs)
    seconds = sum(span.end - span.start for truth in truths for span in truth)
    return SegmentScores(
        videos=len(pairs),
        f1_10=f1[0],
        f1_25=f1[1],
        f1_50=f1[2],
        edit=float(np.mean([edit(*pair) for pair in pairs])),
        frame_accuracy=right / seconds,
    )


def mean(scores: Sequence[SegmentScores]) -> SegmentScores:
    """The mean of the scores that several models got on the same videos."""
    videos, *numbers = np.mean([astuple(score) for score in scores], axis=0)
    return SegmentScores(round(videos), *map(float, numbers))


def matches(truth: Spans, predicted: Spans, overlap: float) -> tuple[int, int, int]:
    """True positives, false positives and false negatives among the actions.

    A predicted span is a true positive where the span of its label that it fits best has at least
    ``overlap`` of their union in common with it and was not found before.
    """
    truth, predicted = _actions(truth), _actions(predicted)
    found: set[int] = set()
    for span in predicted:
        fits = [_intersection_over_union(span, other) for other in truth]
        if fits and max(fits) >= overlap:
            found.add(int(np.argmax(fits)))
    return len(found), len(predicted) - len(found), len(truth) - len(found)


def _actions(spans: Spans) -> list[Span]:
    return [span for span in spans if not _is_background(span.label)]


def _is_background(label: str) -> bool:
    return label == UNKNOWN or VOCABULARY.is_background(label)


def _same(a: str, b: str) -> bool:
    """Whether two labels are the same, or both are background."""
    return a == b or (_is_background(a) and _is_background(b))


def _intersection_over_union(a: Span, b: Span) -> float:
    if a.label != b.label:
        return 0.0
    return _shared(a, b) / (max(a.end, b.end) - min(a.start, b.start))


def _shared(a: Span, b: Span) -> float:
    return max(0.0, min(a.end, b.end) - max(a.start, b.start))


def shared_seconds(truth: Spans, predicted: Spans) -> float:
    """Seconds in which both have the same label."""
    return sum(_shared(a, b) for a in truth for b in predicted if _same(a.label, b.label))


def edit(truth: Spans, predicted: Spans) -> float:
    """1 less the edit distance of the orders of actions, over the length of the longer one.

    It asks for the right actions in the right order, whenever they happen.
    """
    a, b = _order(truth), _order(predicted)
    return 1 - _distance(a, b) / max(len(a), len(b), 1)


def _order(spans: Spans) -> list[str]:
    """The actions in their order; two of the same with background between them are two."""
    labels = [label for label, _ in groupby(span.label for span in spans)]
    return [label for label in labels if not _is_background(label)]


def _distance(a: Sequence[str], b: Sequence[str]) -> int:
    """Insertions, deletions and replacements that make ``b`` of ``a`` (Levenshtein 1966)."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        above, row = row, [i]
        for j, right in enumerate(b, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (left != right)))
    return row[-1]
