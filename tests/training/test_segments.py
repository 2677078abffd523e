"""Segment metrics against values worked out by hand."""

from __future__ import annotations

import pytest

from har.training import segments
from har.training.segments import SegmentScores, Span


def spans(text: str) -> list[Span]:
    """``"SitDown 0 2, Walk 2 5"`` as spans."""
    words = [part.split() for part in text.split(",")]
    return [Span(float(start), float(end), label) for label, start, end in words]


TRUTH = spans("SitDown 0 4, StandUp 4 10")


def test_the_truth_itself_is_perfect() -> None:
    assert segments.measure([TRUTH], [TRUTH]) == SegmentScores(1, 1, 1, 1, 1, 1)


def test_a_boundary_that_is_off() -> None:
    found = segments.measure([TRUTH], [spans("SitDown 0 8, StandUp 8 10")])
    # SitDown overlaps by 4 of 8, StandUp by 2 of 6 seconds.
    assert (found.f1_10, found.f1_25, found.f1_50) == (1, 1, 0.5)
    assert found.edit == 1
    assert found.frame_accuracy == pytest.approx(0.6)


def test_a_segment_in_pieces_is_found_once() -> None:
    pieces = spans("SitDown 0 3, Walk 3 3.5, SitDown 3.5 4, StandUp 4 10")
    assert segments.matches(TRUTH, pieces, 0.1) == (2, 2, 0)
    # Two of the four labels are too many.
    assert segments.edit(TRUTH, pieces) == pytest.approx(1 - 2 / 4)
    found = segments.measure([TRUTH], [pieces])
    assert found.f1_50 == pytest.approx(2 * 2 / (2 * 2 + 2))
    assert found.frame_accuracy == pytest.approx(0.95)


def test_nothing_found() -> None:
    wrong = spans("Walk 0 10")
    assert segments.matches(TRUTH, wrong, 0.1) == (0, 1, 2)
    assert segments.measure([TRUTH], [wrong]) == SegmentScores(1, 0, 0, 0, 0, 0)


def test_actions_in_the_wrong_order() -> None:
    swapped = spans("StandUp 0 4, SitDown 4 10")
    assert segments.measure([TRUTH], [swapped]) == SegmentScores(1, 0, 0, 0, 0, 0)
    assert segments.edit(TRUTH, spans("StandUp 0 5, SitDown 5 6, StandUp 6 10")) == pytest.approx(
        1 - 1 / 3
    )


def test_several_videos() -> None:
    found = segments.measure([TRUTH, spans("Walk 0 2")], [TRUTH, spans("Yoga 0 2")])
    assert found.videos == 2
    # Over all segments: two right, one false, one missed.
    assert found.f1_10 == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))
    assert found.edit == 0.5
    assert found.frame_accuracy == pytest.approx(10 / 12)


SITTING = spans("SitStill 0 2, StandUp 2 3, Walk 3 6, SitStill 6 8, Walk 8 10")


def test_background_is_no_segment_but_its_time_counts() -> None:
    found = spans("NoFight 0 2, StandUp 2 3, Walk 3 6, Unknown 6 7, Yoga 7 8, Walk 8 10")
    assert segments.matches(SITTING, found, 0.5) == (3, 1, 0)
    assert segments.edit(SITTING, found) == pytest.approx(1 - 1 / 4)
    scores = segments.measure([SITTING], [found])
    assert scores.f1_50 == pytest.approx(2 * 3 / (2 * 3 + 1))
    assert scores.frame_accuracy == pytest.approx(9 / 10)


def test_an_action_that_is_done_again_after_background_is_another_one() -> None:
    once = spans("SitStill 0 2, StandUp 2 3, Walk 3 10")
    assert segments.edit(SITTING, once) == pytest.approx(1 - 1 / 3)


def test_nothing_is_done_and_nothing_is_said() -> None:
    quiet, said = spans("SitStill 0 2"), spans("StandStill 0 2")
    assert segments.measure([quiet], [said]) == SegmentScores(1, 1, 1, 1, 1, 1)
    assert segments.measure([quiet], [spans("Walk 0 2")]) == SegmentScores(1, 0, 0, 0, 0, 0)
