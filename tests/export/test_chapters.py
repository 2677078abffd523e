"""The timeline as chapters, by the rules that YouTube has for them."""

from __future__ import annotations

import pytest

from har.export.chapters import write
from har.export.view import View
from tests.export.results import Member, action, clip, result


def timeline(*stretches: tuple[str, float], start: float = 0.0) -> list[Member]:
    """Actions that follow each other, by label and seconds."""
    actions = []
    for label, seconds in stretches:
        actions.append(action(start, start + seconds, label))
        start += seconds
    return actions


def chapters(*stretches: tuple[str, float]) -> list[str]:
    return write(result(*timeline(*stretches)), View()).splitlines()


def test_chapters() -> None:
    video = result(
        *timeline(("PushUps", 65.9), ("Unknown", 20), ("R&B <live>", 3700), ("Yoga", 10), start=8.3)
    )
    assert write(video, View()) == (
        "0:00 Push-ups\n1:05 Other\n1:25 R&B \u2039live\u203a\n1:03:05 Yoga\n"
    )


def test_they_count_from_the_first_picture_exactly() -> None:
    # 18.333 - 8.333 is 9.999999999999998.
    video = result(*timeline(("Walk", 10.0), ("Yoga", 10.0), start=8.333))
    assert write(video, View()) == "0:00 Walking\n0:10 Yoga\n"


@pytest.mark.parametrize(
    ("stretches", "lines"),
    [
        # The short one belongs to the one before it,
        ([("Walk", 20), ("Jump", 9.999), ("Yoga", 20)], ["0:00 Walking", "0:29 Yoga"]),
        ([("Walk", 20), ("Jump", 5), ("Walk", 20)], ["0:00 Walking"]),
        ([("Walk", 20), ("Yoga", 20), ("Jump", 5)], ["0:00 Walking", "0:20 Yoga"]),
        # or else to the one after it;
        ([("Jump", 5), ("Walk", 20), ("Yoga", 20)], ["0:00 Walking", "0:25 Yoga"]),
        ([("Jump", 3), ("Hop", 6), ("Walk", 20)], ["0:00 Walking"]),
        # several are one of their own, named after what most of it is,
        (
            [("Walk", 20), ("Jump", 4), ("Hop", 5), ("Jump", 3), ("Yoga", 20)],
            ["0:00 Walking", "0:20 Jump", "0:32 Yoga"],
        ),
        (
            [("Walk", 20), ("Jump", 4), ("Hop", 6), ("Yoga", 20)],
            ["0:00 Walking", "0:20 Hop", "0:30 Yoga"],
        ),
        ([("Jump", 4), ("Hop", 5), ("Skip", 6)], ["0:00 Skip"]),
        ([("Walk", 20), ("Jump", 4), ("Walk", 9)], ["0:00 Walking"]),
        # and a video that is shorter still has one.
        ([("Walk", 2), ("Yoga", 3)], ["0:00 Yoga"]),
        ([("Walk", 0.4)], ["0:00 Walking"]),
    ],
)
def test_none_is_shorter_than_ten_seconds(
    stretches: list[tuple[str, float]], lines: list[str]
) -> None:
    assert chapters(*stretches) == lines


def test_what_is_filtered_out_is_other() -> None:
    video = result(*timeline(("Walk", 20), ("Jump", 12), ("Yoga", 20), ("Jump", 8)), duration=90)
    wanted = View(labels=frozenset(["Walk", "Yoga"]))
    assert write(video, wanted).splitlines() == [
        "0:00 Walking",
        "0:20 Other",
        "0:32 Yoga",
        "0:52 Other",
    ]


def test_unknown_is_told_where_it_is_asked_for() -> None:
    video = result(*timeline(("Walk", 20), ("Unknown", 20)))
    wanted = View(labels=frozenset(["Walk", "Unknown"]))
    assert write(video, wanted).splitlines() == ["0:00 Walking", "0:20 Unknown"]


def test_they_are_of_the_timeline_even_where_clips_are_wanted() -> None:
    video = result(*timeline(("Walk", 20)), clips=(clip(0, "Yoga"),))
    assert write(video, View("segments")) == "0:00 Walking\n"


@pytest.mark.parametrize("label", ["Unknown", "Walk"])
def test_nothing_is_empty(label: str) -> None:
    video = result(*timeline((label, 20)))
    assert write(video, View(minimum=1.0)) == ""
