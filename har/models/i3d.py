"""I3D, the network that sees motion: Inception with its filters inflated into time.

Carreira and Zisserman, "Quo Vadis, Action Recognition?", CVPR 2017. Its early map, of the block
``Mixed_4f``, knows how people move and in what order; its late one, of ``Mixed_5c``, knows what
they do, and its classifier reads the 400 actions of Kinetics from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CLASSES = 400
"""Of Kinetics-400, in the order of the alphabet."""
EARLY_CHANNELS = 832
LATE_CHANNELS = 1024
EARLY_FRAMES = 4
"""Frames that one step of the early map stands for."""
LATE_FRAMES = 8
"""Frames that one step of the late map stands for."""

_BLOCKS: dict[str, dict[str, tuple[int, tuple[int, ...]]]] = {
    "mixed3": {
        "3b": (192, (64, 96, 128, 16, 32, 32)),
        "3c": (256, (128, 128, 192, 32, 96, 64)),
    },
    "mixed4": {
        "4b": (480, (192, 96, 208, 16, 48, 64)),
        "4c": (512, (160, 112, 224, 24, 64, 64)),
        "4d": (512, (128, 128, 256, 24, 64, 64)),
        "4e": (512, (112, 144, 288, 32, 64, 64)),
        "4f": (528, (256, 160, 320, 32, 128, 128)),
    },
    "mixed5": {
        "5b": (832, (256, 160, 320, 32, 128, 128)),
        "5c": (832, (384, 192, 384, 48, 128, 128)),
    },
}
"""Input channels of each block, and the output channels of its six units."""


class I3D(nn.Module):
    """The whole network: frames in -1..1, [B, 3, T, H, W], to logits [B, 400].

    T is at least one, H and W at least 32; each map's length is the frames' divided by its step,
    rounded up.
    """

    def __init__(self) -> None:
        super().__init__()
        self.early = Early()
        self.mixed5 = _blocks("mixed5")
        self.classifier = nn.Linear(LATE_CHANNELS, CLASSES)

    def forward(self, frames: Tensor) -> Tensor:
        """The mean over time of classify()'s logits, as the network was trained."""
        return self.classify(self.late(self.early(frames)).mean((3, 4))).mean(1)

    def late(self, early: Tensor) -> Tensor:
        """The early map to that of Mixed_5c, [B, 1024, T / 8, H / 32, W / 32]."""
        found: Tensor = self.mixed5(_pool(early, (2, 2, 2), (2, 2, 2)))
        return found

    def classify(self, steps: Tensor) -> Tensor:
        """The late map's means over the picture, [B, 1024, S], to logits [B, max(S - 1, 1), 400].

        Two steps that follow each other are averaged before; one that is alone is taken as it is.
        """
        pairs = F.avg_pool1d(steps, 2, 1) if steps.shape[2] > 1 else steps
        logits: Tensor = self.classifier(pairs.transpose(1, 2))
        return logits


class Early(nn.Module):
    """I3D up to Mixed_4f: frames in -1..1, [B, 3, T, H, W], to the early map
    [B, 832, T / 4, H / 16, W / 16]."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1a = Stem(3, 64)
        self.conv2b = Unit(64, 64, kernel=1)
        self.conv2c = Unit(64, 192, kernel=3)
        self.mixed3, self.mixed4 = _blocks("mixed3"), _blocks("mixed4")

    def forward(self, frames: Tensor) -> Tensor:
        """As the class says."""
        maps = _pool(self.conv1a(frames), (1, 3, 3), (1, 2, 2))
        maps = _pool(self.conv2c(self.conv2b(maps)), (1, 3, 3), (1, 2, 2))
        maps = _pool(self.mixed3(maps), (3, 3, 3), (2, 2, 2))
        early: Tensor = self.mixed4(maps)
        return early


class Unit(nn.Module):
    """A convolution and a ReLU; the batch normalisation between them is folded into the weights."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        """``kernel`` is odd."""
        super().__init__()
        self.conv = nn.Conv3d(inputs, outputs, kernel, padding=kernel // 2)

    def forward(self, maps: Tensor) -> Tensor:
        """[B, inputs, T, H, W] to [B, outputs, T, H, W]."""
        return F.relu(self.conv(maps), inplace=True)


class Stem(nn.Module):
    """A Unit with a kernel of 7 and a stride of 2."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(inputs, outputs, 7, 2)

    def forward(self, maps: Tensor) -> Tensor:
        """[B, inputs, T, H, W] to [B, outputs, T / 2, H / 2, W / 2]."""
        compute = _in_depth if maps.dtype == torch.bfloat16 else _strided
        return F.relu(compute(maps, self.conv), inplace=True)


