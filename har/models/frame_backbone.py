"""The backbone that sees each frame alone: a timm network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from har.errors import CheckpointError
from har.models import imagenet, precision
from har.types import Fit

PACKAGED = "tf_efficientnet_lite0"
"""The network whose ImageNet weights come inside a package that is installed with us."""


class FrameBackbone:
    """A timm network with its weights and the preprocessing they came with; a step for each frame.

    ``name`` is any of timm's. Weights that no package brings are timm's, from its cache or the
    model hub. Raises CheckpointError where they cannot be had. See Backbone for the methods.
    """

    sees_clips = False

    def __init__(self, name: str, state: Mapping[str, Tensor] | None = None) -> None:
        self.name = name
        self.network = FrameNetwork(pretrained(name) if state is None else empty(name))
        if state is not None:
            self.network.load_state_dict(state)
        self.features: int = self.network.cnn.num_features
        self.number_format = precision.number_format()
        self.network.eval().to(precision.device).to(memory_format=torch.channels_last)

    @staticmethod
    def fit(size: int) -> Fit:
        return Fit(size)

    @torch.inference_mode()
    def per_frame(self, pixels: NDArray[np.uint8]) -> Tensor:
        """Vectors [n, features]."""
        with precision.autocast():
            vectors: Tensor = self.network.vectors(torch.from_numpy(pixels).to(precision.device))
        return vectors.float()

    def per_clip(self, frames: Tensor) -> Tensor:
        return frames


class FrameNetwork(nn.Module):
    """Clips of pixels [B, T, h, w, 3] in 0..255 to vectors [B, T, features]."""

    mean: Tensor
    std: Tensor

    def __init__(self, cnn: Any) -> None:
        # Any: timm's networks have methods that torch's types do not know.
        super().__init__()
        self.cnn = cnn
        for name in ("mean", "std"):
            values = torch.tensor(cnn.pretrained_cfg[name]).view(3, 1, 1)
            self.register_buffer(name, values, persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """As the class says."""
        return self.vectors(pixels.flatten(0, 1)).view(*pixels.shape[:2], -1)

    def vectors(self, pixels: Tensor) -> Tensor:
        """Frames [n, h, w, 3] in 0..255 to vectors [n, features]."""
        # Channels-last in memory is what the network runs fastest on, and what frames are.
        images = pixels.permute(0, 3, 1, 2).float()
        maps = self.cnn.forward_features((images / 255 - self.mean) / self.std)
        vectors: Tensor = self.cnn.forward_head(maps, pre_logits=True)
        return vectors


def pretrained(name: str) -> Any:
    """timm's network of that name with its weights. Raises CheckpointError."""
    return _packaged() if name == PACKAGED else _from_timm(name)


def _packaged() -> Any:
    network = empty(PACKAGED)
    # The package's names differ from timm's; the tensors come in the same order and shapes.
    tensors = imagenet.state().values()
    network.load_state_dict(dict(zip(network.state_dict(), tensors, strict=True)))
    return network


def empty(name: str) -> Any:
    """timm's network of that name without its weights."""
    import timm  # three seconds

    return timm.create_model(name, pretrained=False)


def _from_timm(name: str) -> Any:
    import timm  # three seconds

    try:
        network: Any = timm.create_model(name, pretrained=True)
    except Exception as error:  # timm and the hub raise whatever their layers raise
        raise CheckpointError(
            f"The weights of the backbone {name} cannot be had here: fetch them on a machine "
            "that reaches the model hub, or use the default backbone."
        ) from error
    return network
