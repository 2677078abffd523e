"""Batches: each epoch shows each video once, and the same epoch is always the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import config
from har.training import augmentation
from har.training.batches import CachedClips, PixelClips
from har.training.manifest import Row
from har.training.pixels import Videos
from har.training.recipe import Recipe
from har.types import Fit

RECIPE = Recipe(batch=4, frames=16)


def cached(recipe: Recipe = RECIPE, count: int = 10) -> CachedClips:
    """Videos of 20 frames whose values are the video's index, the view and the frame's place."""
    views = torch.cartesian_prod(torch.arange(4), torch.arange(20)).view(4, 20, 2)
    videos = [
        torch.cat([torch.full((4, 20, 1), float(i)), views], dim=2).half() for i in range(count)
    ]
    targets = torch.eye(4).expand(count, 4, 4)
    return CachedClips(videos, targets, recipe)


def epoch(clips: CachedClips, number: int | None) -> tuple[Tensor, Tensor]:
    inputs, targets = zip(*clips.batches(number), strict=True)
    return torch.cat(inputs), torch.cat(targets)


def test_each_epoch_shows_each_video_once_in_an_order_of_its_own() -> None:
    clips = cached()
    assert [len(inputs) for inputs, _ in clips.batches(0)] == [4, 4, 2]
    orders = [epoch(clips, number)[0][:, 0, 0].tolist() for number in range(5)]
    assert all(sorted(order) == list(range(10)) for order in orders)
    assert len({tuple(order) for order in orders}) == 5


def test_an_epoch_is_the_same_whenever_it_is_asked_for() -> None:
    first, other = epoch(cached(), 3), epoch(cached(), 4)
    again = epoch(cached(), 3)
    assert torch.equal(first[0], again[0])
    assert not torch.equal(first[0], other[0])
    seeded = epoch(cached(recipe=replace(RECIPE, seed=1)), 3)
    assert not torch.equal(first[0], seeded[0])


def test_clips_are_of_all_views_with_their_targets_and_from_all_places() -> None:
    clips = cached()
    found = [epoch(clips, number) for number in range(30)]
    inputs, targets = (torch.cat(parts) for parts in zip(*found, strict=True))
    views = inputs[:, :, 1]
    assert (views == views[:, :1]).all()
    assert (targets.argmax(dim=1) == views[:, 0]).all()
    assert set(views[:, 0].tolist()) == {0, 1, 2, 3}
    assert set(inputs[:, 0, 2].tolist()) == {0, 1, 2, 3, 4}
    assert (inputs[:, :, 2].diff(dim=1) == 1).all()


def test_what_validates_is_neither_random_nor_augmented() -> None:
    inputs, targets = epoch(cached(), None)
    assert inputs[:, 0, 0].tolist() == list(range(10))
    assert (inputs[:, :, 1] == 0).all()
    assert (inputs[:, 0, 2] == 2).all()
    assert (targets.argmax(dim=1) == 0).all()


def test_views_are_shown_as_often_as_each_other() -> None:
    clips = cached(count=40)
    shown = torch.cat([epoch(clips, number)[0][:, 0, 1] for number in range(10)])
    assert shown.int().bincount().tolist() == pytest.approx([100] * 4, abs=35)


def test_a_video_without_other_views_is_seen_as_it_is() -> None:
    clips = cached()
    clips = replace(clips, videos=[video[:1] for video in clips.videos])
    for number in range(3):
        inputs, targets = epoch(clips, number)
        assert (inputs[:, :, 1] == 0).all()
        assert (targets.argmax(dim=1) == 0).all()


@pytest.mark.parametrize("name", ["equidistant", "random"])
def test_sampling_is_the_recipes(name: str) -> None:
    inputs, _ = epoch(cached(recipe=replace(RECIPE, sampling=name)), 0)
    steps = inputs[:, :, 2].diff(dim=1)
    assert (steps > 0).all()
    assert (steps > 1).any()


def test_of_a_backbone_that_sees_motion_whole_clips_are_chosen() -> None:
    """Three clips of four steps, whose values are the view and the clip's place."""
    views = torch.cartesian_prod(torch.arange(4), torch.arange(3)).view(4, 3, 1, 2)
    clips = CachedClips([views.expand(-1, -1, 4, -1).half()], torch.eye(4)[None], RECIPE)
    found = torch.cat([epoch(clips, number)[0] for number in range(60)])
    assert found.shape == (60, 4, 2)
    assert {tuple(clip[0].tolist()) for clip in found} == {
        (v, c) for v in range(4) for c in range(3)
    }
    assert (found == found[:, :1]).all()
    assert epoch(clips, None)[0][:, 0].tolist() == [[0, 1]]


class Means(nn.Module):
    """Pixels [B, T, h, w, 3] to their means, times a weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, pixels: Tensor) -> Tensor:
        means: Tensor = self.weight * pixels.float().mean(dim=(2, 3))
        return means


def test_pixels_go_through_a_frozen_backbone_or_as_they_are(
    make_video: Callable[..., Path], settings: config.Settings
) -> None:
    path = make_video("batches.mp4", "-f", "lavfi", "-i", "testsrc2=d=1:s=64x48")
    videos = Videos(
        rows=[Row(path.name, "a", "s", "g", 0)] * 3,
        root=path.parent,
        labels=("a", "b"),
        fps=8.0,
        fit=Fit(32),
        frames=4,
        step=1,
        sampling="uniform",
        plan=augmentation.parse("brightness:1@after"),
        seed=0,
        settings=settings,
    )
    recipe = Recipe(batch=2)
    ((pixels, targets), _) = PixelClips(videos, recipe, None).batches(0)
    ((vectors, _), _) = PixelClips(videos, recipe, Means()).batches(0)
    assert pixels.shape == (2, 4, 32, 32, 3)
    assert pixels.dtype == torch.uint8
    assert targets.tolist() == [[1, 0]] * 2
    assert not vectors.requires_grad
    assert vectors.numpy() == pytest.approx(pixels.float().mean(dim=(2, 3)).numpy(), rel=1e-4)
