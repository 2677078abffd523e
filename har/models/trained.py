"""What the Recognizer needs of a trained model, and the kind that reads a checkpoint of ours."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from har.models import precision
from har.models.checkpoint import Checkpoint, place
from har.models.joint import Joint, similarity
from har.models.motion_backbone import MotionBackbone
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
        """How frames become the pictures that it is given, and their size."""

    def per_frame(self, pixels: NDArray[np.uint8]) -> Tensor:
        """What can be done for each frame once: [n, h, w, 3] in RGB to [n, ...]."""

    def per_clip(self, frames: Tensor) -> Tensor:
        """What needs the clip, and takes the most time: per_frame()'s [n, T, ...] to [n, ...]."""

    def actions(self, vectors: Tensor) -> Tensor | None:
        """per_clip()'s [n, ...] to the logits [n, 400] of Kinetics' actions, in the order of
        KINETICS400; None where the model cannot tell them."""

    def evidence(self, vectors: Tensor) -> tuple[Tensor, Tensor | None]:
        """What judge() makes its logits of, [n, E], and its attention."""

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
        backbone = checkpoint.embedder()
        self.fit = backbone.fit(checkpoint.size)
        self.per_frame, self.per_clip = backbone.per_frame, backbone.per_clip
        self.probabilities = checkpoint.probabilities
        self._head = checkpoint.network().to(precision.device)
        self._classify = backbone.classify if isinstance(backbone, MotionBackbone) else None
        self._joint: Joint | None = None
        if checkpoint.gate:
            self._joint = Joint(checkpoint.learnt, checkpoint.gate).to(precision.device)
        self._exemplars = checkpoint.exemplars.to(precision.device)

    @torch.inference_mode()
    def judge(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        logits, attention = self.evidence(vectors)
        if self._joint:
            logits = self._joint(logits)
        return logits.float(), attention.float()

    @torch.inference_mode()
    def evidence(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """What judge() makes its logits of, [n, ...], and the attention: the head's own logits, or
        what Joint takes."""
        logits, attention = self._head(vectors)
        if self._joint:
            actions = self.actions(vectors)
            assert actions is not None, "as the file was checked"
            near = similarity(place(self._head, vectors), self._exemplars)
            logits = torch.cat([logits.float(), actions, near[:, None]], dim=1)
        return logits, attention

    @torch.inference_mode()
    def actions(self, vectors: Tensor) -> Tensor | None:
        """See TrainedModel."""
        return self._classify(vectors) if self._classify else None
