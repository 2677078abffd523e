"""torchvision's 3D ResNets, trained on Kinetics-400 (Tran et al. 2018, arXiv 1711.11248)."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn
from torchvision.models import WeightsEnum, get_model, get_model_weights

from har.errors import CheckpointError
from har.models import registry
from har.models.clip_networks.network import ClipNetwork, Geometry
from har.models.labels import VOCABULARY
from har.types import Fit, Source

FRAMES = 16
FPS = 15.0
"""With which torchvision measured the accuracies that it tells; its weights hold neither."""


class ChannelsFirst(nn.Module):
    """A network whose clips have their channels before their frames: from clips [n, T, 3, h, w] to
    logits."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        # In memory the channels come last, which is an eighth faster.
        self.network = network.to(memory_format=torch.channels_last_3d)

    def forward(self, clips: Tensor) -> Tensor:
        ordered = clips.transpose(1, 2).contiguous(memory_format=torch.channels_last_3d)
        logits: Tensor = self.network(ordered)
        return logits


def weights(name: str) -> WeightsEnum:
    """What torchvision knows of a network's weights: their address, labels and preprocessing."""
    found: WeightsEnum = get_model_weights(name).DEFAULT
    return found


def load(source: Source) -> ClipNetwork:
    """The network of that name, from torch's own cache; nothing of the file is executed.

    Raises CheckpointError where the file is not such a network's.
    """
    network, file = empty(source), registry.torchvision_file(source)
    try:
        network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    except Exception as error:  # torch raises whatever its layers raise
        raise CheckpointError(
            f"The file {file.name} in torch's cache does not hold the weights of {source}. "
            f"Delete it and run 'python -m har models --fetch {source}'."
        ) from error
    return _model(source, f"{source} ({weights(source).name})", network)


def untrained(source: Source) -> ClipNetwork:
    """The same with random weights, for measuring its speed."""
    return _model(source, f"{source} (random weights)", empty(source))


def empty(source: Source, labels: int | None = None) -> nn.Module:
    """The network without its weights: clips [n, 3, T, h, w] to logits of so many labels, those of
    Kinetics-400 without."""
    count = labels or len(weights(source).meta["categories"])
    network: nn.Module = get_model(source, weights=None, num_classes=count)
    return network


def _model(source: Source, name: str, network: nn.Module) -> ClipNetwork:
    labels = VOCABULARY.labels(weights(source).meta["categories"])
    return ClipNetwork(source, name, labels, geometry(source), ChannelsFirst(network))


def geometry(name: str) -> Geometry:
    """What the weights were trained to see, in pictures twice as large."""
    transforms = weights(name).transforms()
    height, width = transforms.resize_size
    side = transforms.crop_size[0]
    return Geometry(
        frames=FRAMES,
        fps=FPS,
        fit=_fit(side, height, width),
        side=side,
        mean=tuple(transforms.mean),
        std=tuple(transforms.std),
    )


def resized(known: Geometry, side: int) -> Geometry:
    """The same in pictures of another side, cut out in the same proportions: it suits the networks
    of this module, which average over whatever is left of a picture."""
    scaled = known.fit.scaled
    assert isinstance(scaled, tuple), "as _fit() makes it"
    height, width = (round(length * side / known.fit.size) for length in scaled)
    return replace(known, fit=_fit(side, height, width), side=side)


def _fit(side: int, height: int, width: int) -> Fit:
    # As torchvision rounds.
    top, left = (round((length - side) / 2) for length in (height, width))
    return Fit(2 * side, (2 * height, 2 * width), (2 * top, 2 * left))
