"""What a run learns from: its labels, their videos, and how clips are made of these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from config import Settings
from har.models import backbone as backbones
from har.models.backbone import Backbone
from har.training import augmentation, manifest
from har.training.augmentation import Plan
from har.training.batches import CachedClips, Clips, PixelClips
from har.training.dataset import Dataset, assemble, learnt
from har.training.features import Extractor
from har.training.manifest import Row
from har.training.pixels import Videos
from har.training.recipe import Recipe

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Material:
    """Labelled videos, the folds that hold them back, and their clips."""

    rows: tuple[Row, ...]
    labels: tuple[str, ...]
    """The actions to learn, in the order of their names."""
    targets: Tensor
    """Shape [videos, labels]: of the videos as they are."""
    folds: Indices
    """Shape [videos]: the fold in which each is not trained on."""
    features: int
    """Length of the vectors that the backbone makes."""
    clips: Callable[[Indices], Clips]
    """The clips of the videos of these indices."""


def prepare(recipe: Recipe, rows: Sequence[Row], root: Path, settings: Settings) -> Material:
    """The material of a recipe: cached vectors of a frozen backbone where they will do, else
    pixels. Raises ManifestError and CheckpointError."""
    plan = augmentation.parse(recipe.augment, recipe.reversals, recipe.mirrors)
    backbone = backbones.load(recipe.backbone)
    if needs_pixels(recipe, plan, backbone):
        return _of_pixels(recipe, plan, tuple(rows), root, backbone, settings)
    return of_vectors(_cached(recipe, plan, rows, root, backbone, settings), recipe, plan)


def needs_pixels(recipe: Recipe, plan: Plan, backbone: Backbone) -> bool:
    """Whether pixels must be decoded anew in each epoch, since cached vectors will not do.

    They hold the whole video, mirrored and reversed too, for a backbone that is frozen; one that
    sees motion has seen consecutive frames.
    """
    is_cached = all(s.name in ("mirror", "reverse") and s.when == "before" for s in plan.steps)
    is_sampled = recipe.sampling == "uniform" or not backbone.sees_clips
    return recipe.finetune or not is_cached or not is_sampled


def of_vectors(data: Dataset, recipe: Recipe, plan: Plan) -> Material:
    """The material of videos whose vectors are there."""

    def clips(indices: Indices) -> Clips:
        videos = [data.videos[i] for i in indices]
        return CachedClips(videos, data.targets[torch.from_numpy(indices)], recipe, plan)

    features = data.videos[0].shape[-1]
    return Material(data.rows, data.labels, data.targets[:, 0], data.folds, features, clips)


def _of_pixels(
    recipe: Recipe,
    plan: Plan,
    rows: tuple[Row, ...],
    root: Path,
    backbone: Backbone,
    settings: Settings,
) -> Material:
    labels = learnt(rows)

    def clips(indices: Indices) -> Clips:
        videos = Videos(
            rows=[rows[i] for i in indices],
            root=root,
            labels=labels,
            fps=recipe.fps,
            size=recipe.size,
            frames=recipe.frames,
            step=1,
            sampling=recipe.sampling,
            plan=plan,
            seed=recipe.seed,
            settings=settings,
        )
        return PixelClips(videos, recipe, None if recipe.finetune else backbone.network)

    targets = torch.tensor([[float(row.label == label) for label in labels] for row in rows])
    folds = np.array(manifest.held_back(rows))
    return Material(rows, labels, targets, folds, backbone.features, clips)


def _cached(
    recipe: Recipe,
    plan: Plan,
    rows: Sequence[Row],
    root: Path,
    backbone: Backbone,
    settings: Settings,
) -> Dataset:
    names = {step.name for step in plan.steps}
    views = 4 if "reverse" in names else 2 if "mirror" in names else 1
    extractor = Extractor(backbone, recipe.fps, recipe.size, recipe.frames, settings, views)
    vectors = extractor.all(root, [row.file for row in rows])
    return assemble(rows, vectors, recipe.reversals, recipe.mirrors)
