"""A manifest's videos as tensors to train on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from har.errors import ManifestError
from har.training import manifest
from har.training.features import Features
from har.training.manifest import Row


@dataclass(frozen=True)
class Dataset:
    """Videos, what they show, and the folds that hold them back."""

    rows: tuple[Row, ...]
    labels: tuple[str, ...]
    """The actions to learn, in the order of their names."""
    videos: tuple[Tensor, ...]
    """Each [2, n, D]: the vectors of a video's frames, as they are and mirrored."""
    targets: Tensor
    """Shape [videos, labels]: 1 for the label of each; all 0 for a video of another action."""
    folds: NDArray[np.int64]
    """Shape [videos]: the fold in which each is not trained on."""

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """Shape [videos]: whether a video shows one of the labels."""
        return self.targets.any(dim=1).numpy()


def assemble(rows: Sequence[Row], features: Sequence[Features]) -> Dataset:
    """The data set of a manifest's rows and their vectors.

    Raises ManifestError for fewer than two labels or two folds: nothing could be held back.
    """
    labels = tuple(sorted({row.label for row in manifest.known(rows)}))
    if len(labels) < 2:
        raise ManifestError("Training needs clips of two labels or more.")
    if len({row.fold for row in manifest.known(rows)}) < 2:
        raise ManifestError("Training needs two folds or more, so that one can be held back.")
    targets = torch.tensor([[float(row.label == label) for label in labels] for row in rows])
    return Dataset(
        rows=tuple(rows),
        labels=labels,
        videos=tuple(torch.from_numpy(vectors) for vectors in features),
        targets=targets,
        folds=np.array(manifest.held_back(rows)),
    )
