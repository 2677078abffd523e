"""I3D in 8-bit integers, for processors with VNNI: there it is six times as quick as in single
precision.

Static quantisation after training: weights for each output channel, maps as a whole, from 0 to the
highest value that a set of clips gave (har.training.ranges). Jacob et al., "Quantization and
Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache, reduce
from pathlib import Path

import torch
from torch import Tensor, nn

from har.models import precision
from har.models.i3d import I3D, Mixed, Stem, Unit, pad_same

HIGHEST = Path(__file__).with_suffix(".json")
"""The highest value of each map for the weights of i3d_weights."""
_SHAPES = 4
"""Shapes of maps for which a convolution keeps its weights in the order that is quickest."""
_GREY = 128
"""The pixel that stands for 0."""


_ARGUMENTS = [
    *("qx", "x_scale", "x_zero_point", "qw", "w_scale", "w_zero_point", "bias"),
    *("stride", "padding", "dilation", "groups"),
    *("output_scale", "output_zero_point", "output_dtype", "attr", "scalars", "algorithm"),
]
"""Of oneDNN's convolution, which is none of PyTorch's public functions and may change."""


def is_available() -> bool:
    """Whether the processor is quick at integers, and this PyTorch has the convolution we know."""
    operator = getattr(torch.ops.onednn, "qconv3d_pointwise", None)
    if operator is None or not precision.has_vnni():
        return False
    return [argument.name for argument in operator.default._schema.arguments] == _ARGUMENTS


def load(network: I3D) -> Int8I3D:
    """The network, which has the weights of i3d_weights, in integers."""
    return Int8I3D(network, json.loads(HIGHEST.read_text("utf-8"))["highest"])


def highest(network: I3D, frames: Tensor) -> dict[str, float]:
    """The highest value of each unit's and each block's map, by its name, for I3D's ``frames``."""
    found: dict[str, float] = {}

    def watch(name: str, module: nn.Module) -> torch.utils.hooks.RemovableHandle:
        return module.register_forward_hook(
            lambda _, inputs, maps: found.update({name: float(maps.detach().max())})
        )

    units = {n: m for n, m in network.named_modules() if isinstance(m, Stem | Unit | Mixed)}
    handles = [watch(name, module) for name, module in units.items()]
    try:
        network(frames)
    finally:
        for handle in handles:
            handle.remove()
    return found


