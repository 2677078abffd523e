"""Fine-tuning of clip networks: where it begins, and what a recipe takes from them."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

import config
from config import Settings
from har import cli
from har.errors import BadOption, ModelMissing
from har.models import i3d_weights, registry
from har.models.clip_checkpoint import ClipCheckpoint
from har.models.clip_networks import residual
from har.models.clip_networks.parts import Body
from har.training import build, fine_tuning, values
from har.training.batches import PixelClips
from har.training.loop import Training
from har.training.material import prepare
from har.types import Fit
from tests.models.clip_networks import saved
from tests.training import small


def test_it_begins_from_the_weights_that_are_here(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    asked = {"model": "r3d_18"}
    with pytest.raises(ModelMissing, match="har models --fetch r3d_18"):
        fine_tuning.own(settings, asked)
    known = torch.load(saved.save_residual("r3d_18"), weights_only=True)
    recipe = values.resolved(fine_tuning.own(settings, asked), asked)[0]
    network = fine_tuning.network(fine_tuning.begin(recipe, settings), 3, recipe)
    found = fine_tuning.checkpoint(network, ("a", "b", "c"), recipe, {}).state
    assert found.keys() == known.keys()
    assert found["fc.weight"].shape == (3, 512)
    assert all(torch.equal(found[key], known[key]) for key in known if not key.startswith("fc."))
    other = replace(recipe, from_scratch=True, seed=1)
    network = fine_tuning.network(fine_tuning.begin(other, settings), 3, other)
    found = fine_tuning.checkpoint(network, ("a", "b", "c"), other, {}).state
    assert not torch.equal(found["stem.0.weight"], known["stem.0.weight"])


def test_i3d_begins_from_the_weights_that_come_with_us(settings: Settings) -> None:
    asked = {"model": "i3d"}
    recipe = values.resolved(fine_tuning.own(settings, asked), asked)[0]
    assert (recipe.frames, recipe.fps, recipe.size, recipe.stride) == (32, 12.5, 192, 16)
    small = replace(recipe, size=64, frames=16, fps=8.0, stride=8)
    begun = fine_tuning.begin(small, settings)
    assert (begun.frames, begun.fps, begun.fit) == (16, 8.0, Fit(64, longest=128))
    network = fine_tuning.network(begun, 3, small)
    found = fine_tuning.checkpoint(network, ("a", "b", "c"), small, {}).state
    known = i3d_weights.load()
    assert found.keys() == known.keys()
    assert found["classifier.weight"].shape == (3, 1024)
    same = [key for key in known if not key.startswith("classifier.")]
    assert all(torch.equal(found[key], known[key]) for key in same)


def test_normalisation_layers_learn_statistics_from_scratch_alone(settings: Settings) -> None:
    asked = {"model": "mc3_18", "from_scratch": True}
    recipe = values.resolved(fine_tuning.own(settings, asked), asked)[0]
    for from_scratch in (True, False):
        network = fine_tuning.network(
            fine_tuning.begin(recipe, settings), 2, replace(recipe, from_scratch=from_scratch)
        ).train()
        norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm3d)]
        assert norms
        assert {norm.training for norm in norms} == {from_scratch}


def test_one_from_scratch_is_taken_up_again_exactly(
    bars: Path, settings: Settings, tmp_path: Path
) -> None:
    """Statistics of its normalisation layers included."""
    recipe = replace(small.recipe_of("mc3_18", tmp_path, settings), epochs=2, frames=4)
    material = prepare(recipe, small.ROWS, bars, settings)
    clips = material.clips(small.ALL)

    def begun() -> Training:
        return Training(build.make_network(material, recipe), recipe, material.targets)

    whole, cut, again = begun(), begun(), begun()
    list(whole.run(clips, None, lambda: None))
    next(cut.run(clips, None, lambda: None))
    torch.save(cut.state(), tmp_path / "state.pt")
    again.resume(torch.load(tmp_path / "state.pt", weights_only=True))
    list(again.run(clips, None, lambda: None))
    found, expected = again.network.state_dict(), whole.network.state_dict()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert any("running_mean" in name for name in expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", registry.RESIDUAL)
def test_what_memory_held_before_is_not_learnt(
    name: str, bars: Path, settings: Settings, tmp_path: Path
) -> None:
    """As it was with oneDNN's gradients in bfloat16, of convolutions over few frames."""
    recipe = small.recipe_of(name, tmp_path, settings)
    material = prepare(recipe, small.ROWS, bars, settings)
    first = small.trained(recipe, material).state_dict()
    rubbish = [torch.full((1 << power,), torch.nan) for power in range(4, 25) for _ in range(4)]
    del rubbish
    again = small.trained(recipe, material).state_dict()
    assert all(torch.equal(again[key], first[key]) for key in first)


