"""Asks the trained model first, and the zero-shot model where the trained one is unsure."""

from __future__ import annotations

import torch
from torch import Tensor

from har.models.zero_shot import ZeroShot
from har.recognition.clips import Frames
from har.types import UNKNOWN, Clip, Scores, Segment, Source, Top

_EVERY = 2
"""The zero-shot model looks at every second sampled frame: 8 of a clip's 16."""


class Cascade:
    """Turns the trained model's probabilities into segments, for one video.

    ``threshold`` is the trained confidence below which ``zero_shot`` is asked, with ``vocabulary``
    as its labels.
    """

    def __init__(
        self,
        trained_labels: tuple[str, ...],
        trained_source: Source,
        threshold: float,
        zero_shot: ZeroShot,
        vocabulary: tuple[str, ...],
    ) -> None:
        self._trained_labels = trained_labels
        self._trained_source = trained_source
        self._threshold = threshold
        self._zero_shot = zero_shot
        self._vocabulary = vocabulary
        self._embeddings: dict[int, Tensor] = {}

    def segment(self, clip: Clip, probabilities: Tensor, frames: Frames) -> Segment:
        """The segment of a clip, from its trained probabilities [labels] and its frames."""
        top = top_labels(self._trained_labels, probabilities)
        trained = Scores(self._trained_source, top)
        if trained.confidence >= self._threshold:
            return Segment(
                clip.start, clip.end, trained.label, trained.confidence, top, trained.source
            )
        return self._fallback(clip, trained, frames)

    def _fallback(self, clip: Clip, trained: Scores, frames: Frames) -> Segment:
        model = self._zero_shot
        probabilities = model.scores(self._embedding(frames), self._vocabulary)
        top = top_labels(self._vocabulary, probabilities)
        label, confidence = top[0]
        reason = (
            f"{trained.source} confidence {trained.confidence:.2f} "
            f"below threshold {self._threshold:.2f}"
        )
        if confidence < model.threshold:
            label = UNKNOWN
            reason += f"; {model.source} confidence {confidence:.2f} below {model.threshold:.2f}"
        return Segment(clip.start, clip.end, label, confidence, top, model.source, reason, trained)

    def _embedding(self, frames: Frames) -> Tensor:
        """The mean embedding of every second frame; clips that overlap share the frames' own."""
        wanted = [i for i in range(frames.first, frames.end) if i % _EVERY == 0]
        wanted = wanted or [frames.first]
        new = [i for i in wanted if i not in self._embeddings]
        if new:
            at = [i - frames.first for i in new]
            vectors = self._zero_shot.embed(frames.pixels[at])
            self._embeddings |= dict(zip(new, vectors, strict=True))
        self._embeddings = {i: v for i, v in self._embeddings.items() if i >= frames.first}
        return torch.stack([self._embeddings[i] for i in wanted]).mean(dim=0)


def top_labels(labels: tuple[str, ...], probabilities: Tensor) -> Top:
    """The five most probable labels."""
    best = probabilities.float().cpu().topk(min(5, len(labels)))
    pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
    return tuple((labels[i], p) for i, p in pairs)