class Int8I3D:
    """The maps of an I3D, computed in integers."""

    def __init__(self, network: I3D, highest: Mapping[str, float]) -> None:
        """``highest`` is what highest() gives."""
        steps = {name: value / 255 for name, value in highest.items()}
        early = network.early
        self._stem = _Stem(early.conv1a, steps["early.conv1a"])
        self._conv2b = _Unit(early.conv2b, steps["early.conv1a"], steps["early.conv2b"])
        self._conv2c = _Unit(early.conv2c, steps["early.conv2b"], steps["early.conv2c"])
        self._mixed3 = _Blocks(early.mixed3, "early.mixed3", steps["early.conv2c"], steps)
        self._mixed4 = _Blocks(early.mixed4, "early.mixed4", self._mixed3.step, steps)
        self._mixed5 = _Blocks(network.mixed5, "mixed5", self._mixed4.step, steps)

    def __call__(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Pixels in 0..255, uint8, [B, 3, T, H, W], to the early and the late map, float32."""
        maps = _pool(self._stem(pixels), (1, 3, 3), (1, 2, 2))
        maps = _pool(self._conv2c(self._conv2b(maps)), (1, 3, 3), (1, 2, 2))
        early = self._mixed4(_pool(self._mixed3(maps), (3, 3, 3), (2, 2, 2)))
        late = self._mixed5(_pool(early, (2, 2, 2), (2, 2, 2)))
        return early * self._mixed4.step, late * self._mixed5.step


class _Convolution:
    """A convolution and a ReLU, uint8 to uint8 with the channels last; a value times its map's step
    is what it stands for.

    The ReLU is made by the lowest value that uint8 has, 0.
    """

    def __init__(
        self, conv: nn.Conv3d, inputs: float, outputs: float, *, padding: int, zero: int = 0
    ) -> None:
        """``inputs`` and ``outputs`` are the maps' steps; ``zero`` is what stands for 0 in the
        former."""
        assert conv.bias is not None
        weight = conv.weight.detach().float().cpu()
        self._steps = weight.abs().amax((1, 2, 3, 4)) / 127
        self._weight = (weight / self._steps.view(-1, 1, 1, 1, 1)).round().to(torch.int8)
        self._bias = conv.bias.detach().float().cpu()
        self._zeros = torch.zeros(len(self._steps), dtype=torch.int32)
        self._inputs, self._zero, self._outputs = inputs, zero, outputs
        self._geometry = (list(conv.stride), [padding] * 3, [1] * 3, 1)
        self._packed = lru_cache(_SHAPES)(self._pack)

    def __call__(self, maps: Tensor) -> Tensor:
        """[B, inputs, T, H, W] to [B, outputs, T', H', W']."""
        found: Tensor = torch.ops.onednn.qconv3d_pointwise(
            *(maps, self._inputs, self._zero),
            *(self._packed(tuple(maps.shape)), self._steps, self._zeros, self._bias),
            *self._geometry,
            *(self._outputs, 0, torch.uint8),
            *("none", [], ""),
        )
        return found

    def _pack(self, shape: tuple[int, ...]) -> Tensor:
        """The weights in the order that oneDNN wants for maps of this shape; for some it would
        spend more on putting them in order at each call than on the convolution."""
        packed: Tensor = torch.ops.onednn.qconv_prepack(
            self._weight, self._steps, self._inputs, self._zero, *self._geometry, list(shape)
        )
        return packed


class _Unit(_Convolution):
    def __init__(self, unit: Unit, inputs: float, outputs: float) -> None:
        super().__init__(unit.conv, inputs, outputs, padding=unit.conv.kernel_size[0] // 2)


class _Stem(_Convolution):
    """Takes pixels as they are: 0..255 stands for -1..1."""

    def __init__(self, stem: Stem, outputs: float) -> None:
        super().__init__(stem.conv, 1 / 127.5, outputs, padding=0, zero=_GREY)
        # Grey is half a step above the middle of 0..255.
        grey = stem.conv.weight.detach().float().cpu().sum((1, 2, 3, 4)) * 0.5 / 127.5
        self._bias = self._bias + grey
        self._kernel, self._stride = stem.conv.kernel_size, stem.conv.stride

    def __call__(self, maps: Tensor) -> Tensor:
        padded = pad_same(maps, self._kernel, self._stride, _GREY)
        return super().__call__(padded.contiguous(memory_format=torch.channels_last_3d))


class _Block:
    """A Mixed; all its branches' maps have the same step."""

    def __init__(self, mixed: Mixed, name: str, inputs: float, steps: Mapping[str, float]) -> None:
        self.step = steps[name]
        self._point = _Unit(mixed.point, inputs, self.step)
        self._branches = []
        for branch, units in (("wide", mixed.wide), ("narrow", mixed.narrow)):
            between = steps[f"{name}.{branch}.0"]
            first, second = (unit for unit in units if isinstance(unit, Unit))
            pair = _Unit(first, inputs, between), _Unit(second, between, self.step)
            self._branches.append(pair)
        self._pooled = _Unit(mixed.pooled, inputs, self.step)

    def __call__(self, maps: Tensor) -> Tensor:
        """As Mixed.forward()."""
        middle = [second(first(maps)) for first, second in self._branches]
        pooled = self._pooled(_pool(maps, (3, 3, 3), (1, 1, 1)))
        return torch.cat([self._point(maps), *middle, pooled], dim=1)


class _Blocks:
    """Blocks, one after the other; ``step`` is that of the last one's map."""

    def __init__(
        self, blocks: nn.Sequential, name: str, inputs: float, steps: Mapping[str, float]
    ) -> None:
        self._blocks = []
        self.step = inputs
        for block, mixed in blocks.named_children():
            assert isinstance(mixed, Mixed)
            self._blocks.append(_Block(mixed, f"{name}.{block}", self.step, steps))
            self.step = self._blocks[-1].step

    def __call__(self, maps: Tensor) -> Tensor:
        for block in self._blocks:
            maps = block(maps)
        return maps


def _pool(maps: Tensor, kernel: tuple[int, int, int], stride: tuple[int, int, int]) -> Tensor:
    """The maximum, one dimension after the other: PyTorch's pooling does not take integers."""
    maps = pad_same(maps, kernel, stride)
    for dim, (k, s) in enumerate(zip(kernel, stride, strict=True), start=2):
        along = maps.transpose(0, dim)
        end = len(along) - k + 1
        parts = [along[first : first + end : s] for first in range(k)]
        maps = reduce(torch.maximum, parts).transpose(0, dim)
    return maps
