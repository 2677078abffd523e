"""Cuts the stream of frames into overlapping clips, and drops those no longer needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from har.types import Clip, FrameBatch


@dataclass(frozen=True)
class Frames:
    """Consecutive frames with their vectors."""

    first: int
    """Index of the first of them in the stream."""
    times: NDArray[np.float64]
    """Shape [n], seconds."""
    pixels: NDArray[np.uint8]
    """Shape [n, h, w, 3], RGB."""
    features: Tensor
    """Shape [n, ...]: what the backbone made of each frame alone."""

    def __len__(self) -> int:
        return len(self.times)

    @property
    def end(self) -> int:
        """Index after the last of them."""
        return self.first + len(self)

    def cut(self, start: int, end: int) -> Frames:
        """Those with stream indices in [start, end)."""
        part = slice(max(0, start - self.first), max(0, end - self.first))
        return Frames(
            self.first + part.start, self.times[part], self.pixels[part], self.features[part]
        )

    def extended(self, batch: FrameBatch, features: Tensor) -> Frames:
        """These and a batch that follows on them."""
        return Frames(
            self.first,
            np.concatenate([self.times, batch.times]),
            np.concatenate([self.pixels, batch.pixels]),
            torch.cat([self.features, features]),
        )


def windows(count: int, frames: int, stride: int) -> list[int]:
    """First frame of each clip in a video of ``count`` sampled frames.

    Clips begin every ``stride`` frames; a last one is aligned to the video's end where frames would
    be left over. A video shorter than a clip has one clip.
    """
    last = max(0, count - frames)
    starts = list(range(0, last + 1, stride))
    return starts if starts[-1] == last else [*starts, last]


def pad(features: Tensor, frames: int) -> Tensor:
    """Frames [n, ...] with the last repeated up to [frames, ...]; longer ones stay as they are."""
    missing = frames - len(features)
    if missing <= 0:
        return features
    return torch.cat([features, features[-1:].expand(missing, *features.shape[1:])])


def stream(
    embedded: Iterable[tuple[FrameBatch, Tensor]], frames: int, stride: int
) -> Iterator[list[Frames]]:
    """The clips of a stream, those that each batch completes together.

    They are the ones of windows(). At most ``frames`` frames and one batch are held at a time.
    """
    kept: Frames | None = None
    due = 0
    for batch, features in embedded:
        fresh = Frames(0, batch.times, batch.pixels, features)
        kept = kept.extended(batch, features) if kept else fresh
        ready = []
        while due + frames <= kept.end:
            ready.append(kept.cut(due, due + frames))
            due += stride
        yield ready
        # The last clip may have to reach back as far as a whole clip.
        kept = kept.cut(max(kept.first, min(due, kept.end - frames)), kept.end)
    if kept and (due == 0 or due - stride + frames < kept.end):
        yield [kept.cut(kept.end - frames, kept.end)]


def clip_of(frames: Frames, period: float, end: float) -> Clip:
    """The times of a clip whose frames are ``period`` seconds apart, in a video that ends at
    ``end``."""
    return Clip(frames.first, float(frames.times[0]), min(float(frames.times[-1]) + period, end))
