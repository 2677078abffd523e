"""What is said of videos that come with all names that are right."""

from __future__ import annotations

from dataclasses import replace

import pytest

from har.training import naming, naming_report
from har.training.metrics import Share
from har.training.scoring import Unusable
from har.types import UNKNOWN
from tests.training.predicted import predictions, row

TOLD = predictions(
    [
        (row("a.mp4", "Stretching", "Yoga", source="ucf101"), {"Yoga": 0.9}),
        (row("b.mp4", "BellyDancing", "HipSway"), {"Walk": 0.8}),
        (row("c.mp4", "Punch", "BoxingPunchingBag"), {"Fight": 0.7, "Walk": 0.2}),
        (row("d.mp4", "Yoga", "Yoga", source="ucf101"), {"Walk": 0.4, "Yoga": 0.3}),
        (row("e.mp4", "Walk", "Marching"), {"NoFight": 0.9}),
        # It has no accept and is measured elsewhere.
        (row("f.mp4", "Walk"), {"Walk": 0.9}),
    ]
)
BROKEN = Unusable(row("g.gif", "Swing", "Swing"), "It has no motion.")
FOUND = naming.judge(replace(TOLD, unusable=(BROKEN,)))


def test_each_video_has_one_outcome() -> None:
    assert FOUND is not None
    assert {one.file: one.outcome for one in FOUND.said} == {
        "a.mp4": "right",
        "b.mp4": "wrong",
        # Boxing is near to fighting, but is not accepted.
        "c.mp4": "near",
        "d.mp4": "unknown",
        "e.mp4": "background",
        "g.gif": "unusable",
    }
    assert [one.file for one in FOUND.said][:3] == ["g.gif", "b.mp4", "c.mp4"]
    assert FOUND.videos == 6
    shares = (FOUND.named_right, FOUND.named_wrong, FOUND.unknown, FOUND.background, FOUND.unusable)
    assert shares == pytest.approx((1 / 6, 2 / 6, 1 / 6, 1 / 6, 1 / 6))


def test_a_video_that_cannot_be_opened_counts_as_wrong() -> None:
    assert FOUND is not None
    assert FOUND.top1 == pytest.approx(1 / 6)
    # Of d.mp4 the second label is right; of the others those without a score follow on.
    alone = naming.judge(TOLD)
    assert alone is not None
    assert FOUND.top5 == pytest.approx(alone.top5 * 5 / 6)
    assert FOUND.per_source == {"here": Share(4, 0.0), "ucf101": Share(2, 0.5)}


def test_what_holds_for_most_of_the_time_stands_whatever_the_mean_says() -> None:
    said = replace(TOLD, said=("Walk", *TOLD.said[1:]))
    found = naming.judge(said)
    assert found is not None
    assert found.top1 == pytest.approx(1 / 5)
    assert found.named_right == 0


@pytest.mark.parametrize(
    ("label", "said", "outcome"),
    [
        ("NoFight", UNKNOWN, "right"),
        ("NoFight", "StandStill", "right"),
        ("NoFight", "Fight", "wrong"),
        ("Walk", UNKNOWN, "unknown"),
        ("Walk", "SitStill", "background"),
    ],
)
def test_background(label: str, said: str, outcome: str) -> None:
    assert naming.outcome(row("a.mp4", label, label), said) == outcome


def test_without_names_that_are_right_there_is_nothing_to_tell() -> None:
    assert naming.judge(predictions([(row("f.mp4", "Walk"), {"Walk": 0.9})])) is None


def test_people_read_the_numbers_and_what_was_said() -> None:
    assert FOUND is not None
    printed = "\n".join(naming_report.lines(FOUND, 1))
    assert "6 videos that come with all names" in printed
    assert "wrongly named for most of the time               33.3%" in printed
    assert "wrong, but near      c.mp4 (Punch): Fight" in printed
    assert "a.mp4" not in printed
    text = naming_report.section(FOUND, 1)
    assert "| `a.mp4` | Stretching | right | Yoga | Yoga 0.90," in text
    assert "| could not be opened | It has no motion. |  |" in text
