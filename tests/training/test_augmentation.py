"""Augmentation: what it does to pixels, and what it makes of labels."""

from __future__ import annotations

import numpy as np
import pytest

from har.errors import BadOption
from har.models.labels import UCF101, VOCABULARY
from har.training import augmentation
from har.training.augmentation import (
    OPPOSITES,
    TIMELESS,
    Frames,
    Plan,
    Step,
    mirrored_label,
    parse,
    reversed_label,
)

HMDB51 = frozenset(VOCABULARY.datasets["hmdb51"])


@pytest.fixture
def clip() -> Frames:
    """Six frames of noise, 20 x 30 pixels."""
    return np.random.default_rng(3).integers(0, 256, (6, 20, 30, 3), dtype=np.uint8)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_reversal_runs_backwards_and_exchanges_opposites(clip: Frames) -> None:
    plan = parse("reverse:1@after")
    frames, label = plan.after(clip, "SitDown", rng())
    assert label == "StandUp"
    assert np.array_equal(frames, clip[::-1])
    again, label = plan.after(frames, label, rng())
    assert label == "SitDown"
    assert np.array_equal(again, clip)


def test_what_would_show_nothing_certain_stays_as_it_is(clip: Frames) -> None:
    frames, label = parse("reverse:1@before").before(clip, "Walk", rng())
    assert label == "Walk"
    assert np.array_equal(frames, clip)


@pytest.mark.parametrize(
    ("label", "backwards"),
    [
        ("StandUp", "SitDown"),
        ("SitDown", "StandUp"),
        ("TurnAround", "TurnAround"),
        ("PushUps", "PushUps"),
        ("JugglingBalls", "JugglingBalls"),
        ("Walk", None),
        ("Fight", None),
        ("NoFight", None),
        ("CliffDiving", None),
        ("FallFloor", None),
        ("Throw", None),
        ("SomethingNew", None),
    ],
)
def test_labels_in_reverse(label: str, backwards: str | None) -> None:
    assert reversed_label(label) == backwards


def test_the_tables_agree_with_themselves_and_with_the_names_of_the_data_sets() -> None:
    assert all(OPPOSITES[OPPOSITES[label]] == label for label in OPPOSITES)
    assert not TIMELESS & set(OPPOSITES)
    ours = {"HipSway", "Plank", "RussianTwist", "StandStill", "Yoga"}
    assert len(HMDB51) == 51
    assert TIMELESS - set(UCF101) - HMDB51 - ours == set()
    assert len(TIMELESS & set(UCF101)) == 39
    assert len(TIMELESS & HMDB51) == 11


def test_a_recipe_adds_pairs_that_hold_both_ways(clip: Frames) -> None:
    doors = {"OpenDoor": "CloseDoor", "Walk": "Walk"}
    assert reversed_label("OpenDoor", doors) == "CloseDoor"
    assert reversed_label("CloseDoor", doors) == "OpenDoor"
    assert reversed_label("Walk", doors) == "Walk"
    assert reversed_label("SitDown", doors) == "StandUp"
    plan = parse("reverse:1@after, mirror:1@after", doors, {"Serve": "Return"})
    assert plan.after(clip, "CloseDoor", rng())[1] == "OpenDoor"
    frames, label = plan.after(clip, "Return", rng())
    assert label == "Serve"
    assert np.array_equal(frames, clip[:, :, ::-1])


@pytest.mark.parametrize(
    ("label", "mirrored"),
    [
        ("TurnLeft", "TurnRight"),
        ("KickRightLeg", "KickLeftLeg"),
        ("turn_left", "turn_right"),
        ("wave right hand", "wave left hand"),
        ("PassLeftToRight", "PassRightToLeft"),
        ("SitUpright", "SitUpright"),
        ("Lefties", "Lefties"),
        ("Walk", "Walk"),
    ],
)
def test_labels_in_a_mirror(label: str, mirrored: str) -> None:
    assert mirrored_label(label) == mirrored
    assert mirrored_label(mirrored) == label


def test_no_label_of_ucf101_has_a_side() -> None:
    assert [label for label in UCF101 if mirrored_label(label) != label] == []


def test_interpolation_is_slow_motion() -> None:
    levels = np.array([0, 100, 51, 255], np.uint8)
    video = np.broadcast_to(levels[:, None, None, None], (4, 2, 2, 3))
    slow, _ = parse("interpolate:1@before").before(video, "Walk", rng())
    assert slow[:, 0, 0, 0].tolist() == [0, 50, 100, 76, 51, 153, 255]
    assert slow.dtype == np.uint8
    starts = set()
    for seed in range(50):
        part, _ = parse("interpolate:1@after").after(video, "Walk", rng(seed))
        assert part.shape == video.shape
        starts.add(tuple(part[:, 0, 0, 0].tolist()))
    # Any four consecutive frames of the seven.
    assert starts == {tuple(slow[i : i + 4, 0, 0, 0].tolist()) for i in range(4)}


def test_brightness_is_one_factor_for_all_frames(clip: Frames) -> None:
    factors = []
    for seed in range(20):
        frames, _ = parse("brightness:1@after").after(clip, "Walk", rng(seed))
        dark = (clip > 50) & (clip < 150)
        ratio = frames[dark] / clip[dark]
        factors.append(ratio.mean())
        assert ratio == pytest.approx(np.full(ratio.shape, factors[-1]), abs=0.02)
        assert frames.dtype == np.uint8
        assert (frames[clip == 255] == min(255, round(255 * factors[-1]))).mean() > 0.9
    assert min(factors) < 0.8
    assert max(factors) > 1.2


