"""Clips of pixels to fine-tune a network on, decoded while the clips before them are learnt."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from config import Settings
from har.errors import ManifestError, MediaError
from har.media.frames import frames
from har.media.probe import probe
from har.training import sampling
from har.training.augmentation import Plan
from har.training.manifest import Row
from har.types import Fit

_WORKERS = min(8, os.cpu_count() or 1)
"""Videos that are decoded at once; each of them is in memory whole, for as long as that lasts."""
_AHEAD = 2 * _WORKERS
"""Clips that are made or waiting beside those that were handed out."""


@dataclass(frozen=True, kw_only=True)
class Videos:
    """Labelled videos, each of which gives a clip of pixels per epoch.

    What is random in a clip depends on the seed, the epoch and the video's index alone: any part of
    a training run can be repeated.
    """

    rows: Sequence[Row]
    root: Path
    """The folder that the rows' files are below."""
    labels: Sequence[str]
    """The actions to learn."""
    fps: float
    """Frames per second that sampling chooses from."""
    fit: Fit
    """How frames become the square pictures that the network takes."""
    frames: int
    """Frames in a clip."""
    step: int
    """See sampling.indices()."""
    sampling: str
    """One of sampling.NAMES."""
    plan: Plan
    seed: int
    settings: Settings

    def __len__(self) -> int:
        return len(self.rows)

    def clip(self, index: int, epoch: int | None) -> tuple[Tensor, Tensor]:
        """A clip of one video, uint8 [frames, size, size, 3] in RGB, and its target [labels].

        The target holds a 1 for the label that the clip shows, after what augmentation made of it,
        or none. Without ``epoch`` nothing is random and nothing is augmented: the clip to validate
        with. Raises ManifestError, with the file's name, for one that is no usable video.
        """
        label, pixels = self.rows[index].label, self._decoded(index)
        if epoch is None:
            pixels = pixels[self._sampled(pixels, None)]
        else:
            rng = np.random.default_rng((self.seed, epoch, index))
            pixels, label = self.plan.before(pixels, label, rng)
            pixels = pixels[self._sampled(pixels, rng)]
            pixels, label = self.plan.after(pixels, label, rng)
        target = torch.tensor([float(label == known) for known in self.labels])
        return torch.from_numpy(np.ascontiguousarray(pixels)), target

    def batches(
        self, order: Sequence[Sequence[int]], epoch: int | None
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """For each batch of indices its clips [batch, frames, ...] and targets [batch, labels],
        as clip() gives them, made by threads that work ahead."""
        made = _ahead(lambda index: self.clip(index, epoch), chain.from_iterable(order))
        with closing(made):
            for batch in order:
                clips, targets = zip(*islice(made, len(batch)), strict=True)
                yield torch.stack(clips), torch.stack(targets)

    def _decoded(self, index: int) -> NDArray[np.uint8]:
        file = self.rows[index].file
        try:
            facts = probe(self.root / file, self.settings)
            batches = frames(facts, self.fps, self.fit, self.settings)
            return np.concatenate([batch.pixels for batch in batches])
        except MediaError as error:
            raise ManifestError(f"{file} cannot be used: {error.detail}") from error

    def _sampled(
        self, pixels: NDArray[np.uint8], rng: np.random.Generator | None
    ) -> NDArray[np.int64]:
        return sampling.indices(self.sampling, len(pixels), self.frames, self.step, rng)


def _ahead(
    work: Callable[[int], tuple[Tensor, Tensor]], indices: Iterable[int]
) -> Generator[tuple[Tensor, Tensor], None, None]:
    """What ``work`` gives for each index, in their order."""
    pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="pixels")
    try:
        left = iter(indices)
        waiting = deque(pool.submit(work, index) for index in islice(left, _AHEAD))
        while waiting:
            made = waiting.popleft().result()
            waiting.extend(pool.submit(work, index) for index in islice(left, 1))
            yield made
    finally:
        pool.shutdown(cancel_futures=True)
