"""Asks the trained model first, and the zero-shot model where the trained one is unsure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from har.models.labels import VOCABULARY
from har.models.zero_shot import ZeroShot
from har.recognition.clips import Frames
from har.types import UNKNOWN, Clip, Embeddings, Scores, Segment, Source, Top

_EVERY = 4
"""The zero-shot model looks at every fourth sampled frame: 8 of a clip's 32."""


class Cascade:
    """Turns the trained model's probabilities into segments, for one video.

    ``threshold`` is the trained confidence below which ``zero_shot`` is asked, with ``vocabulary``
    as its labels. ``embeddings`` has what was scored of the clips that it was asked about.
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
        self.threshold = threshold
        self.zero_shot = zero_shot
        self._vocabulary = vocabulary
        self.embeddings = Embeddings(zero_shot.source, zero_shot.name, {})
        self._position = -1
        self._of_frames: dict[int, Tensor] = {}

    def segment(
        self, clip: Clip, probabilities: Tensor, frames: Frames, actions: Tensor | None
    ) -> Segment:
        """The segment of a video's next clip, from its trained probabilities [labels], its frames,
        and the logits [400] of Kinetics' actions where the trained model tells them."""
        self._position += 1
        top = top_labels(self._trained_labels, probabilities)
        said = Scores(self._trained_source, top)
        segment = Segment(clip.start, clip.end, said.label, said.confidence, top, said.source)
        self._of_frames = {i: v for i, v in self._of_frames.items() if i >= frames.first}
        if said.confidence >= self.threshold:
            return quiet(segment, said) if VOCABULARY.is_background(said.label) else segment
        embedding = self._embedding(frames, actions)
        self.embeddings.vectors[self._position] = embedding
        return second_opinion(
            segment, said, embedding, self.zero_shot, self._vocabulary, self.threshold
        )

    def expect(self, first: int, pixels: NDArray[np.uint8]) -> None:
        """Embed frames [n, h, w, 3] from index ``first`` on before their clip is whole, so that
        nobody waits for it should the trained model be unsure."""
        if self.threshold > 0:
            self._embed(first, pixels, _every(first, first + len(pixels)))

    def _embed(self, first: int, pixels: NDArray[np.uint8], wanted: Iterable[int]) -> None:
        new = [i for i in wanted if i not in self._of_frames]
        if new:
            vectors = self.zero_shot.embed(pixels[[i - first for i in new]])
            self._of_frames |= dict(zip(new, vectors, strict=True))

    def _embedding(self, frames: Frames, actions: Tensor | None) -> NDArray[np.float16]:
        """What is scored of a clip; those that overlap share what was made of their frames.

        In half precision already here, so that what is kept of it is what was scored.
        """
        wanted = _every(frames.first, frames.end) or [frames.first]
        self._embed(frames.first, frames.pixels, wanted)
        looked = torch.stack([self._of_frames[i] for i in wanted])
        embedding = self.zero_shot.of_clip(looked, frames.pixels, actions)
        kept: NDArray[np.float16] = embedding.half().cpu().numpy()
        return kept


def _every(first: int, end: int) -> list[int]:
    """Those from ``first`` to before ``end`` that the zero-shot model looks at."""
    return [i for i in range(first, end) if i % _EVERY == 0]


def quiet(segment: Segment, trained: Scores) -> Segment:
    """A segment in which nothing is done, as the trained model is sure."""
    reason = (
        f"{trained.source} is sure that nothing is done: {trained.label} {trained.confidence:.2f}"
    )
    return replace(segment, label=UNKNOWN, reason=reason, trained=trained)


def second_opinion(
    segment: Segment,
    trained: Scores,
    embedding: NDArray[np.float16],
    model: ZeroShot,
    vocabulary: tuple[str, ...],
    threshold: float,
) -> Segment:
    """A segment, where ``trained`` is below the threshold, as the zero-shot model has it.

    ``embedding`` is what that model's of_clip() made of the clip.
    """
    probabilities = model.scores(torch.from_numpy(embedding).float(), vocabulary)
    top = top_labels(vocabulary, probabilities)
    label, confidence = top[0]
    # Rounded as in results, so that what is told from a result is the same.
    sure = round(trained.confidence, 4)
    reason = f"{trained.source} confidence {sure:.2f} below threshold {threshold:.2f}"
    if confidence < model.threshold:
        label = UNKNOWN
        reason += f"; {model.source} confidence {confidence:.2f} below {model.threshold:.2f}"
    return replace(
        segment,
        label=label,
        confidence=confidence,
        top5=top,
        source=model.source,
        reason=reason,
        trained=trained,
    )


def top_labels(labels: tuple[str, ...], probabilities: Tensor) -> Top:
    """The five most probable labels."""
    best = probabilities.float().cpu().topk(min(5, len(labels)))
    pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
    return tuple((labels[i], p) for i, p in pairs)
