"""The backbone that sees motion: I3D on small pictures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from har.models import i3d_weights, precision
from har.models.i3d import EARLY_CHANNELS, Early

SIZE = 112
"""Side of the pictures that it sees; twice that told the people of docs/experiments.md apart less
well, and costs eight times as much."""
_GRID = 2
"""Each step's map is averaged in 2 x 2 parts, so that where in the picture something moves is
kept."""


class MotionBackbone:
    """I3D with its weights. See Backbone for the methods.

    A clip of T frames has T / 4 steps, rounded up.
    """

    name = "i3d"
    features = _GRID * _GRID * EARLY_CHANNELS
    sees_clips = True
    mean = std = (0.5, 0.5, 0.5)

    def __init__(self, state: Mapping[str, Tensor] | None = None) -> None:
        self.network = MotionNetwork()
        if state is None:
            self.network.i3d.load_state_dict(i3d_weights.early())
        else:
            self.network.load_state_dict(state)
        self.network.eval().to(precision.device)

    @torch.inference_mode()
    def per_frame(self, pixels: NDArray[np.uint8]) -> Tensor:
        """Pictures made small, [n, 3, SIZE, SIZE] in -1..1."""
        return small(torch.from_numpy(pixels).to(precision.device))

    @torch.inference_mode()
    def per_clip(self, frames: Tensor) -> Tensor:
        with precision.autocast():
            vectors: Tensor = self.network.steps(frames)
        return vectors.float()


class MotionNetwork(nn.Module):
    """Clips of pixels [B, T, h, w, 3] in 0..255 to vectors [B, steps, features]."""

    def __init__(self) -> None:
        super().__init__()
        self.i3d = Early()

    def forward(self, pixels: Tensor) -> Tensor:
        """As the class says."""
        pictures = small(pixels.flatten(0, 1))
        return self.steps(pictures.view(*pixels.shape[:2], *pictures.shape[1:]))

    def steps(self, frames: Tensor) -> Tensor:
        """Small pictures [B, T, 3, SIZE, SIZE] in -1..1 to vectors [B, steps, features]."""
        clips = frames.transpose(1, 2).contiguous(memory_format=torch.channels_last_3d)
        maps = self.i3d(clips)
        parts = F.adaptive_avg_pool3d(maps.float(), (maps.shape[2], _GRID, _GRID))
        return parts.transpose(1, 2).flatten(2)


def small(pixels: Tensor) -> Tensor:
    """Pixels [n, h, w, 3] in 0..255 to [n, 3, SIZE, SIZE] in -1..1."""
    pictures = F.adaptive_avg_pool2d(pixels.permute(0, 3, 1, 2).float(), SIZE)
    return pictures / 127.5 - 1
