"""The backbone: the network that turns a clip's frames into vectors for the head to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from har.errors import CheckpointError
from har.models.frame_backbone import FrameBackbone, FrameNetwork, empty
from har.models.motion_backbone import MotionBackbone, MotionNetwork
from har.types import Fit

MOTION = MotionBackbone.name
DEFAULT = MOTION

Channels = tuple[float, float, float]


class Backbone(Protocol):
    """What both kinds of backbone do, so that nothing is done twice for clips that overlap."""

    @property
    def name(self) -> str:
        """What load() knows it by."""

    @property
    def features(self) -> int:
        """Length of the vectors."""

    @property
    def number_format(self) -> str:
        """In which it is computed on this machine: ``int8``, ``bfloat16`` or ``float32``."""

    @property
    def sees_clips(self) -> bool:
        """Whether vectors are of a clip; else each is of one frame, whatever the clip."""

    @property
    def network(self) -> nn.Module:
        """The whole way, with gradients: pixels of clips [B, T, h, w, 3] in 0..255 to vectors
        [B, steps, features]."""

    def fit(self, size: int) -> Fit:
        """How a video's pictures become those that it sees; ``size`` is their shorter side."""

    def per_frame(self, pixels: NDArray[np.uint8]) -> Tensor:
        """What can be done for each frame once, [n, h, w, 3] in RGB to [n, ...]."""

    def per_clip(self, frames: Tensor) -> Tensor:
        """What needs the clip: per_frame()'s [B, T, ...] to vectors [B, steps, features]."""


def load(name: str, state: Mapping[str, Tensor] | None = None) -> Backbone:
    """``i3d``, which sees motion, or any network of timm's, which sees each frame alone.

    ``state`` holds weights of its ``network``; without them come those of its package. Raises
    CheckpointError where there are none.
    """
    return MotionBackbone(state) if name == MOTION else FrameBackbone(name, state)


def network(name: str) -> nn.Module:
    """The network of a backbone without weights."""
    return MotionNetwork() if name == MOTION else FrameNetwork(empty(name))


def normalisation(name: str) -> tuple[Channels, Channels]:
    """Mean and standard deviation per channel, of pixels in 0..1, that a backbone expects.

    Raises CheckpointError for a name that there is not.
    """
    if name == MOTION:
        return MotionBackbone.mean, MotionBackbone.std
    import timm  # three seconds

    config = timm.get_pretrained_cfg(name)
    if config is None:
        raise CheckpointError(f"There is no backbone {name}: neither {MOTION} nor one of timm's.")
    return tuple(config.mean), tuple(config.std)
