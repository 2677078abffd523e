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
from har.training.features import Views
from har.training.manifest import Row


@dataclass(frozen=True)
class Dataset:
    """Videos, what they show, and the folds that hold them back."""

    rows: tuple[Row, ...]
    labels: tuple[str, ...]
    """The actions to learn, in the order of their names."""
    videos: tuple[Tensor, ...]
    """Each the vectors of a video in V views; see Views."""
    targets: Tensor
    """Shape [videos, V, labels]: 1 for the label that each view shows; all 0 for another action."""
    folds: NDArray[np.int64]
    """Shape [videos]: the fold in which each is not trained on."""


def assemble(
    rows: Sequence[Row],
    features: Sequence[Views],
) -> Dataset:
    """The data set of a manifest's rows and their vectors.

    Raises ManifestError for fewer than two labels or two folds: nothing could be held back.
    """
    labels = learnt(rows)
    targets = [
        [[float(label == known) for known in labels] for label in views.labels]
        for views in features
    ]
    return Dataset(
        rows=tuple(rows),
        labels=labels,
        videos=tuple(torch.from_numpy(views.vectors) for views in features),
        targets=torch.tensor(targets),
        folds=np.array(manifest.held_back(rows)),
    )


def learnt(rows: Sequence[Row]) -> tuple[str, ...]:
    """The labels to learn. Raises ManifestError for fewer than two, or fewer than two folds."""
    labels = tuple(sorted({row.label for row in manifest.known(rows)}))
    if len(labels) < 2:
        raise ManifestError("Training needs clips of two labels or more.")
    if len({row.fold for row in manifest.known(rows)}) < 2:
        raise ManifestError("Training needs two folds or more, so that one can be held back.")
    return labels
