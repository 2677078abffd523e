"""Checkpoints of clip networks: what is saved is what is loaded, and what is odd is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from har.errors import CheckpointError
from har.models import checkpoint_file, registry
from har.models.clip_checkpoint import ClipCheckpoint
from har.models.clip_networks import attention, inflated
from har.models.clip_networks.network import Geometry
from har.types import Fit

SIZES = {
    "image_size": 32,
    "patch_size": 16,
    "num_frames": 4,
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
}


@pytest.fixture(scope="module")
def model() -> ClipCheckpoint:
    torch.manual_seed(1)
    network = attention.empty("timesformer", 3, SIZES)
    return ClipCheckpoint(
        labels=("PushUps", "Walk", "Yoga"),
        network="timesformer",
        sizes=attention.sizes(network.config),
        geometry=Geometry(
            frames=4,
            fps=7.5,
            fit=Fit(64, (70, 80), (3, 8)),
            side=32,
            mean=(0.45, 0.45, 0.45),
            std=(0.25, 0.25, 0.25),
        ),
        stride=3,
        temperature=1.5,
        skew=0.5,
        bias=0.25,
        threshold=0.4,
        data={"videos": 3},
        metrics={"top1": 0.5},
        state=network.state_dict(),
    )


@pytest.fixture(scope="module")
def whole() -> ClipCheckpoint:
    """Of a network that sees the whole picture."""
    torch.manual_seed(1)
    return ClipCheckpoint(
        labels=("PushUps", "Walk", "Yoga"),
        network="i3d",
        sizes={},
        geometry=inflated.geometry(64),
        stride=16,
        temperature=1.5,
        threshold=0.4,
        data={},
        metrics={},
        state=inflated.empty(3).state_dict(),
    )


def test_round_trip(model: ClipCheckpoint, tmp_path: Path) -> None:
    path = tmp_path / "logs" / "mine.safetensors"
    model.save(path)
    again = registry.read(path)
    assert isinstance(again, ClipCheckpoint)
    for field in fields(ClipCheckpoint):
        if field.repr:
            assert getattr(again, field.name) == getattr(model, field.name)
    again.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_at_work_it_is_what_was_saved(model: ClipCheckpoint, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    model.save(path)
    served, direct = registry.of_file(path), model.at_work("mine.safetensors")
    assert served.name == "timesformer (mine.safetensors)"
    assert (served.source, served.labels) == ("timesformer", model.labels)
    assert (served.frames, served.fps, served.stride, served.threshold) == (4, 7.5, 3, 0.4)
    assert served.fit == Fit(64, (70, 80), (3, 8))
    pixels = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), np.uint8)
    found, expected = (
        m.probabilities(m.judge(m.per_clip(m.per_frame(pixels)[None]))[0]) for m in (served, direct)
    )
    assert torch.allclose(found, expected, atol=0.01)
    plain = replace(model, temperature=1.0, skew=1.0, bias=0.0).at_work("plain")
    scores = plain.per_clip(plain.per_frame(pixels)[None])
    assert torch.allclose(
        plain.probabilities(plain.judge(scores)[0]), scores.softmax(dim=1), atol=1e-5
    )


def test_a_network_that_sees_the_whole_picture(whole: ClipCheckpoint, tmp_path: Path) -> None:
    path = tmp_path / "whole.safetensors"
    whole.save(path)
    served = registry.of_file(path)
    assert served.name == "i3d (whole.safetensors)"
    assert (served.source, served.labels) == ("i3d", whole.labels)
    assert (served.frames, served.fps, served.stride) == (32, 12.5, 16)
    assert served.fit == Fit(64, longest=128)
    pixels = np.random.default_rng(0).integers(0, 256, (32, *served.fit.typical, 3), np.uint8)
    scores = served.per_clip(served.per_frame(pixels)[None])
    assert scores.shape == (1, 3)
    assert served.actions(scores) is None, "it has other labels than Kinetics"


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda meta: meta.pop("sizes"), "another version (sizes)"),
        (lambda meta: meta.update(extra=1), "another version (extra)"),
        (lambda meta: meta.update(labels=["Walk", "Walk", "Yoga"]), "labels that differ"),
        (lambda meta: meta.update(labels=["Walk", "Yoga"]), "other shapes"),
        (lambda meta: meta.update(network="x3d"), "network"),
        (lambda meta: meta.update(network="videomae"), "other shapes"),
        (lambda meta: meta.update(sizes=None), "sizes"),
        (lambda meta: meta["sizes"].update(hidden_size=8), "other shapes"),
        (lambda meta: meta["sizes"].update(hidden_size=-8), "make no network"),
        (lambda meta: meta["sizes"].update(num_hidden_layers=10**9), "no sense (sizes)"),
        (lambda meta: meta["sizes"].update(num_hidden_layers="2"), "no sense"),
        (lambda meta: meta.update(stride=5), "stride"),
        (lambda meta: meta.update(temperature=0), "temperature"),
        (lambda meta: meta.update(threshold=1.5), "threshold"),
        (lambda meta: meta.update(geometry=[]), "no sense"),
        (lambda meta: meta["geometry"].pop("fps"), "no sense"),
        (lambda meta: meta["geometry"].update(fps=0), "geometry"),
        (lambda meta: meta["geometry"].update(side=48), "geometry"),
        (lambda meta: meta["geometry"].update(std=[1, 1, 0]), "geometry"),
        (lambda meta: meta["geometry"].update(mean=[1]), "geometry"),
        (lambda meta: meta["geometry"]["fit"].update(scaled=[0, 80]), "geometry"),
        (lambda meta: meta["geometry"]["fit"].update(corner=[-1, 0]), "geometry"),
        (lambda meta: meta["geometry"]["fit"].update(longest=320), "geometry"),
    ],
)
def test_metadata_that_make_no_sense(
    model: ClipCheckpoint, tmp_path: Path, change: Change, says: str
) -> None:
    assert says in refused(changed(model, tmp_path, change))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda meta: meta["geometry"]["fit"].update(longest=None), "geometry"),
        (lambda meta: meta["geometry"]["fit"].update(longest=0), "geometry"),
        (lambda meta: meta["geometry"]["fit"].update(longest=63), "geometry"),
        (lambda meta: meta["geometry"]["fit"].update(longest="128"), "geometry"),
        (lambda meta: meta.update(network="r3d_18"), "no sense"),
        (lambda meta: meta.update(labels=["Walk", "Yoga"]), "other shapes"),
        (lambda meta: meta.update(stride=33), "stride"),
    ],
)
def test_a_whole_picture_has_a_longest_side(
    whole: ClipCheckpoint, tmp_path: Path, change: Change, says: str
) -> None:
    assert says in refused(changed(whole, tmp_path, change))


def changed(model: ClipCheckpoint, folder: Path, change: Change) -> Path:
    """The file of a model, with a new hash after a change of its metadata."""
    path = folder / "changed.safetensors"
    model.save(path)
    with safe_open(path, framework="pt") as file:
        meta = json.loads(file.metadata()["har"])
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    del meta["sha256"]
    change(meta)
    meta["sha256"] = checkpoint_file.digest(meta, state)
    save_file(state, path, {"har": json.dumps(meta)})
    return path


def refused(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        registry.read(path)
    assert path.name in caught.value.detail
    assert str(path.parent) not in caught.value.detail
    return caught.value.detail
