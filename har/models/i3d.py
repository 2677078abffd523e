"""I3D, the network that sees motion: Inception with its filters inflated into time.

Carreira and Zisserman, "Quo Vadis, Action Recognition?", CVPR 2017, up to and including the block
``Mixed_4f``. What follows it there knows the 400 actions of Kinetics rather than how people move,
and made the recognition of other actions worse (docs/experiments.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CHANNELS = 832
"""Of the last block's map."""
FRAMES_PER_STEP = 4
"""Frames that one step of the last block's map stands for."""

_BEFORE_POOL = {"3b": (192, (64, 96, 128, 16, 32, 32)), "3c": (256, (128, 128, 192, 32, 96, 64))}
_AFTER_POOL = {
    "4b": (480, (192, 96, 208, 16, 48, 64)),
    "4c": (512, (160, 112, 224, 24, 64, 64)),
    "4d": (512, (128, 128, 256, 24, 64, 64)),
    "4e": (512, (112, 144, 288, 32, 64, 64)),
    "4f": (528, (256, 160, 320, 32, 128, 128)),
}
"""Input channels of each block, and the output channels of its six units."""


class I3D(nn.Module):
    """Frames in -1..1, [B, 3, T, H, W], to a map [B, 832, T / 4, H / 16, W / 16]."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1a = Unit(3, 64, kernel=7, stride=2)
        self.conv2b = Unit(64, 64, kernel=1)
        self.conv2c = Unit(64, 192, kernel=3)
        self.mixed3 = _blocks(_BEFORE_POOL)
        self.mixed4 = _blocks(_AFTER_POOL)

    def forward(self, frames: Tensor) -> Tensor:
        """The map of the last block."""
        maps = _pool(self.conv1a(frames), (1, 3, 3), (1, 2, 2))
        maps = _pool(self.conv2c(self.conv2b(maps)), (1, 3, 3), (1, 2, 2))
        maps = _pool(self.mixed3(maps), (3, 3, 3), (2, 2, 2))
        scores: Tensor = self.mixed4(maps)
        return scores


class Unit(nn.Module):
    """A convolution and a ReLU; the batch normalisation between them is folded into the weights."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv3d(inputs, outputs, kernel, stride)

    def forward(self, maps: Tensor) -> Tensor:
        """[B, inputs, T, H, W] to [B, outputs, T / stride, H / stride, W / stride]."""
        padded = _same(maps, self.conv.kernel_size, self.conv.stride)
        return F.relu(self.conv(padded), inplace=True)


class Mixed(nn.Module):
    """An Inception block: four branches over the same map, side by side."""

    def __init__(self, inputs: int, outputs: Sequence[int]) -> None:
        super().__init__()
        self.point = Unit(inputs, outputs[0], 1)
        self.wide = nn.Sequential(Unit(inputs, outputs[1], 1), Unit(outputs[1], outputs[2], 3))
        self.narrow = nn.Sequential(Unit(inputs, outputs[3], 1), Unit(outputs[3], outputs[4], 3))
        self.pooled = Unit(inputs, outputs[5], 1)

    def forward(self, maps: Tensor) -> Tensor:
        """[B, inputs, T, H, W] to as many channels as the branches have together."""
        pooled = self.pooled(_pool(maps, (3, 3, 3), (1, 1, 1)))
        return torch.cat([self.point(maps), self.wide(maps), self.narrow(maps), pooled], dim=1)


def _blocks(table: Mapping[str, tuple[int, tuple[int, ...]]]) -> nn.Sequential:
    blocks = nn.Sequential()
    for name, (inputs, outputs) in table.items():
        blocks.add_module(name, Mixed(inputs, outputs))
    return blocks


def _pool(maps: Tensor, kernel: tuple[int, int, int], stride: tuple[int, int, int]) -> Tensor:
    """The maximum in each picture first, and then over time: what max_pool3d gives, in half of its
    time."""
    pictures = _same(maps, kernel, stride).transpose(1, 2)
    pooled = F.max_pool2d(pictures.flatten(0, 1), kernel[1:], stride[1:])
    steps = pooled.view(*pictures.shape[:2], *pooled.shape[1:]).transpose(1, 2)
    count = (steps.shape[2] - kernel[0]) // stride[0] + 1
    in_time = [steps[:, :, k:][:, :, :: stride[0]][:, :, :count] for k in range(kernel[0])]
    maximum: Tensor = reduce(torch.maximum, in_time)
    return maximum


def _same(maps: Tensor, kernel: Sequence[int], stride: Sequence[int]) -> Tensor:
    """Pad as TensorFlow's SAME does, where the weights were trained: the odd one comes last."""
    sides: list[int] = []
    for size, k, s in zip(maps.shape[2:], kernel, stride, strict=True):
        missing = max((-(-size // s) - 1) * s + k - size, 0)
        sides = [missing // 2, missing - missing // 2, *sides]
    return F.pad(maps, sides) if any(sides) else maps
