"""The Recognizer: from a probed video to its timeline."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from config import Settings
from har.errors import BadOption
from har.media.frames import frames
from har.models import precision, registry
from har.models.labels import KINETICS400
from har.models.trained import TrainedModel
from har.models.zero_shot.choice import ZeroShotChoice
from har.recognition import clips, timeline
from har.recognition.cascade import Cascade
from har.types import (
    Found,
    FrameBatch,
    Options,
    Report,
    Sampled,
    Segment,
    Thresholds,
    VideoFacts,
    ignore,
)

Timings = dict[str, float]
Batches = Generator[FrameBatch, None, None]


class Recognizer:
    """The models of one process, loaded once."""

    def __init__(
        self,
        model: TrainedModel,
        settings: Settings,
        name: str = "",
        zero_shot: ZeroShotChoice | None = None,
    ) -> None:
        """``name`` is by which the model is chosen, its source where it is empty; ``zero_shot``
        another recognizer's, to share with it."""
        precision.tune(settings.threads)
        self.model = model
        self.name = name or model.source
        self._settings = settings
        self.zero_shot = zero_shot or ZeroShotChoice(settings)

    @classmethod
    def load(
        cls,
        settings: Settings,
        path: Path | None = None,
        model: str = "",
        zero_shot: ZeroShotChoice | None = None,
    ) -> Recognizer:
        """The recognizer of a checkpoint, or of a model's name; without either, of the settings'.

        Raises CheckpointError, and for a name what registry.load() does.
        """
        if path is not None:
            return cls(registry.of_file(path), settings)
        loaded = registry.load(settings, model)
        return cls(loaded, settings, registry.known_as(settings, model, loaded), zero_shot)

    def warm_up(self) -> None:
        """Do once what would slow down the first video: build kernels, embed the vocabulary."""
        pixels = self._black()
        vectors = self.model.per_clip(self.model.per_frame(pixels)[None])
        self.model.judge(vectors)
        self._score(pixels, self.zero_shot.vocabulary)

    def expect_labels(self) -> None:
        """Load what labels need that nobody has used yet; known ones do without."""
        self._score(self._black(), (secrets.token_hex(8),))

    def _black(self) -> NDArray[np.uint8]:
        return np.zeros((self.model.frames, *self.model.fit.typical, 3), np.uint8)

    def _score(self, pixels: NDArray[np.uint8], labels: tuple[str, ...]) -> None:
        zero_shot = self.zero_shot.now()
        kinetics = torch.zeros(len(KINETICS400))
        zero_shot.scores(zero_shot.of_clip(zero_shot.embed(pixels[:1]), pixels, kinetics), labels)

    def recognise(
        self,
        video: VideoFacts,
        options: Options,
        progress: Callable[[float], None],
        found: Found = ignore,
        sampled: Sampled = ignore,
    ) -> Report:
        """What is done in a video, and when. ``progress`` gets fractions, 0..1.

        Raises BadOption for a stride longer than a clip, and the errors of frames().
        """
        progress(0.0)
        timings: Timings = {}
        cascade = self.cascade(options)
        decoded = _shown(self._frames(video), sampled)
        segments = []
        for segment in self._segments(video, decoded, options.stride, cascade, timings):
            segments.append(segment)
            found(segment)
            progress(min(1.0, (segment.end - video.start) / max(video.duration, 1e-9)))
        return replace(
            self.report(video, cascade),
            segments=tuple(segments),
            timeline=timeline.merge(segments, video.start, video.end),
            timings={name: round(seconds, 3) for name, seconds in timings.items()},
        )

    def report(self, video: VideoFacts, cascade: Cascade) -> Report:
        """What is known of a video before any segment is."""
        zero_shot = cascade.zero_shot
        return Report(
            video=video,
            segments=(),
            timeline=(),
            model=self.name,
            models={"trained": self.model.name, "zero_shot": self.zero_shot.told(zero_shot)},
            thresholds=Thresholds(cascade.threshold, zero_shot.threshold),
            embeddings=cascade.embeddings,
        )

    def _segments(
        self,
        video: VideoFacts,
        decoded: Batches,
        stride: int | None,
        cascade: Cascade,
        timings: Timings,
    ) -> Iterator[Segment]:
        """The segments of a video in their order, each as soon as it is known."""
        for ready, vectors in self._seen(decoded, stride, timings):
            yield from self._told(ready, vectors, cascade, video.end, timings)

    def _told(
        self,
        ready: list[clips.Frames],
        vectors: Tensor,
        cascade: Cascade,
        end: float,
        timings: Timings,
    ) -> Iterator[Segment]:
        """What is made of some clips and their vectors, in a video that ends at ``end``."""
        with _timed(timings, "head"):
            logits, attention = self.model.judge(vectors)
            probabilities = self.model.probabilities(logits)
            actions = self.model.actions(vectors)
        looked = [()] * len(ready) if attention is None else attention.tolist()
        for i, (clip, weights) in enumerate(zip(ready, looked, strict=True)):
            times = clips.clip_of(clip, 1 / self.model.fps, end)
            kinetics = None if actions is None else actions[i]
            with _timed(timings, "zero_shot"):
                segment = cascade.segment(times, probabilities[i], clip, kinetics)
            yield replace(segment, attention=tuple(weights))

    def prepared(self, pixels: NDArray[np.uint8]) -> Tensor:
        """What the backbone makes of each frame [n, size, size, 3] alone, [n, ...]."""
        return self.model.per_frame(pixels)

    def cascade(self, options: Options) -> Cascade:
        """The cascade for one video, or for one stream without an end."""
        model = self.model
        threshold = model.threshold if options.threshold is None else options.threshold
        vocabulary = options.labels or self.zero_shot.vocabulary
        zero_shot = self.zero_shot.now()
        return Cascade(model.labels, model.source, threshold, zero_shot, vocabulary)

    def segment(self, clip: clips.Frames, cascade: Cascade) -> Segment:
        """One clip of a stream whose end is not known, scored as those of a video are."""
        [segment] = self._told([clip], self._vectors([clip], {}), cascade, math.inf, {})
        return segment

    def clip_logits(self, video: VideoFacts, shuffle: int | None = None) -> NDArray[np.float32]:
        """The trained model's logits [clips, labels], of the clips that requests get.

        ``shuffle`` is the seed of an experiment: the frames of each clip come in a random order, so
        that nothing but what each of them shows is left.
        """
        return self._of_clips(self.model.judge, video, shuffle)

    def clip_evidence(self, video: VideoFacts, shuffle: int | None = None) -> NDArray[np.float32]:
        """As clip_logits(), but what the model makes its logits of, [clips, E]."""
        return self._of_clips(self.model.evidence, video, shuffle)

    def _of_clips(
        self,
        classify: Callable[[Tensor], tuple[Tensor, Tensor | None]],
        video: VideoFacts,
        shuffle: int | None,
    ) -> NDArray[np.float32]:
        order = None if shuffle is None else np.random.default_rng(shuffle)
        seen = self._seen(self._frames(video), None, {}, order)
        return torch.cat([classify(vectors)[0] for _, vectors in seen]).cpu().numpy()

    def clip_scores(self, video: VideoFacts) -> NDArray[np.float32]:
        """clip_logits() as the calibrated probabilities [clips, labels] that requests get."""
        logits = torch.from_numpy(self.clip_logits(video))
        return self.model.probabilities(logits).numpy()

    def _frames(self, video: VideoFacts) -> Batches:
        return frames(video, self.model.fps, self.model.fit, self._settings)

    def _seen(
        self,
        decoded: Batches,
        stride: int | None,
        timings: Timings,
        shuffle: np.random.Generator | None = None,
    ) -> Iterator[tuple[list[clips.Frames], Tensor]]:
        """Batches of clips with what the backbone makes of them, [clips, ...]."""
        model = self.model
        stride = self.stride(stride)
        for ready in clips.stream(self._embedded(decoded, timings), model.frames, stride):
            if ready:
                yield ready, self._vectors(ready, timings, shuffle)

    def stride(self, asked: int | None) -> int:
        """The frames from one clip's start to the next's. Raises BadOption."""
        model = self.model
        stride = model.stride if asked is None else asked
        if not 1 <= stride <= model.frames:
            raise BadOption(f"stride must be a whole number of frames from 1 to {model.frames}.")
        return stride

    def _vectors(
        self,
        ready: list[clips.Frames],
        timings: Timings,
        shuffle: np.random.Generator | None = None,
    ) -> Tensor:
        """What the backbone makes of some clips, [clips, ...]."""
        with _timed(timings, "backbone"):
            return self.model.per_clip(self._stacked(ready, shuffle))

    def _stacked(self, ready: list[clips.Frames], shuffle: np.random.Generator | None) -> Tensor:
        """What the backbone made of each frame of some clips, [clips, frames, ...]."""
        frames = [clips.pad(clip.features, self.model.frames) for clip in ready]
        if shuffle is not None:
            frames = [clip[torch.from_numpy(shuffle.permutation(len(clip)))] for clip in frames]
        return torch.stack(frames)

    def _embedded(self, decoded: Batches, timings: Timings) -> Iterator[tuple[FrameBatch, Tensor]]:
        """Batches of frames with what the backbone makes of each; the next batch decodes while it
        works."""
        last: tuple[NDArray[np.uint8], Tensor] | None = None
        with closing(_ahead(decoded)) as batches:
            while True:
                with _timed(timings, "decode"):
                    batch = next(batches, None)
                if batch is None:
                    return
                with _timed(timings, "backbone"):
                    vectors = self._embed(batch.pixels, last)
                last = batch.pixels[-1], vectors[-1]
                yield batch, vectors

    def _embed(
        self, pixels: NDArray[np.uint8], last: tuple[NDArray[np.uint8], Tensor] | None
    ) -> Tensor:
        """What the backbone makes of each frame, [n, ...]; a frame that equals the one before it (a
        slow frame rate, a still scene) takes it over."""
        before = [last[0] if last else None, *pixels[:-1]]
        new = [b is None or not np.array_equal(a, b) for a, b in zip(pixels, before, strict=True)]
        if all(new):
            return self.model.per_frame(pixels)
        known = [last[1][None]] if last else []
        fresh = [self.model.per_frame(pixels[new])] if any(new) else []
        at = np.cumsum(new) - (0 if last else 1)
        return torch.cat([*known, *fresh])[torch.from_numpy(at)]


def _shown(batches: Batches, sampled: Sampled) -> Batches:
    """The same batches, each shown to ``sampled`` first."""
    with closing(batches):
        for batch in batches:
            sampled(batch)
            yield batch


def _ahead(batches: Batches) -> Batches:
    """The same batches, each next one being made in a thread while the last is used."""
    with closing(batches), ThreadPoolExecutor(1, thread_name_prefix="decode") as pool:
        coming = pool.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, batches, None)
            yield batch


@contextmanager
def _timed(timings: Timings, name: str) -> Iterator[None]:
    began = time.perf_counter()
    try:
        yield
    finally:
        timings[name] = timings.get(name, 0.0) + time.perf_counter() - began
