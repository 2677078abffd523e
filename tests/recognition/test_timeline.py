"""The timeline: no gaps, no overlaps, neighbours joined."""

from __future__ import annotations

import itertools

import pytest

from har.recognition.timeline import merge
from har.types import Segment, Source


def segment(
    start: float, label: str, confidence: float = 0.8, source: Source = "bilstm"
) -> Segment:
    return Segment(start, start + 2, label, confidence, ((label, confidence),), source)


def test_equal_neighbours_become_one_action() -> None:
    (action,) = merge([segment(t, "PushUps") for t in (0, 1, 2)], 0, 4.1)
    assert (action.start, action.end, action.label) == (0, 4.1, "PushUps")
    assert action.confidence == pytest.approx(0.8)


def test_each_moment_goes_to_the_nearest_middle() -> None:
    actions = merge([segment(0, "SitDown"), segment(1, "SitDown"), segment(2, "StandUp")], 0, 4)
    assert [(a.start, a.end, a.label) for a in actions] == [
        (0, 2.5, "SitDown"),
        (2.5, 4, "StandUp"),
    ]


def test_what_nobody_saw_is_a_gap() -> None:
    actions = merge([segment(t, "Walk") for t in (0, 1, 7, 8)], 0, 10.5)
    assert [(a.start, a.end, a.label) for a in actions] == [(0, 3, "Walk"), (7, 10.5, "Walk")]


def test_times_that_were_rounded_make_no_gap() -> None:
    (action,) = merge([segment(0, "Walk"), segment(2.001, "Walk")], 0, 4.001)
    assert (action.start, action.end) == (0, 4.001)


def test_nothing_makes_nothing() -> None:
    assert merge([], 0, 3) == ()


def test_timeline_covers_the_video_without_gaps() -> None:
    labels = ["Walk", "SitDown", "SitDown", "Walk", "TurnAround"]
    actions = merge([segment(8.3 + i, label) for i, label in enumerate(labels)], 8.3, 14.5)
    assert actions[0].start == 8.3
    assert actions[-1].end == 14.5
    assert all(a.end == b.start for a, b in itertools.pairwise(actions))
    assert [a.label for a in actions] == ["Walk", "SitDown", "Walk", "TurnAround"]


def test_confidence_is_weighted_by_time_and_source_by_most_of_it() -> None:
    """The first owns 0..1.5, the second 1.5..2.5, the third 2.5..4."""
    pieces = [
        segment(0, "Surfing", 0.2, "clip"),
        segment(1, "Surfing", 0.8, "bilstm"),
        segment(2, "Surfing", 0.2, "clip"),
    ]
    (action,) = merge(pieces, 0, 4)
    assert action.confidence == pytest.approx((0.2 * 3 + 0.8 * 1) / 4)
    assert action.source == "clip"


def test_no_length_at_all() -> None:
    (action,) = merge([Segment(0, 0, "Walk", 0.5, (("Walk", 0.5),), "bilstm")], 0, 0)
    assert action.confidence == 0.5
