"""The training loop: it learns, it repeats itself, it can be taken up again, it stops in time."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from har.models.clip_networks.parts import LastLayer
from har.models.heads import make_head
from har.training import loop, losses
from har.training.batches import Batch, Clips
from har.training.build import make_network
from har.training.loop import Epoch, Network, Training
from har.training.metrics import auroc
from har.training.recipe import Recipe
from tests.training import toy

RECIPE = Recipe(epochs=15, batch=8, learning_rate=3e-3, sizes={"width": 32, "dropout": 0.2})
ALL = np.arange(24)
Weights = dict[str, Tensor]


def begun(recipe: Recipe = RECIPE) -> tuple[Training, Clips]:
    material = toy.material(recipe)
    training = Training(make_network(material, recipe), recipe, material.targets)
    return training, material.clips(ALL)


def tick() -> None:
    pass


def trained(recipe: Recipe = RECIPE) -> Training:
    training, clips = begun(recipe)
    list(training.run(clips, None, tick))
    return training


def same(first: Weights, second: Weights) -> bool:
    assert first.keys() == second.keys()
    return all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("head", ["bilstm", "lstm", "transformer"])
@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
def test_it_learns_and_is_unsure_of_videos_without_label(head: str, optimiser: str) -> None:
    rate = 3e-3 if optimiser == "adamw" else 0.05
    training, clips = begun(
        replace(RECIPE, head=head, optimiser=optimiser, learning_rate=rate, weight_decay=0.01)
    )
    steps: list[None] = []
    epochs = list(training.run(clips, None, lambda: steps.append(None)))
    assert [epoch.number for epoch in epochs] == list(range(1, RECIPE.epochs + 1))
    assert len(steps) == epochs[-1].step == RECIPE.epochs * 3
    assert epochs[-1].loss < 0.6 * epochs[0].loss
    assert training.measure(clips).top1 == 1
    ((inputs, targets),) = toy.material(Recipe(batch=24)).clips(ALL).batches(None)
    with torch.inference_mode():
        best = training.network.head(inputs)[0].amax(dim=1).numpy()
    known = targets.any(dim=1).numpy()
    assert auroc(best[known], best[~known]) == 1


def test_same_seed_same_weights() -> None:
    recipe = replace(RECIPE, epochs=2, seed=7)
    torch.manual_seed(1)
    first = trained(recipe).network.state_dict()
    torch.manual_seed(2)
    assert same(first, trained(recipe).network.state_dict())
    assert not same(first, trained(replace(recipe, seed=8)).network.state_dict())


def test_training_leaves_the_random_state_of_others_alone() -> None:
    torch.manual_seed(4)
    before = torch.get_rng_state()
    trained(replace(RECIPE, epochs=1))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
@pytest.mark.parametrize("cut_off", [1, 2, 4])
def test_a_training_that_is_taken_up_again_ends_with_the_same_weights(
    optimiser: str, cut_off: int
) -> None:
    recipe = replace(RECIPE, epochs=4, optimiser=optimiser)
    training, clips = begun(recipe)
    epochs = training.run(clips, None, tick)
    for _ in range(cut_off):
        next(epochs)
    state = copy.deepcopy(training.state())
    again, clips = begun(recipe)
    torch.manual_seed(99)
    again.resume(state)
    assert [e.number for e in again.run(clips, None, tick)] == list(range(cut_off + 1, 5))
    assert same(again.network.state_dict(), trained(recipe).network.state_dict())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, None])
def test_mixed_precision_learns_and_is_taken_up_again(
    dtype: torch.dtype | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU, though on whatever is here: with float16 the gradients are scaled."""
    monkeypatch.setattr(loop, "number_format", lambda _: dtype)
    sizes = {"width": 16, "heads": 2, "layers": 1, "dropout": 0.1}
    recipe = replace(RECIPE, head="transformer", epochs=5, learning_rate=0.01, sizes=sizes)
    whole, clips = begun(recipe)
    epochs = whole.run(clips, None, tick)
    next(epochs)
    state = copy.deepcopy(whole.state())
    assert bool(state["scaler"]) is (dtype is torch.float16)
    list(epochs)
    assert whole.measure(clips).top1 == 1
    assert all(weight.dtype is torch.float32 for weight in whole.network.parameters())
    again, clips = begun(recipe)
    again.resume(state)
    list(again.run(clips, None, tick))
    assert same(again.network.state_dict(), whole.network.state_dict())


@dataclass(frozen=True)
class Mislabelled:
    """The toy videos with their labels exchanged: the better they are learnt, the worse it is."""

    clips: Clips

    def __len__(self) -> int:
        return len(self.clips)

    def batches(self, epoch: int | None) -> Iterator[Batch]:
        for inputs, targets in self.clips.batches(epoch):
            yield inputs, targets.flip(1)


def test_it_stops_in_time_and_keeps_the_best_weights() -> None:
    training, clips = begun(replace(RECIPE, patience=2))
    bad = Mislabelled(clips)
    epochs, weights = [], []
    for epoch in training.run(clips, bad, tick):
        epochs.append(epoch)
        weights.append(copy.deepcopy(training.network.state_dict()))
    aside = [epoch.set_aside.loss for epoch in epochs if epoch.set_aside]
    best = aside.index(min(aside))
    assert len(aside) == len(epochs) == best + 3 < RECIPE.epochs
    assert same(training.network.state_dict(), weights[best])
    assert training.measure(bad).loss == pytest.approx(min(aside))


