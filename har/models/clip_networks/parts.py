"""A clip network in two parts, to be trained on other labels: all but its last layer, and that."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from har.models.clip_networks.network import ClipNetwork, Normalise

_LAST = ("fc", "classifier")
"""What torchvision and transformers call the layer that makes logits."""


class Body(nn.Module):
    """Pixels of clips [B, T, size, size, 3] in 0..255 to vectors [B, 1, D], which its last layer
    would make logits of."""

    def __init__(self, model: ClipNetwork) -> None:
        super().__init__()
        self.source, self.geometry = model.source, model.geometry
        self.network: Any = model.network
        self._normalise = Normalise(model.geometry)
        library = self.network.network
        self._last = next(name for name in _LAST if hasattr(library, name))
        self.features: int = getattr(library, self._last).in_features
        setattr(library, self._last, nn.Identity())

    def forward(self, pixels: Tensor) -> Tensor:
        """As the class says."""
        pictures = self._normalise(pixels.flatten(0, 1))
        vectors: Tensor = self.network(pictures.view(*pixels.shape[:2], *pictures.shape[1:]))
        return vectors[:, None]

    @property
    def config(self) -> Any:
        """transformers' configuration of the network; None of torchvision's."""
        return getattr(self.network.network, "config", None)

    def joined(self, last: LastLayer) -> dict[str, Tensor]:
        """The weights of both parts, by the names that the network's library gives them."""
        layer = {f"{self._last}.{name}": w for name, w in last.layer.state_dict().items()}
        below: dict[str, Tensor] = self.network.network.state_dict()
        return below | layer


class LastLayer(nn.Module):
    """Vectors [B, 1, D] to logits [B, labels]; a head without attention."""

    def __init__(self, features: int, labels: int) -> None:
        super().__init__()
        self.layer = nn.Linear(features, labels)

    def forward(self, vectors: Tensor) -> tuple[Tensor, None]:
        """As the class says."""
        return self.layer(vectors.squeeze(1)), None


def split(model: ClipNetwork, labels: int) -> tuple[Body, LastLayer]:
    """The parts of a network, which is not to be used otherwise any more; the last one is new."""
    body = Body(model)
    return body, LastLayer(body.features, labels)
