"""What counts as right, of actions, of background and of what the model does not know."""

from __future__ import annotations

import pytest

from tests.training.predicted import predictions, row

WALK = row("walk", "Walk", "Yoga")
QUIET = row("quiet", "NoFight")
SITTING = row("sitting", "SitStill")
PLANK = row("plank", "Plank")
ACCEPTED = row("accepted", "Stretching", "Yoga", "StretchingArm")


@pytest.mark.parametrize(
    ("shown", "scores", "named_right", "right"),
    [
        (WALK, {"Walk": 0.9}, True, True),
        (WALK, {"Yoga": 0.9}, True, True),
        (WALK, {"Fight": 0.9}, False, False),
        (WALK, {"Walk": 0.1}, True, True),
        (WALK, {"NoFight": 0.9}, False, False),
        (QUIET, {"NoFight": 0.9}, True, True),
        (QUIET, {"StandStill": 0.9}, True, True),
        (QUIET, {"Fight": 0.9}, False, False),
        # To be unsure is right where nothing is done, though the name would have been wrong.
        (QUIET, {"Fight": 0.4}, False, True),
        (WALK, {"Fight": 0.4}, False, False),
        # The model has no such label, but others that mean that nothing is done.
        (SITTING, {"NoFight": 0.9}, True, True),
        (SITTING, {"Walk": 0.4}, False, True),
        (PLANK, {"Walk": 0.4}, False, False),
        (ACCEPTED, {"Yoga": 0.9}, True, True),
        (ACCEPTED, {"Walk": 0.9}, False, False),
    ],
)
def test_what_is_right(
    shown: object, scores: dict[str, float], named_right: bool, right: bool
) -> None:
    found = predictions([(shown, scores)])  # type: ignore[list-item]
    assert found.is_named_right.tolist() == [named_right]
    assert found.is_right.tolist() == [right]


def test_what_is_known_and_what_is_named() -> None:
    rows = [WALK, QUIET, SITTING, PLANK, ACCEPTED]
    found = predictions([(shown, {"Walk": 0.6, "NoFight": 0.5}) for shown in rows])
    assert found.is_known.tolist() == [True, True, True, False, True]
    assert found.is_background.tolist() == [False, True, True, False, False]
    assert found.is_action.all()
    assert not predictions([(WALK, {"StandStill": 0.6})]).is_action.any()


def test_top_five_accepts_every_name_that_is_right() -> None:
    found = predictions([(ACCEPTED, {"Walk": 0.6, "Yoga": 0.1}), (PLANK, {"Walk": 0.6})])
    assert found.is_in_top5.tolist() == [True, False]