def test_stopping_in_time_can_be_taken_up_again() -> None:
    recipe = replace(RECIPE, patience=2)

    def run(training: Training, clips: Clips) -> Iterator[Epoch]:
        return training.run(clips, Mislabelled(clips), tick)

    whole, clips = begun(recipe)
    count = len(list(run(whole, clips)))
    for cut_off in (count - 1, count):
        training, clips = begun(recipe)
        epochs = run(training, clips)
        for _ in range(cut_off):
            next(epochs)
        state = copy.deepcopy(training.state())
        again, clips = begun(recipe)
        again.resume(state)
        assert len(list(run(again, clips))) == count - cut_off
        assert same(again.network.state_dict(), whole.network.state_dict())


class Brightness(nn.Module):
    """A backbone of one weight: from pixels [B, T, h, w, 3] to vectors [B, T, 3]."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.norm = nn.BatchNorm1d(3)

    def forward(self, pixels: Tensor) -> Tensor:
        means = self.scale * pixels.float().mean(dim=(2, 3)) / 255
        normed: Tensor = self.norm(means.flatten(0, 1))
        return normed.unflatten(0, means.shape[:2])


@dataclass(frozen=True)
class Pictures:
    """Eight clips, bright red or bright green."""

    def __len__(self) -> int:
        return 8

    def batches(self, epoch: int | None) -> Iterator[Batch]:
        pixels = torch.zeros(8, 4, 6, 6, 3, dtype=torch.uint8)
        pixels[:4, ..., 0] = 200
        pixels[4:, ..., 1] = 200
        yield pixels, torch.eye(2).repeat_interleave(4, dim=0)


def fine_tuned(recipe: Recipe) -> tuple[float, Network]:
    """How far the backbone's weight went, and the network."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        head = make_head("bilstm", 3, 2, width=8, hidden=8, dropout=0.0)
    network = Network(head, Brightness())
    training = Training(network, recipe, torch.eye(2).repeat_interleave(4, dim=0))
    list(training.run(Pictures(), None, tick))
    assert training.measure(Pictures()).top1 == 1
    backbone: Any = network.backbone
    return abs(backbone.scale.item() - 1), network


def test_a_backbone_is_fine_tuned_at_its_own_rate() -> None:
    recipe = Recipe(
        epochs=30, batch=8, learning_rate=0.01, backbone_rate=1e-4, weight_decay=0, spliced=0
    )
    slow, network = fine_tuned(recipe)
    fast, _ = fine_tuned(replace(recipe, backbone_rate=1e-2))
    assert 0 < slow <= 30 * 1.5e-4
    assert fast > 5 * slow
    backbone: Any = network.backbone
    assert backbone.norm.running_mean.tolist() == [0, 0, 0]
    assert not backbone.training


@dataclass(frozen=True)
class Vectors:
    """Twelve clips of one vector: four each of two classes, and four of neither."""

    def __len__(self) -> int:
        return 12

    def batches(self, epoch: int | None) -> Iterator[Batch]:
        of_each = torch.eye(3).repeat_interleave(4, dim=0)
        yield of_each[:, None], of_each[:, :2]


def test_exclusive_labels_share_one_probability_and_none_is_likelier_of_what_is_neither() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Network(LastLayer(3, 2), exclusive=True)
    recipe = Recipe(epochs=40, batch=12, learning_rate=0.05, weight_decay=0, smoothing=0, spliced=0)
    [(vectors, targets)] = Vectors().batches(None)
    training = Training(network, recipe, targets)
    known = targets.any(dim=1)
    before = training.measure(Vectors())
    with torch.inference_mode():
        scores = network.head(vectors)[0]
    uniform = torch.where(known[:, None], targets, 0.5)
    expected = -(uniform * scores.log_softmax(dim=1)).sum(dim=1)
    assert before.loss == pytest.approx(expected.mean().item(), rel=0.02)
    list(training.run(Vectors(), None, tick))
    with torch.inference_mode():
        found = network.head(vectors)[0].softmax(dim=1)
    assert training.measure(Vectors()).top1 == 1
    assert found[known].amax(dim=1).min() > 0.8
    assert found[~known].amax() < 0.6


def test_a_spliced_clip_takes_each_channel_whole_from_some_clip() -> None:
    torch.manual_seed(0)
    clips = torch.rand(3, 16, 40)
    spliced = losses.splice(clips, 50)
    assert spliced.shape == (50, 16, 40)
    for clip in spliced:
        is_of = (clip == clips).all(dim=1)
        assert is_of.any(dim=0).all()
        assert is_of.any(dim=1).sum() == 2
    assert losses.splice(clips, 0).shape == (0, 16, 40)
    assert losses.splice(clips[:1], 5).shape == (0, 16, 40)


def test_rare_classes_weigh_more() -> None:
    targets = torch.tensor([[1.0, 0], [1, 0], [1, 0], [1, 0], [0, 1], [0, 0]])
    found = losses.class_weights(targets, balance=0.5)
    assert found[losses.classes(targets)].mean() == pytest.approx(1)
    assert (found[1] / found[0]).item() == pytest.approx(2)
    assert found[2] == found[1]
    assert losses.class_weights(targets, balance=0).tolist() == [1] * 3


def test_a_label_that_only_augmentation_shows_has_a_weight() -> None:
    found = losses.class_weights(torch.tensor([[1.0, 0], [1, 0]]), balance=1)
    assert torch.isfinite(found).all()


def test_learning_rate_rises_then_falls_to_nothing() -> None:
    factors = [loop.warm_cosine(step, 100, 0.1) for step in range(100)]
    assert factors[0] == pytest.approx(0.1)
    assert factors.index(max(factors)) == 9
    assert factors[50] == pytest.approx(0.5 * (1 + math.cos(math.pi / 2)))
    assert 0 < factors[-1] < 0.001
    assert loop.warm_cosine(0, 100, 0) == 1
