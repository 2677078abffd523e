"""What the networks of all libraries have in common: clips of pixels in, labels' logits out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from har.errors import CheckpointError
from har.models import confidence, precision
from har.models.clip_networks import THRESHOLD
from har.models.labels import KINETICS400, is_label
from har.types import Fit, Source

_TOGETHER = 4
"""Clips that go through a network at once; of the largest networks more would take gigabytes."""


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """What a network was trained to see."""

    frames: int
    fps: float
    fit: Fit
    side: int
    """Pixels of the network's own pictures; those of ``fit`` may be a multiple of it, for the
    zero-shot model to see more."""
    mean: tuple[float, ...]
    std: tuple[float, ...]
    """Per channel, of pixels in 0..1."""


class Normalise(nn.Module):
    """Pixels [n, size, size, 3] in 0..255 to the network's pictures [n, 3, side, side]."""

    mean: Tensor
    std: Tensor

    def __init__(self, geometry: Geometry) -> None:
        super().__init__()
        self._shrink = geometry.fit.size // geometry.side
        for name in ("mean", "std"):
            values = torch.tensor(getattr(geometry, name)).view(3, 1, 1)
            self.register_buffer(name, values, persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """As the class says."""
        images = pixels.permute(0, 3, 1, 2).float()
        if self._shrink > 1:
            images = F.avg_pool2d(images, self._shrink)
        return (images / 255 - self.mean) / self.std


class ClipNetwork:
    """A network at work. See TrainedModel for the methods.

    Clips overlap by half unless ``stride`` says otherwise. ``probabilities`` is what makes them of
    judge()'s logits; without it they are the network's softmax. Raises CheckpointError for labels
    that cannot be shown.
    """

    def __init__(
        self,
        source: Source,
        name: str,
        labels: tuple[str, ...],
        geometry: Geometry,
        network: nn.Module,
        *,
        stride: int | None = None,
        threshold: float = THRESHOLD,
        probabilities: Callable[[Tensor], Tensor] = torch.sigmoid,
    ) -> None:
        """``network`` takes normalised clips [n, T, 3, side, side], and gives scores of which a
        softmax makes probabilities."""
        if len(set(labels)) != len(labels) or not all(is_label(label) for label in labels):
            raise CheckpointError(f"The labels of {name} are not texts that differ.")
        self.source, self.name, self.labels = source, name, labels
        self.geometry = geometry
        self.frames, self.fps = geometry.frames, geometry.fps
        self.stride = stride or max(1, geometry.frames // 2)
        self.fit = geometry.fit
        self.threshold = threshold
        self.probabilities = probabilities
        self.network = network.eval().to(precision.device)
        self._normalise = Normalise(geometry).to(precision.device)
        index = {label: i for i, label in enumerate(labels)}
        is_kinetics = all(label in index for label in KINETICS400)
        self._kinetics = [index[label] for label in KINETICS400] if is_kinetics else None

    @torch.inference_mode()
    def per_frame(self, pixels: NDArray[np.uint8]) -> Tensor:
        """Normalised pictures [n, 3, side, side]."""
        pictures: Tensor = self._normalise(torch.from_numpy(pixels).to(precision.device))
        return pictures

    @torch.inference_mode()
    def per_clip(self, frames: Tensor) -> Tensor:
        """The network's scores [n, labels]."""
        with precision.autocast():
            parts = [
                self.network(frames[i : i + _TOGETHER]) for i in range(0, len(frames), _TOGETHER)
            ]
        return torch.cat(parts).float()

    def actions(self, vectors: Tensor) -> Tensor | None:
        """The scores [n, 400] of a network that was trained on Kinetics, whatever its own order."""
        return None if self._kinetics is None else vectors[:, self._kinetics]

    def evidence(self, vectors: Tensor) -> tuple[Tensor, None]:
        """The same as judge()."""
        return self.judge(vectors)

    def judge(self, vectors: Tensor) -> tuple[Tensor, None]:
        """The logarithms of the labels' odds."""
        return confidence.log_odds(vectors), None
