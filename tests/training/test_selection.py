"""What is named, and how much of it is right."""

from __future__ import annotations

import pytest

from har.training import selection
from har.training.calibration import PRECISION
from har.training.metrics import Risk
from tests.training.predicted import predictions, row

WALK = row("w", "Walk")


def test_unknown_actions_and_false_alarms_are_errors_and_background_is_no_name() -> None:
    found = selection.judge(
        predictions(
            [
                (WALK, {"Walk": 0.9}),
                (row("p", "Plank"), {"Walk": 0.8}),
                (WALK, {"Walk": 0.7}),
                (row("n", "NoFight"), {"Fight": 0.6}),
                (WALK, {"Yoga": 0.3}),
                (WALK, {"NoFight": 0.95}),
                (row("n", "NoFight"), {"NoFight": 0.95}),
            ]
        )
    )
    assert found is not None
    assert found.videos == 5
    assert found.curve == [
        Risk(1 / 5, 0.0),
        Risk(2 / 5, 1 / 2),
        Risk(3 / 5, 1 / 3),
        Risk(4 / 5, 2 / 4),
        Risk(1.0, 3 / 5),
    ]
    assert found.aurc == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2 + 3 / 5) / 5)
    assert found.aurc_known == pytest.approx((0 + 0 + 1 / 3 + 2 / 4) / 4)
    assert (found.named, found.precision) == (4, 0.5)
    assert found.stated == PRECISION


def test_where_all_are_unsure_there_is_no_precision() -> None:
    found = selection.judge(predictions([(WALK, {"Walk": 0.4})]))
    assert found is not None
    assert (found.named, found.precision) == (0, None)


def test_where_nothing_can_be_named() -> None:
    assert selection.judge(predictions([(WALK, {"NoFight": 0.9})])) is None


def test_unknown_actions_alone() -> None:
    found = selection.judge(predictions([(row("p", "Plank"), {"Walk": 0.8})]))
    assert found is not None
    assert (found.aurc, found.aurc_known) == (1.0, None)


def test_the_curve_of_many_videos_is_thinned_but_not_its_area() -> None:
    many = [(WALK, {"Walk" if i % 3 else "Yoga": 0.5 + i / 1000}) for i in range(400)]
    found = selection.judge(predictions(many))
    assert found is not None
    assert len(found.curve) == 101
    assert (found.curve[0].coverage, found.curve[-1].coverage) == (1 / 400, 1.0)
    assert found.curve[-1].risk == pytest.approx(134 / 400)