def test_a_crop_is_the_same_part_of_all_frames_at_the_same_size() -> None:
    y, x = np.mgrid[0:100, 0:200]
    gradient = np.stack([y, x, y], axis=-1).astype(np.uint8)
    video = np.stack([gradient] * 3)
    lefts = set()
    for seed in range(20):
        frames, label = parse("crop:1@before").before(video, "Walk", rng(seed))
        assert label == "Walk"
        assert frames.shape == video.shape
        assert (frames == frames[0]).all()
        height = int(frames[0, -1, 0, 0]) - int(frames[0, 0, 0, 0]) + 1
        width = int(frames[0, 0, -1, 1]) - int(frames[0, 0, 0, 1]) + 1
        assert 0.7 <= width / 200 <= 1
        assert width / 200 == pytest.approx(height / 100, abs=0.02)
        lefts.add(int(frames[0, 0, 0, 1]))
    assert len(lefts) > 5


def moving(top: int, left: int, side: int = 8) -> Frames:
    """A bright square that moves to and fro in a still picture of 80 x 160."""
    video = np.full((24, 80, 160, 3), 90, np.uint8)
    for i, frame in enumerate(video):
        x = left + abs(i % 12 - 6)
        frame[top : top + side, x : x + side] = 220
    return video


@pytest.mark.parametrize(
    ("top", "left", "side"),
    [(36, 70, 8), (10, 20, 8), (60, 130, 8), (0, 0, 8), (72, 146, 8), (20, 60, 36)],
)
def test_focus_enlarges_what_moves(top: int, left: int, side: int) -> None:
    video = moving(top, left, side)
    grown = []
    for seed in range(20):
        frames, label = parse("focus:1@before").before(video, "Walk", rng(seed))
        assert label == "Walk"
        assert frames.shape == video.shape
        assert frames.dtype == np.uint8
        shown = (frames[..., 0] > 155).sum(axis=(1, 2)) / side**2
        # All of it is there in all frames.
        assert shown == pytest.approx(np.full(24, shown.mean()), rel=0.15)
        grown.append(shown.mean())
    assert min(grown) > 2
    if side == 36:
        assert min(grown) < 0.85 * max(grown)


def test_focus_sees_the_same_part_in_all_frames() -> None:
    video = moving(10, 20)
    y, x = np.mgrid[0:80, 0:160]
    video[:, :, 100:] = np.stack([y, x, y], axis=-1).astype(np.uint8)[:, 100:]
    frames, _ = parse("focus:1@before").before(video, "Walk", rng())
    still = (frames == frames[0]).all(axis=(0, 3))
    assert still.mean() > 0.8


def test_focus_on_a_still_picture_keeps_its_middle() -> None:
    y, x = np.mgrid[0:100, 0:200]
    still = np.stack([np.stack([y, x, y], axis=-1).astype(np.uint8)] * 3)
    for video in (still, still[:1]):
        for seed in range(10):
            frames, _ = parse("focus:1@before").before(video, "Walk", rng(seed))
            assert frames.shape == video.shape
            assert (frames == frames[0]).all()
            assert frames[0, :, :, 0].mean() == pytest.approx(49.5, abs=1)
            assert frames[0, :, :, 1].mean() == pytest.approx(99.5, abs=1)
            assert int(frames[0, -1, 0, 0]) - int(frames[0, 0, 0, 0]) >= 80


def test_what_is_mirrored_or_reversed_can_be_enlarged(clip: Frames) -> None:
    """Their arrays run backwards in memory."""
    for name in ("crop", "focus"):
        plan = parse(f"mirror:1@before, reverse:1@before, {name}:1@before")
        frames, _ = plan.before(clip, "PushUps", rng())
        turned = np.ascontiguousarray(clip[::-1, :, ::-1])
        expected, _ = parse(f"{name}:1@before").before(turned, "PushUps", skipped(2))
        assert np.array_equal(frames, expected)


def skipped(draws: int) -> np.random.Generator:
    """The generator after some draws of rng()."""
    generator = rng()
    generator.random(draws)
    return generator


def test_each_step_is_taken_in_its_turn_and_as_often_as_said(clip: Frames) -> None:
    plan = parse("reverse:0.25@before,mirror:1@after")
    reversed_ones = 0
    for seed in range(400):
        before, label = plan.before(clip, "SitDown", rng(seed))
        reversed_ones += label == "StandUp"
        assert np.array_equal(before, clip[::-1] if label == "StandUp" else clip)
    assert reversed_ones == pytest.approx(100, abs=30)
    after, label = plan.after(clip, "SitDown", rng())
    assert label == "SitDown"
    assert np.array_equal(after, clip[:, :, ::-1])


def test_parsing() -> None:
    assert parse("") == parse("  ") == Plan()
    assert parse("reverse:.5@before, crop:1@after") == Plan(
        (Step("reverse", 0.5, "before"), Step("crop", 1.0, "after"))
    )
    names = {"reverse", "interpolate", "brightness", "mirror", "crop", "focus"}
    assert set(augmentation.NAMES) == names


@pytest.mark.parametrize(
    "text",
    [
        "reverse",
        "reverse:0.5",
        "reverse@before",
        "reverse:1.5@before",
        "reverse:-1@before",
        "reverse:nan@before",
        "reverse:0.5@during",
        "spin:0.5@after",
        "mirror:0.5@after,",
    ],
)
def test_what_cannot_be_understood_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadOption, match=r"cannot be understood.*mirror:0\.5@after.*interpolate"):
        parse(text)
