"""Recognises a stream while it runs: frames in, segments out, and nothing that grows."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from har.models.trained import TrainedModel
from har.recognition import timeline
from har.recognition.clips import Frames
from har.recognition.recognizer import Recognizer
from har.types import Action, Options, Report, Segment, VideoFacts

RECENT_SECONDS = 60.0
"""The stretch that the running timeline covers."""


@dataclass(frozen=True)
class Answer:
    """What was recognised in the clip that ended last."""

    segment: Segment
    latency: float
    """Seconds from the arrival of the clip's last frame."""
    dropped: int
    """Clips of the stream so far that were skipped, since others had come meanwhile."""


@dataclass(frozen=True)
class _Frame:
    index: int
    time: float
    arrived: float
    pixels: NDArray[np.uint8]


class Stream:
    """One stream of frames and the clips in it, which are those that its recording would have.

    One thread adds frames, which never waits for the networks; another takes answers(). At most one
    clip waits to be scored: where a later one is complete by then, it takes its place.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        options: Options,
        turns: AbstractContextManager[None] | None = None,
    ) -> None:
        """``turns`` are those of all streams that have the networks in common.

        Raises BadOption for a stride longer than a clip.
        """
        self.dropped = 0
        """Clips that were skipped so far."""
        self._recognizer = recognizer
        self._turns = turns or nullcontext()
        self._stride = recognizer.stride(options.stride)
        self._cascade = recognizer.cascade(options)
        self._kept: deque[_Frame] = deque(maxlen=recognizer.model.frames)
        self._count = 0
        self._since = 0
        """Frames since the last cut."""
        self._waiting: list[_Frame] | None = None
        self._ended = False
        self._news = threading.Condition()
        self._prepared: dict[int, Tensor] = {}
        self._recent: deque[Segment] = deque()

    def add(self, moment: float, pixels: NDArray[np.uint8]) -> None:
        """The next frame [size, size, 3] in RGB, which has just arrived.

        ``moment`` is the second that it stands for, a period of the model's rate after the one
        before.
        """
        with self._news:
            self._kept.append(_Frame(self._count, moment, time.monotonic(), pixels))
            self._count += 1
            self._since += 1
            if self._left_over() == 0:
                self._offer()
            self._news.notify()

    def cut(self) -> None:
        """Say that the next frame does not follow on the last, so that no clip may hold both."""
        with self._news:
            # As the last clip of a video is: aligned to its end.
            if self._kept and self._left_over() != 0:
                self._offer()
            self._kept.clear()
            self._since = 0
            self._news.notify()

    def end(self) -> None:
        """Say that no frame comes any more. answers() ends with what still waits."""
        self.cut()
        with self._news:
            self._ended = True
            self._news.notify()

    def answers(self) -> Iterator[Answer]:
        """The segments in their order, each as soon as it is known; waits for them."""
        while clip := self._next():
            with self._turns:
                segment = self._recognizer.segment(self._clip(clip), self._cascade)
            # They are for asking again about a recording, and would grow.
            self._cascade.embeddings.vectors.clear()
            self._remember(segment)
            yield Answer(segment, time.monotonic() - clip[-1].arrived, self.dropped)

    def timeline(self) -> tuple[Action, ...]:
        """The actions of the last minute, up to the last answer; empty where nothing was seen."""
        recent = list(self._recent)
        return timeline.merge(recent, recent[0].start, recent[-1].end) if recent else ()

    @property
    def model(self) -> TrainedModel:
        """Whose frames it is to get."""
        return self._recognizer.model

    def report(self, video: VideoFacts) -> Report:
        """What there is to report of the stream beside its segments."""
        return self._recognizer.report(video, self._cascade)

    def _left_over(self) -> int:
        """Frames that came after the end of the last clip, before the first negative."""
        beyond = self._since - self._recognizer.model.frames
        return beyond if beyond < 0 else beyond % self._stride

    def _offer(self) -> None:
        self.dropped += self._waiting is not None
        self._waiting = list(self._kept)

    def _next(self) -> list[_Frame] | None:
        """The clip that waits; what comes before it is prepared meanwhile. None at the end."""
        while True:
            with self._news:
                self._news.wait_for(lambda: self._waiting or self._ended or self._unprepared())
                if self._waiting or self._ended:
                    clip, self._waiting = self._waiting, None
                    return clip
                fresh = self._unprepared()
            with self._turns:
                self._prepare(fresh)
                # One after the other: a cut may lie between them.
                for frame in fresh:
                    self._cascade.expect(frame.index, frame.pixels[None])

    def _unprepared(self) -> list[_Frame]:
        return [frame for frame in self._kept if frame.index not in self._prepared]

    def _prepare(self, fresh: Sequence[_Frame]) -> None:
        features = self._recognizer.prepared(np.stack([frame.pixels for frame in fresh]))
        self._prepared |= {f.index: row for f, row in zip(fresh, features, strict=True)}

    def _clip(self, clip: Sequence[_Frame]) -> Frames:
        if fresh := [frame for frame in clip if frame.index not in self._prepared]:
            self._prepare(fresh)
        first = clip[0].index
        self._prepared = {i: row for i, row in self._prepared.items() if i >= first}
        return Frames(
            first,
            np.array([frame.time for frame in clip]),
            np.stack([frame.pixels for frame in clip]),
            torch.stack([self._prepared[frame.index] for frame in clip]),
        )

    def _remember(self, segment: Segment) -> None:
        self._recent.append(segment)
        while self._recent[0].end <= segment.end - RECENT_SECONDS:
            self._recent.popleft()
