"""I3D as a model of its own: Kinetics-400's actions, by the classifier that was trained on them."""

from __future__ import annotations

from torch import Tensor, nn

from har.models import i3d_weights
from har.models.clip_networks.network import ClipNetwork, Geometry
from har.models.i3d import I3D, LATE_CHANNELS
from har.models.labels import KINETICS400
from har.models.motion_backbone import MotionBackbone
from har.types import Source

SOURCE: Source = "i3d"
FRAMES = 32
FPS = 12.5
SIZE = 192


class ChannelsFirst(nn.Module):
    """Clips [n, T, 3, h, w] to logits [n, labels]."""

    def __init__(self, network: I3D) -> None:
        super().__init__()
        self.network = network

    def forward(self, clips: Tensor) -> Tensor:
        """As the class says."""
        logits: Tensor = self.network(clips.transpose(1, 2))
        return logits


def load() -> ClipNetwork:
    """The network with the weights that come with us. Raises CheckpointError."""
    return _model("i3d (Kinetics-400)", i3d_weights.pretrained())


def untrained() -> ClipNetwork:
    """The same with random weights."""
    return _model("i3d (random weights)", I3D())


def empty(labels: int) -> nn.Module:
    """The network without its weights, for so many labels."""
    network = I3D()
    network.classifier = nn.Linear(LATE_CHANNELS, labels)
    return network


def geometry(size: int = SIZE) -> Geometry:
    """What it sees: the whole picture, at its own shape."""
    return Geometry(
        frames=FRAMES,
        fps=FPS,
        fit=MotionBackbone.fit(size),
        side=size,
        mean=MotionBackbone.mean,
        std=MotionBackbone.std,
    )


def _model(name: str, network: I3D) -> ClipNetwork:
    return ClipNetwork(SOURCE, name, KINETICS400, geometry(), ChannelsFirst(network))
