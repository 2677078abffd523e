"""What the Recognizer needs of a trained model, and the kind that reads a checkpoint of ours."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from har.models import precision
from har.models.checkpoint import Checkpoint
from har.types import Fit, Source


class TrainedModel(Protocol):
    """A model that scores clips against the labels it was trained on.

    It works in three steps, so that nothing is done twice for clips that overlap and the time of
    each can be told: ``per_frame``, ``per_clip``, ``judge``.
    """

    @property
    def source(self) -> Source:
        """What its segments name."""

    @property
    def name(self) -> str:
        """What results call it."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can say, in the order of its scores."""

    @property
    def threshold(self) -> float:
        """Confidence below which the zero-shot model is asked, unless a request says otherwise."""

    @property
    def frames(self) -> int:
        """Sampled frames in a clip."""

    @property
    def fps(self) -> float:
        """Sampled frames per second of video."""

    @property
    def stride(self) -> int:
        """Sampled frames from the start of one clip to the start of the next."""

    @property
    def fit(self) -> Fit:
        """How frames become the square pictures that it is given, and their size."""

    def per_frame(self, pixels: NDArray[np.uint8]) -> Tensor:
        """What can be done for each frame once: [n, size, size, 3] in RGB to [n, ...]."""

    def per_clip(self, frames: Tensor) -> Tensor:
        """What needs the clip, and takes the most time: per_frame()'s [n, T, ...] to [n, ...]."""

    def judge(self, vectors: Tensor) -> tuple[Tensor, Tensor | None]:
        """per_clip()'s [n, ...] to logits [n, labels] and, where it has one, its attention
        [n, steps], of which each row adds up to 1."""

    def probabilities(self, logits: Tensor) -> Tensor:
        """judge()'s logits to probabilities [n, labels]."""


class CheckpointModel:
    """A checkpoint at work: its backbone, then its head. See TrainedModel.

    Raises CheckpointError where the backbone's weights cannot be had.
    """

    def __init__(self, checkpoint: Checkpoint, file: str) -> None:
        """``file`` is what the result calls the checkpoint."""
        self.source = checkpoint.head
        self.name = f"{checkpoint.head} on {checkpoint.backbone} ({file})"
        self.labels = checkpoint.labels
        self.threshold = checkpoint.threshold
        self.frames, self.fps = checkpoint.frames, checkpoint.fps
        self.stride = checkpoint.stride
        self.fit = Fit(checkpoint.size)
        backbone = checkpoint.embedder()
        self.per_frame, self.per_clip = backbone.per_frame, backbone.per_clip
        self.probabilities = checkpoint.probabilities
        self._head = checkpoint.network().to(precision.device)

    @torch.inference_mode()
    def judge(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        logits, attention = self._head(vectors)
        return logits.float(), attention.float()
