"""The training loop: it learns, it repeats itself, and its parts do what they say."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from har.training import loop
from har.training.loop import Recipe
from har.training.metrics import auroc

RECIPE = Recipe(epochs=15, batch=8)


def toy(count: int = 24) -> tuple[list[torch.Tensor], torch.Tensor]:
    """Videos of 20 frames with 12 channels: in the first class one half is bright, in the second
    the other; a third class has no label."""
    generator = torch.Generator().manual_seed(5)
    classes = torch.arange(count) % 3
    videos = torch.rand(count, 2, 20, 12, generator=generator)
    videos[classes == 0, ..., :4] += 2
    videos[classes == 1, ..., 4:8] += 2
    return list(videos), torch.eye(3)[classes][:, :2]


def weights(seed: int, recipe: Recipe = RECIPE) -> list[torch.Tensor]:
    videos, targets = toy()
    head = loop.train(videos, targets, recipe, seed, lambda: None)
    return list(head.state_dict().values())


def test_it_learns_and_is_unsure_of_videos_without_label() -> None:
    videos, targets = toy()
    ticks: list[None] = []
    head = loop.train(videos, targets, RECIPE, 0, lambda: ticks.append(None))
    assert len(ticks) == RECIPE.epochs
    logits = torch.stack([loop.score(head, video[0], RECIPE).mean(dim=0) for video in videos])
    known = targets.any(dim=1)
    assert (logits[known].argmax(dim=1) == targets[known].argmax(dim=1)).all()
    best = logits.amax(dim=1).numpy()
    assert auroc(best[known], best[~known]) == 1


def test_same_seed_same_weights() -> None:
    recipe = replace(RECIPE, epochs=2)
    torch.manual_seed(1)
    first = weights(7, recipe)
    torch.manual_seed(2)
    again, other = weights(7, recipe), weights(8, recipe)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_training_leaves_the_random_state_of_others_alone() -> None:
    torch.manual_seed(4)
    before = torch.get_rng_state()
    weights(0, replace(RECIPE, epochs=1))
    assert torch.equal(before, torch.get_rng_state())


def test_a_spliced_clip_takes_each_channel_whole_from_some_clip() -> None:
    clips = torch.rand(6, 16, 10)
    spliced = loop.splice(clips, 5)
    assert spliced.shape == (5, 16, 10)
    for clip in spliced:
        for channel in range(10):
            assert any(torch.equal(clip[:, channel], c[:, channel]) for c in clips)
    assert not any(torch.equal(a, b) for a in spliced for b in clips)
    assert loop.splice(clips, 0).shape == (0, 16, 10)


def test_random_clips_are_windows_of_either_view() -> None:
    frames = torch.arange(20.0)
    video = torch.stack([frames, -1 - frames], dim=1)[..., None]
    torch.manual_seed(0)
    clips = loop.random_clips([video] * 200, 16)[..., 0]
    firsts = {int(clip[0]) for clip in clips}
    assert firsts == {0, 1, 2, 3, 4, -1, -2, -3, -4, -5}
    steps = clips.diff(dim=1)
    assert (steps == steps[:, :1]).all()
    assert set(steps[:, 0].tolist()) == {1.0, -1.0}


def test_rare_classes_weigh_more() -> None:
    targets = torch.tensor([[1.0, 0], [1, 0], [1, 0], [1, 0], [0, 1], [0, 0]])
    found = loop.video_weights(targets, balance=0.5)
    assert found.mean() == pytest.approx(1)
    assert (found[4] / found[0]).item() == pytest.approx(2)
    assert found[5] == found[4]
    assert loop.video_weights(targets, balance=0).tolist() == [1] * 6


def test_learning_rate_rises_then_falls_to_nothing() -> None:
    factors = [loop.warm_cosine(step, 100, 0.1) for step in range(100)]
    assert factors[0] == pytest.approx(0.1)
    assert factors.index(max(factors)) == 9
    assert factors[50] == pytest.approx(0.5 * (1 + math.cos(math.pi / 2)))
    assert 0 < factors[-1] < 0.001


def test_a_video_shorter_than_a_clip_is_padded() -> None:
    videos, targets = toy(6)
    head = loop.train([v[:, :5] for v in videos], targets, replace(RECIPE, epochs=1), 0, int)
    short = torch.rand(5, 12)
    padded = torch.cat([short, short[-1:].expand(11, -1)])
    found, expected = (loop.score(head, video, RECIPE) for video in (short, padded))
    assert found.shape == (1, 2)
    assert torch.equal(found, expected)
