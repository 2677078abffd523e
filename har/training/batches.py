"""What a training is fed: in each epoch one clip of each video, in an order of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from har.models import precision
from har.training import sampling
from har.training.pixels import Videos
from har.training.recipe import Recipe

Batch = tuple[Tensor, Tensor]
"""Clips [B, T, ...] and what they show, [B, labels]: 1 for the label of each, or none."""


class Clips(Protocol):
    """Videos of which each epoch sees one clip."""

    def __len__(self) -> int:
        """How many videos."""

    def batches(self, epoch: int | None) -> Iterator[Batch]:
        """The clips of an epoch, the same whenever it is asked for; None: those to validate with,
        in which nothing is random."""


@dataclass(frozen=True)
class CachedClips:
    """Clips of the vectors of a frozen backbone: [B, steps, D], a step for each frame where it sees
    each frame alone."""

    videos: Sequence[Tensor]
    """Each its vectors in V views; see har.training.features.Views."""
    targets: Tensor
    """Shape [videos, V, labels]."""
    recipe: Recipe

    def __len__(self) -> int:
        return len(self.videos)

    def batches(self, epoch: int | None) -> Iterator[Batch]:
        """See Clips."""
        for index in orders(len(self), self.recipe, epoch):
            clips, targets = zip(*(self._clip(i, epoch) for i in index), strict=True)
            yield torch.stack(clips), torch.stack(targets)

    def _clip(self, index: int, epoch: int | None) -> tuple[Tensor, Tensor]:
        rng = None if epoch is None else np.random.default_rng((self.recipe.seed, epoch, index))
        vectors = self.videos[index]
        shown = 0 if rng is None else int(rng.integers(len(vectors)))
        vectors = vectors[shown]
        return _chosen(vectors, self.recipe, rng).float(), self.targets[index, shown]


def _chosen(vectors: Tensor, recipe: Recipe, rng: np.random.Generator | None) -> Tensor:
    """A clip [steps, D] of a view: of its frames [n, D], or one of its clips [clips, steps, D]."""
    if vectors.ndim == 3:
        first = len(vectors) // 2 if rng is None else int(rng.integers(len(vectors)))
        return vectors[first]
    chosen = sampling.indices(recipe.sampling, len(vectors), recipe.frames, step=1, rng=rng)
    return vectors[torch.from_numpy(chosen)]


@dataclass(frozen=True)
class PixelClips:
    """Clips decoded anew in each epoch: uint8 [B, frames, size, size, 3], or with a frozen backbone
    its vectors of them, [B, steps, D]."""

    videos: Videos
    recipe: Recipe
    frozen: nn.Module | None
    """From pixels [B, T, h, w, 3] to vectors [B, steps, D]; None where it is fine-tuned."""

    def __len__(self) -> int:
        return len(self.videos)

    def batches(self, epoch: int | None) -> Iterator[Batch]:
        """See Clips."""
        order = orders(len(self), self.recipe, epoch)
        for clips, targets in self.videos.batches(order, epoch):
            yield clips if self.frozen is None else embedded(self.frozen, clips), targets


@torch.no_grad()
def embedded(backbone: nn.Module, clips: Tensor) -> Tensor:
    """Clips of pixels [B, T, h, w, 3] to float32 vectors [B, steps, D]."""
    with precision.autocast():
        vectors: Tensor = backbone(clips.to(precision.device))
    return vectors.float()


def orders(count: int, recipe: Recipe, epoch: int | None) -> list[list[int]]:
    """The indices of the videos in each batch of an epoch, shuffled where there is one."""
    if epoch is None:
        order = np.arange(count)
    else:
        order = np.random.default_rng((recipe.seed, epoch)).permutation(count)
    return [part.tolist() for part in np.split(order, range(recipe.batch, count, recipe.batch))]
