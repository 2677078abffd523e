"""The backbone that sees motion: I3D, whole, on pictures at their own shape."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from har.models import i3d_int8, i3d_weights, precision
from har.models.i3d import EARLY_CHANNELS, EARLY_FRAMES, I3D, LATE_CHANNELS, LATE_FRAMES
from har.types import Fit

_GRID = 2
"""Each step of the early map is averaged in 2 x 2 parts, so that where in the picture something
moves is kept."""
_EARLY = _GRID * _GRID * EARLY_CHANNELS
_LONGEST = 2
"""How many times as long as the shorter side the longer one may be; what is longer is squashed."""


class MotionBackbone:
    """I3D with its weights. See Backbone for the methods.

    A clip of T frames has T / 4 steps, rounded up. A step's vector has the early map's parts, and
    then the late map's mean over the picture, which two steps have in common.
    """

    name = "i3d"
    features = _EARLY + LATE_CHANNELS
    sees_clips = True
    mean = std = (0.5, 0.5, 0.5)

    def __init__(self, state: Mapping[str, Tensor] | None = None) -> None:
        self.network = MotionNetwork()
        if state is None:
            self.network.i3d.load_state_dict(i3d_weights.load())
        else:
            self.network.load_state_dict(state)
        self.network.eval().to(precision.device)
        self.number_format, self._vectors = _quickest(self.network, is_known=state is None)

    @staticmethod
    def fit(size: int) -> Fit:
        return Fit(size, longest=_LONGEST * size)

    def per_frame(self, pixels: NDArray[np.uint8]) -> Tensor:
        """The pixels, [n, h, w, 3] in 0..255: nothing of the network is of one frame alone."""
        return torch.from_numpy(pixels)

    @torch.inference_mode()
    def per_clip(self, frames: Tensor) -> Tensor:
        # One clip after the other, since together they are no quicker and take more memory.
        return torch.cat([self._vectors(clip[None].to(precision.device)) for clip in frames])

    @torch.inference_mode()
    def classify(self, vectors: Tensor) -> Tensor:
        """Vectors [B, steps, features] to the logits [B, 400] of Kinetics' actions."""
        return self.network.classify(vectors)


class MotionNetwork(nn.Module):
    """Clips of pixels [B, T, h, w, 3] in 0..255 to vectors [B, steps, features]."""

    def __init__(self) -> None:
        super().__init__()
        self.i3d = I3D()

    def forward(self, pixels: Tensor) -> Tensor:
        """As the class says."""
        clips = pixels.permute(0, 4, 1, 2, 3).float() / 127.5 - 1
        clips = clips.to(self.i3d.early.conv1a.conv.weight.dtype)
        early = self.i3d.early(clips.contiguous(memory_format=torch.channels_last_3d))
        return _pooled(early.float(), self.i3d.late(early).float())

    def classify(self, vectors: Tensor) -> Tensor:
        """Vectors [B, steps, features] to logits [B, 400]; see I3D.forward()."""
        late = vectors[:, :: LATE_FRAMES // EARLY_FRAMES, _EARLY:]
        logits: Tensor = self.i3d.classify(late.transpose(1, 2)).mean(1)
        return logits


def _quickest(network: MotionNetwork, *, is_known: bool) -> tuple[str, Callable[[Tensor], Tensor]]:
    """The number format in which the network is quickest on this machine, and the network in it.

    Integers are for known weights alone, of which the highest values of the maps are known.
    """
    if is_known and i3d_int8.is_available():
        maps = i3d_int8.load(network.i3d)
        return "int8", lambda pixels: _pooled(*maps(pixels.permute(0, 4, 1, 2, 3)))
    if precision.has_bfloat16():
        # Weights that are cast once, and not for each clip, take an eighth off its time.
        return "bfloat16", _half_of(network)
    return "float32", network


def _pooled(early: Tensor, late: Tensor) -> Tensor:
    """I3D's maps to vectors [B, steps, features]; see MotionBackbone."""
    parts = F.adaptive_avg_pool3d(early, (early.shape[2], _GRID, _GRID))
    late = late.mean((3, 4)).transpose(1, 2)
    steps = late.repeat_interleave(LATE_FRAMES // EARLY_FRAMES, dim=1)[:, : early.shape[2]]
    return torch.cat([parts.transpose(1, 2).flatten(2), steps], dim=2)


def _half_of(network: MotionNetwork) -> MotionNetwork:
    """A copy in bfloat16, its filters in the order that is quickest."""
    copied = copy.deepcopy(network).to(torch.bfloat16)
    return copied.to(memory_format=torch.channels_last_3d)
