"""Where two timelines say the same."""

from __future__ import annotations

import pytest

from har.models.labels import UCF101
from har.recognition.agreement import Agreed, is_same, share, stretches
from har.types import Action


def timeline(*parts: tuple[float, str]) -> list[Action]:
    """Actions one after the other from 0 on, each with the second in which it ends."""
    starts = [0.0, *(end for end, _ in parts)]
    return [
        Action(start, end, label, 0.9, "bilstm")
        for start, (end, label) in zip(starts, parts, strict=False)
    ]


@pytest.mark.parametrize(
    ("label", "other"),
    [
        ("PushUps", "push up"),
        ("PullUps", "pull ups"),
        ("JumpingJack", "jumping jacks"),
        ("Lunges", "lunge"),
        ("BenchPress", "bench pressing"),
        ("HulaHoop", "hula hooping"),
        ("ThrowDiscus", "throwing discus"),
        ("SitDown", "sitting down"),
        ("Biking", "riding a bike"),
        ("BodyWeightSquats", "squat"),
        ("DogWagging", "dog wagging"),
        ("Yoga", "yoga"),
        ("playing_cello", "PlayingCello"),
        ("跑步", "跑步"),
    ],
)
def test_one_action_may_be_spelt_in_two_ways(label: str, other: str) -> None:
    assert is_same(label, other)
    assert is_same(other, label)


@pytest.mark.parametrize(
    ("label", "other"),
    [
        ("SitDown", "StandUp"),
        ("Swing", "golf swing"),
        ("🤸", "🤾"),
        ("Unknown", "Unknown"),
        ("Unknown", "unknown"),
    ],
)
def test_others_are_not_the_same(label: str, other: str) -> None:
    assert not is_same(label, other)


def test_no_two_actions_of_a_vocabulary_are_taken_for_one() -> None:
    from torchvision.models import get_model_weights

    for labels in (UCF101, get_model_weights("r3d_18").DEFAULT.meta["categories"]):
        alike = {(a, b) for a in labels for b in labels if a < b and is_same(a, b)}
        assert alike == set()


def test_stretches_are_where_both_say_it() -> None:
    first = timeline((3.0, "PushUps"), (5.0, "Walk"), (9.0, "SitDown"))
    second = timeline((2.0, "push up"), (6.5, "yoga"), (8.0, "sitting down"), (9.0, "Unknown"))
    assert stretches(first, second) == [Agreed(0.0, 2.0, "PushUps"), Agreed(6.5, 8.0, "SitDown")]
    assert [a.label for a in stretches(second, first)] == ["push up", "sitting down"]


def test_what_goes_on_is_one_stretch_whatever_the_other_calls_it() -> None:
    first = timeline((6.0, "PushUps"))
    second = timeline((2.0, "push up"), (4.0, "push ups"), (5.0, "Unknown"), (6.0, "push up"))
    assert stretches(first, second) == [Agreed(0.0, 4.0, "PushUps"), Agreed(5.0, 6.0, "PushUps")]


def test_unknown_agrees_with_nothing() -> None:
    unsure = timeline((4.0, "Unknown"))
    assert stretches(unsure, unsure) == []


def test_nothing_agrees_with_nothing() -> None:
    assert stretches([], timeline((4.0, "Walk"))) == []
    # A timeline that ends before the other, and an action that lasts no time.
    assert stretches(timeline((2.0, "Walk")), timeline((9.0, "Walk"))) == [Agreed(0, 2, "Walk")]
    assert stretches(timeline((0.0, "Walk")), timeline((9.0, "Walk"))) == []


def test_share_is_of_the_whole_video() -> None:
    agreed = [Agreed(0.0, 2.0, "Walk"), Agreed(3.0, 4.0, "Walk")]
    assert share(agreed, 6.0) == 0.5
    assert share([], 6.0) == 0.0
    assert share(agreed, 0.0) == 0.0
    assert share([Agreed(0.0, 3.0004, "Walk")], 3.0) == 1.0