def _strided(maps: Tensor, conv: nn.Conv3d) -> Tensor:
    found: Tensor = conv(pad_same(maps, conv.kernel_size, conv.stride))
    return found


def _in_depth(maps: Tensor, conv: nn.Conv3d) -> Tensor:
    """A convolution with a kernel of 7 and a stride of 2, computed as one of 4 and 1.

    Blocks of 2 x 2 x 2 values become 8 channels first (space to depth): processors use few channels
    badly in bfloat16, and this takes half of the time. In single precision it takes half as long
    again.
    """
    blocks = _to_depth(F.pad(maps, [n for s in maps.shape[:1:-1] for n in (s % 2, 0)]))
    padded = F.pad(blocks, (1, 2) * 3).contiguous(memory_format=torch.channels_last_3d)
    kernel = _to_depth(F.pad(conv.weight, (0, 1) * 3))
    return F.conv3d(padded, kernel, conv.bias)


def _to_depth(maps: Tensor) -> Tensor:
    """[B, C, T, H, W], all even, to [B, 8 C, T / 2, H / 2, W / 2]."""
    b, c, t, h, w = maps.shape
    blocks = maps.reshape(b, c, t // 2, 2, h // 2, 2, w // 2, 2)
    return blocks.permute(0, 1, 3, 5, 7, 2, 4, 6).reshape(b, 8 * c, t // 2, h // 2, w // 2)


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


def _blocks(group: str) -> nn.Sequential:
    blocks = nn.Sequential()
    for name, (inputs, outputs) in _BLOCKS[group].items():
        blocks.add_module(name, Mixed(inputs, outputs))
    return blocks


def _pool(maps: Tensor, kernel: tuple[int, int, int], stride: tuple[int, int, int]) -> Tensor:
    """The maximum in each picture first, and then over time, which is quicker than max_pool3d.

    Pictures are padded with less than any value. For the maps of a ReLU, which are never negative,
    that gives what zeros do.
    """
    pictures = maps.transpose(1, 2)
    before = [first for first, _ in _padding(maps.shape[3:], kernel[1:], stride[1:])]
    pooled = F.max_pool2d(pictures.flatten(0, 1), kernel[1:], stride[1:], before, ceil_mode=True)
    steps = pooled.view(*pictures.shape[:2], *pooled.shape[1:]).transpose(1, 2)
    padded = pad_same(steps, (kernel[0], 1, 1), (stride[0], 1, 1))
    count = (padded.shape[2] - kernel[0]) // stride[0] + 1
    in_time = [padded[:, :, k:][:, :, :: stride[0]][:, :, :count] for k in range(kernel[0])]
    maximum: Tensor = reduce(torch.maximum, in_time)
    return maximum


def pad_same(
    maps: Tensor, kernel: Sequence[int], stride: Sequence[int], value: float = 0
) -> Tensor:
    """Pad [B, C, T, H, W] with ``value`` as _padding() says."""
    sides = _padding(maps.shape[2:], kernel, stride)
    # F.pad() begins with the last dimension.
    flat = [n for pair in reversed(sides) for n in pair]
    return F.pad(maps, flat, value=value) if any(flat) else maps


def _padding(
    sizes: Sequence[int], kernel: Sequence[int], stride: Sequence[int]
) -> list[tuple[int, int]]:
    """What TensorFlow's SAME, with which the weights were trained, adds before and after each
    dimension: the odd one comes last."""
    sides = []
    for size, k, s in zip(sizes, kernel, stride, strict=True):
        missing = max((-(-size // s) - 1) * s + k - size, 0)
        sides.append((missing // 2, missing - missing // 2))
    return sides
