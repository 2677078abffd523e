"""A manifest's videos as tensors to train on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from har.errors import ManifestError
from har.training import manifest
from har.training.augmentation import mirrored_label, reversed_label
from har.training.features import Features
from har.training.manifest import Row


@dataclass(frozen=True)
class Dataset:
    """Videos, what they show, and the folds that hold them back."""

    rows: tuple[Row, ...]
    labels: tuple[str, ...]
    """The actions to learn, in the order of their names."""
    videos: tuple[Tensor, ...]
    """Each as Features has it: the vectors of a video in V views."""
    targets: Tensor
    """Shape [videos, V, labels]: 1 for the label that each view shows; all 0 for another action."""
    folds: NDArray[np.int64]
    """Shape [videos]: the fold in which each is not trained on."""


def assemble(
    rows: Sequence[Row],
    features: Sequence[Features],
    reversals: Mapping[str, str] | None = None,
    mirrors: Mapping[str, str] | None = None,
) -> Dataset:
    """The data set of a manifest's rows and their vectors.

    A view that would show nothing certain (a walk in reverse) is the one that is not reversed, so
    that each may be used without asking. ``reversals`` and ``mirrors`` are pairs of labels beside
    those that are known. Raises ManifestError for fewer than two labels or two folds: nothing
    could be held back.
    """
    labels = learnt(rows)
    videos, targets = [], []
    for row, vectors in zip(rows, features, strict=True):
        shown = [_shown(row.label, view, reversals, mirrors) for view in range(len(vectors))]
        videos.append(torch.from_numpy(vectors[[view for view, _ in shown]]))
        targets.append([[float(label == known) for known in labels] for _, label in shown])
    return Dataset(
        rows=tuple(rows),
        labels=labels,
        videos=tuple(videos),
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


def _shown(
    label: str, view: int, reversals: Mapping[str, str] | None, mirrors: Mapping[str, str] | None
) -> tuple[int, str]:
    """The view to use for this one, and what it shows."""
    if view & 1:
        label = mirrored_label(label, mirrors)
    if not view & 2:
        return view, label
    reversed_ = reversed_label(label, reversals)
    return (view, reversed_) if reversed_ else (view & 1, label)
