"""False alarms, against values worked out by hand."""

from __future__ import annotations

import pytest

from har.training import alarms
from har.training.alarms import Alarms
from tests.training.predicted import predictions, row

FIGHT, CALM = row("f", "Fight"), row("c", "NoFight")
TOLD = predictions(
    [
        (FIGHT, {"Fight": 0.9}),
        (FIGHT, {"Fight": 0.4}),
        (FIGHT, {"Walk": 0.9}),
        (FIGHT, {"NoFight": 0.9}),
        (CALM, {"NoFight": 0.9}),
        (CALM, {"Fight": 0.9}),
        (CALM, {"Walk": 0.9}),
        (CALM, {"Fight": 0.4}),
        (row("s", "StandStill"), {"Walk": 0.9}),
        (row("w", "Walk"), {"Fight": 0.9}),
    ]
)


def test_an_action_that_is_named_where_nothing_is_done_is_a_false_alarm() -> None:
    found = alarms.background(TOLD)
    assert found is not None
    assert found.videos == 5
    assert found.false_alarms == pytest.approx(3 / 5)
    assert found.named == {"Walk": 2, "Fight": 1}


def test_fights_are_found_or_not_and_a_walk_is_no_calm_scene() -> None:
    found = alarms.alarms(TOLD)
    assert found == Alarms(
        videos=4,
        calm_videos=4,
        found=0.5,
        false_alarms=0.5,
        found_surely=0.25,
        sure_false_alarms=0.25,
    )


def test_where_there_are_none() -> None:
    walks = predictions([(row("w", "Walk"), {"Walk": 0.9}), (FIGHT, {"Fight": 0.9})])
    assert alarms.background(walks) is None
    assert alarms.alarms(walks) is None
