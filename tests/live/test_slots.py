"""Pictures that come when they come, at a constant rate."""

from __future__ import annotations

import numpy as np
import pytest

from har.live.slots import Slots

LONGEST = 16


def filled(moments: list[float], fps: float = 8.0) -> list[tuple[float, int] | None]:
    """Moments of the slots, each with the number of the picture in it."""
    slots = Slots(fps, LONGEST)
    return [
        None if slot is None else (slot[0], int(slot[1][0, 0, 0]))
        for number, moment in enumerate(moments)
        for slot in slots.fill(moment, np.full((2, 2, 3), number, np.uint8))
    ]


def test_pictures_that_come_in_time_have_a_slot_each() -> None:
    late = [0.0, 0.13, 0.24, 0.38, 0.49]
    assert filled(late) == [(k / 8, k) for k in range(5)]


def test_the_first_picture_begins() -> None:
    assert filled([3.21, 3.34]) == [(3.21, 0), (3.21 + 1 / 8, 1)]


def test_the_last_picture_is_shown_again_where_none_came() -> None:
    assert filled([0.0, 0.5]) == [(0.0, 0), (0.125, 0), (0.25, 0), (0.375, 0), (0.5, 1)]


def test_of_more_than_are_wanted_some_are_left_out() -> None:
    shown = filled([k / 24 for k in range(25)])
    assert [moment for moment, _ in filter(None, shown)] == [k / 8 for k in range(9)]


@pytest.mark.parametrize(("gap", "cut"), [(15 / 8, False), (3.0, True), (3600.0, True)])
def test_after_a_long_time_it_begins_anew(gap: float, cut: bool) -> None:
    shown = filled([0.0, gap])
    assert (None in shown) is cut
    assert shown[-1] == (gap, 1)
    assert len(shown) <= LONGEST + 1