def test_what_is_not_said_is_the_models_own(folders: Path, settings: Settings) -> None:
    asked = {"model": str(folders / "timesformer"), "learning_rate": 0.01, "epochs": 3}
    recipe = values.resolved(fine_tuning.own(settings, asked), asked)[0]
    assert (recipe.frames, recipe.fps, recipe.size, recipe.stride) == (8, 0.9375, 224, 4)
    assert (recipe.optimiser, recipe.momentum, recipe.weight_decay) == ("sgd", 0.9, 0.003)
    assert (recipe.learning_rate, recipe.backbone_rate) == (0.01, 0.01)
    assert (recipe.epochs, recipe.batch) == (3, 8)


def test_the_rate_of_timesformer_is_every_32nd_of_30_frames_a_second(
    folders: Path, bars: Path, settings: Settings
) -> None:
    recipe = small.recipe_of("timesformer", folders, settings)
    recipe = replace(recipe, fps=30 / 32)
    clips = prepare(recipe, small.ROWS, bars, settings).clips(small.ALL)
    assert isinstance(clips, PixelClips)
    assert (clips.videos.fps, clips.videos.step, clips.videos.sampling) == (30, 32, "uniform")


def test_the_study_on_hmdb51_is_one_documented_command(folders: Path, settings: Settings) -> None:
    page = (config.ROOT / "docs" / "commands.md").read_text("utf-8").replace("\\\n", " ")
    [line] = [line for line in page.splitlines() if "--data hmdb51" in line and " train " in line]
    words = shlex.split(line.partition(" har ")[2])
    asked = values.given(cli._parser().parse_args(words))
    assert asked["model"] == "timesformer"
    asked["model"] = str(folders / "timesformer")
    recipe, places = values.resolved(fine_tuning.own(settings, asked), asked)
    assert (recipe.optimiser, recipe.learning_rate, recipe.backbone_rate) == ("sgd", 0.0035, 0.0035)
    assert (recipe.momentum, recipe.weight_decay) == (0.9, 0.003)
    assert (recipe.batch, recipe.epochs, recipe.smoothing, recipe.spliced) == (8, 8, 0, 0)
    assert (recipe.sampling, recipe.frames, recipe.fps) == ("uniform", 8, 30 / 32)
    assert (places.data, places.split) == ("hmdb51", 1)
    assert len(places.classes.split(",")) > 1


def test_a_network_that_was_trained_here_is_trained_on(
    folders: Path, bars: Path, settings: Settings, tmp_path: Path
) -> None:
    recipe = small.recipe_of("videomae", folders, settings)
    material = prepare(recipe, small.ROWS, bars, settings)
    part = build.parts(material, recipe)[-1]
    path = tmp_path / "first.safetensors"
    build.checkpoint(small.trained(recipe, material), material, part, recipe).save(path)
    first = registry.read(path)
    assert isinstance(first, ClipCheckpoint)
    again = replace(recipe, model=str(path))
    body = fine_tuning.network(fine_tuning.begin(again, settings), 5, again).backbone
    assert isinstance(body, Body)
    weights = body.network.network.state_dict()
    assert all(torch.equal(weights[key].cpu(), first.state[key]) for key in weights)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"head": "lstm"}, "A clip network has no head: leave it out."),
        ({"frames": 4}, "takes 16 frames of 224 pixels"),
        ({"size": 112}, "takes 16 frames of 224 pixels"),
        ({"model": "lstm"}, "'--head lstm'"),
        ({"model": "resnet18"}, "There is no model resnet18"),
        ({"model": "logs/best_model.safetensors"}, "is a head on a backbone"),
    ],
)
def test_what_cannot_be_fine_tuned(
    folders: Path, settings: Settings, asked: dict[str, object], says: str
) -> None:
    asked = {"model": str(folders / "videomae"), **asked}
    with pytest.raises(BadOption, match=says):
        fine_tuning.begin(values.resolved(fine_tuning.own(settings, asked), asked)[0], settings)


def test_other_pictures_are_cut_in_the_same_proportions() -> None:
    known = residual.geometry("r3d_18")
    assert residual.resized(known, 112) == known
    half = residual.resized(known, 56)
    assert (half.side, half.fit.size, half.fit.scaled, half.fit.corner) == (
        56, 112, (128, 172), (8, 30),
    )  # fmt: skip
