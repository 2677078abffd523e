"""Material: cached vectors where they will do, else pixels; and fine-tuning from end to end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from config import Settings
from har.models import backbone, checkpoint
from har.models.backbone import Backbone
from har.training import augmentation, build, runs
from har.training.batches import CachedClips, PixelClips
from har.training.manifest import Row
from har.training.material import Material, needs_pixels, prepare
from har.training.recipe import Places, Recipe
from har.training.runs import Run
from tests.training.test_build import CutOff, ShortLived

FRAMES = "tf_efficientnet_lite0"
RECIPE = Recipe(
    backbone=FRAMES,
    size=32,
    frames=4,
    stride=2,
    sizes={"width": 8, "hidden": 8},
    epochs=2,
    batch=2,
    augment="",
)
ROWS = [
    Row("stripes0.mp4", "SitDown", "s", "a", 0),
    Row("noise0.mp4", "Walk", "s", "b", 0),
    Row("stripes1.mp4", "SitDown", "s", "c", 1),
    Row("noise1.mp4", "StandUp", "s", "d", 1),
    Row("other.mp4", "Plank", "s", "e", None),
]


@pytest.fixture(scope="session")
def videos(make_video: Callable[..., Path]) -> Path:
    """A folder with the videos of ROWS, a second each."""
    for i, row in enumerate(ROWS):
        source = f"testsrc2=d=1:s=64x48:r=8,hue=h={60 * i}"
        path = make_video(row.file, "-f", "lavfi", "-i", source, "-c:v", "libx264")
    return path.parent


@pytest.fixture(scope="module")
def frame_backbone() -> Backbone:
    return backbone.load(FRAMES)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, False),
        ({"augment": "mirror:0.5@before, reverse:0.5@before"}, False),
        ({"sampling": "equidistant"}, False),
        ({"augment": "mirror:0.5@after"}, True),
        ({"augment": "brightness:0.5@before, focus:1@before, crop:1@before"}, False),
        ({"augment": "interpolate:0.5@before"}, True),
        ({"augment": "focus:0.5@after"}, True),
        ({"finetune": True}, True),
    ],
)
def test_pixels_are_for_what_vectors_do_not_hold(changes: dict[str, Any], expected: bool) -> None:
    recipe = replace(RECIPE, **changes)
    assert needs_pixels(recipe, augmentation.parse(recipe.augment), False) is expected


def test_a_backbone_that_sees_motion_has_seen_consecutive_frames() -> None:
    plan = augmentation.Plan()
    assert not needs_pixels(RECIPE, plan, sees_clips=True)
    assert needs_pixels(replace(RECIPE, sampling="random"), plan, sees_clips=True)


def first_batch(material: Material) -> tuple[Tensor, Tensor]:
    clips = material.clips(torch.arange(len(ROWS)).numpy())
    inputs, targets = zip(*clips.batches(None), strict=True)
    return torch.cat(inputs), torch.cat(targets)


def test_vectors_and_pixels_are_of_the_same_clips(videos: Path, settings: Settings) -> None:
    """Without changes a frozen backbone makes the same of pixels as what is cached."""
    cached = prepare(RECIPE, ROWS, videos, settings)
    # A change that is never made: the pixels are decoded nevertheless.
    decoded = prepare(replace(RECIPE, augment="crop:0@after"), ROWS, videos, settings)
    indices = torch.arange(len(ROWS)).numpy()
    assert isinstance(cached.clips(indices), CachedClips)
    assert isinstance(decoded.clips(indices), PixelClips)
    for material in (cached, decoded):
        assert material.labels == ("SitDown", "StandUp", "Walk")
        assert material.features == 1280
        assert material.targets.argmax(dim=1).tolist()[:4] == [0, 2, 0, 1]
        assert not material.targets[4].any()
        assert material.folds[:4].tolist() == [0, 0, 1, 1]
    expected, targets = first_batch(cached)
    found, same_targets = first_batch(decoded)
    assert expected.shape == (5, 4, 1280)
    assert torch.equal(targets, same_targets)
    assert found.numpy() == pytest.approx(expected.numpy(), rel=0.05, abs=0.05)


def test_there_are_as_many_views_as_the_recipe_says_where_there_are_changes(
    videos: Path, settings: Settings
) -> None:
    indices = torch.arange(len(ROWS)).numpy()
    for augment, asked, views in [("", 3, 1), ("mirror:1@before", 3, 3), ("crop:1@before", 1, 1)]:
        recipe = replace(RECIPE, augment=augment, views=asked)
        clips = prepare(recipe, ROWS, videos, settings).clips(indices)
        assert isinstance(clips, CachedClips)
        assert {len(video) for video in clips.videos} == {views}


def test_pairs_of_the_recipe_are_kept_to(videos: Path, settings: Settings) -> None:
    recipe = replace(RECIPE, augment="reverse:1@before", reversals={"Walk": "SitDown"})
    material = prepare(recipe, ROWS, videos, settings)
    clips = material.clips(torch.tensor([1, 3]).numpy())
    assert isinstance(clips, CachedClips)
    sit_down, stand_up, walk = torch.eye(3).tolist()
    assert clips.targets.tolist() == [
        [walk, sit_down, sit_down],
        [stand_up, sit_down, sit_down],
    ]


FINE_TUNED = replace(
    RECIPE, finetune=True, augment="reverse:0.5@before, brightness:0.5@after", backbone_rate=1e-3
)


def fine_tuned(run: Run, videos: Path, settings: Settings) -> None:
    """Train until the run is cut off."""
    with pytest.raises(CutOff):
        build.build(run, prepare(FINE_TUNED, ROWS, videos, settings), FINE_TUNED)


@pytest.mark.slow
def test_fine_tuning_changes_the_backbone_and_is_taken_up_exactly(
    videos: Path, settings: Settings, tmp_path: Path, frame_backbone: Backbone
) -> None:
    """The first fold is trained at one go, and with a cut between its two epochs."""
    whole, cut = (runs.create(tmp_path / name, FINE_TUNED, Places(), []) for name in ("a", "b"))
    fine_tuned(ShortLived(whole.folder, 3), videos, settings)
    for states in (1, 2):
        fine_tuned(ShortLived(cut.folder, states), videos, settings)
    part = "fold-0"
    assert whole.checkpoint(part).read_bytes() == cut.checkpoint(part).read_bytes()
    trained = checkpoint.load(whole.checkpoint(part)).embedder().network.state_dict()
    packaged = frame_backbone.network.state_dict()
    moved = {
        name
        for name, weight in packaged.items()
        if not torch.allclose(trained[name], weight, rtol=1e-3, atol=1e-3)
    }
    assert "cnn.conv_stem.weight" in moved
    assert not any("running" in name or "num_batches" in name for name in moved)
