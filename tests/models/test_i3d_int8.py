"""I3D in integers: the maps and the actions of single precision, for any shape."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from config import Settings
from har.media.frames import frames
from har.media.probe import probe
from har.models import i3d, i3d_int8, i3d_weights, precision
from har.models.backbone import load
from har.models.i3d import I3D
from har.models.i3d_int8 import Int8I3D
from har.models.motion_backbone import MotionBackbone

pytestmark = pytest.mark.skipif(
    not precision.has_vnni(), reason="this processor has no VNNI, so nothing runs in integers"
)


@pytest.fixture(scope="module")
def network() -> I3D:
    return i3d_weights.pretrained()


@pytest.fixture(scope="module")
def integers(network: I3D) -> Int8I3D:
    return i3d_int8.load(network)


def clip(video: Path, count: int = 32) -> Tensor:
    """The first pixels of a video, [1, 3, T, H, W], as served."""
    settings = Settings()
    fit = MotionBackbone.fit(192)
    pixels = next(frames(probe(video, settings), 12.5, fit, settings, batch=count)).pixels
    return torch.from_numpy(pixels).permute(3, 0, 1, 2)[None]


@pytest.mark.heavy
@pytest.mark.parametrize("video", ["gymnastics.mp4", "arm_wrestling.mp4"])
def test_the_maps_and_the_action_are_the_networks(
    network: I3D, integers: Int8I3D, samples: Path, video: str
) -> None:
    pixels = clip(samples / "real" / video)
    with torch.inference_mode():
        early, late = integers(pixels)
        exact = network.early(pixels / 127.5 - 1)
        exact_late = network.late(exact)
        actions, expected = (
            network.classify(maps.mean((3, 4))).mean(1)[0] for maps in (late, exact_late)
        )
    assert (early - exact).norm() < 0.1 * exact.norm()
    assert (late - exact_late).norm() < 0.1 * exact_late.norm()
    assert actions.argmax() == expected.argmax()
    assert (actions.softmax(0) - expected.softmax(0)).abs().max() < 0.05


@pytest.mark.parametrize("shape", [(1, 33, 47), (13, 40, 64), (16, 64, 36)])
def test_any_length_and_size(network: I3D, integers: Int8I3D, shape: tuple[int, ...]) -> None:
    steps = torch.arange(shape[0]).view(1, 1, -1, 1, 1)
    coarse = torch.rand(1, 3, 1, 4, 6, generator=torch.manual_seed(1)) * 200
    pixels = torch.nn.functional.interpolate(coarse, (1, *shape[1:])) + 3 * steps
    pixels = pixels.to(torch.uint8)
    with torch.inference_mode():
        early, late = integers(pixels)
        exact = network.early(pixels / 127.5 - 1)
        assert early.shape == exact.shape
        assert late.shape == network.late(exact).shape
    assert (early - exact).norm() < 0.15 * exact.norm()


def test_it_is_the_same_again_after_other_shapes(integers: Int8I3D) -> None:
    """The weights are kept in an order for each of the last few shapes."""
    sizes = [32, 48, 64, 80, 96, 112]
    videos = [torch.full((1, 3, 8, 32, size), 90, dtype=torch.uint8) for size in sizes]
    first = [integers(video)[1] for video in videos]
    assert all(torch.equal(integers(v)[1], f) for v, f in zip(videos, first, strict=True))


@pytest.mark.parametrize(
    ("kernel", "stride"), [((1, 3, 3), (1, 2, 2)), ((3, 3, 3), (2, 2, 2)), ((3, 3, 3), (1, 1, 1))]
)
def test_the_pools_are_the_networks(
    kernel: tuple[int, int, int], stride: tuple[int, int, int]
) -> None:
    maps = torch.randint(0, 256, (2, 5, 7, 11, 8), dtype=torch.uint8)
    pooled = i3d_int8._pool(maps, kernel, stride)
    assert torch.equal(pooled.float(), i3d._pool(maps.float(), kernel, stride))


def test_making_it_leaves_the_network_as_it_was(network: I3D) -> None:
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    Int8I3D(network, i3d_int8.highest(network, torch.zeros(1, 3, 8, 32, 32)))
    assert all(torch.equal(tensor, before[n]) for n, tensor in network.state_dict().items())
    assert not any(module._forward_hooks for module in network.modules())


def test_a_pytorch_whose_convolution_is_another_computes_in_floats(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert i3d_int8.is_available()
    monkeypatch.setattr(i3d_int8, "_ARGUMENTS", [*i3d_int8._ARGUMENTS, "another"])
    assert not i3d_int8.is_available()
    assert load("i3d").number_format == precision.number_format()


def test_it_serves_the_packages_weights_and_no_others(network: I3D) -> None:
    assert load("i3d").number_format == "int8"
    own = {f"i3d.{name}": tensor for name, tensor in network.state_dict().items()}
    assert load("i3d", own).number_format == precision.number_format()
