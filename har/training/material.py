"""What a run learns from: its labels, their videos, and how clips are made of these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from config import Settings
from har.models import backbone as backbones
from har.models.backbone import Backbone
from har.models.clip_networks.network import ClipNetwork
from har.training import augmentation, fine_tuning, manifest
from har.training.augmentation import Plan
from har.training.batches import CachedClips, Clips, PixelClips
from har.training.dataset import Dataset, assemble, learnt
from har.training.features import Extractor
from har.training.manifest import Row
from har.training.pixels import Videos
from har.training.recipe import Recipe

_RATE = 30.0
"""Frames per second of which a clip network's are chosen: as many as the videos have that the known
ones were trained on."""

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
    """Length of the vectors that the backbone makes; 0 where none does."""
    clips: Callable[[Indices], Clips]
    """The clips of the videos of these indices."""
    examples: Callable[[Indices], Tensor] | None = None
    """For the videos of these indices the vectors [n, steps, D] of a clip in the middle of each;
    None where they are not cached."""
    begin: Callable[[], ClipNetwork] | None = None
    """Loads the network that is fine-tuned; None where a head is trained."""


def prepare(recipe: Recipe, rows: Sequence[Row], root: Path, settings: Settings) -> Material:
    """The material of a recipe: cached vectors of a frozen backbone where they will do, else
    pixels. Raises ManifestError and CheckpointError."""
    plan = augmentation.parse(recipe.augment, recipe.reversals, recipe.mirrors)
    if recipe.model:
        return _of_clip_network(recipe, plan, tuple(rows), root, settings)
    backbone = backbones.load(recipe.backbone)
    if needs_pixels(recipe, plan, backbone.sees_clips):
        return _of_pixels(recipe, plan, tuple(rows), root, backbone, settings)
    return of_vectors(_cached(recipe, plan, rows, root, backbone, settings), recipe)


def needs_pixels(recipe: Recipe, plan: Plan, sees_clips: bool) -> bool:
    """Whether pixels must be decoded anew in each epoch, since cached vectors will not do.

    They hold the whole video, changed in some ways too, for a backbone that is frozen; one that
    sees motion has seen consecutive frames.
    """
    is_cached = all(s.name != "interpolate" and s.when == "before" for s in plan.steps)
    is_sampled = recipe.sampling == "uniform" or not sees_clips
    return recipe.finetune or not is_cached or not is_sampled


def of_vectors(data: Dataset, recipe: Recipe) -> Material:
    """The material of videos whose vectors are there."""

    def clips(indices: Indices) -> Clips:
        videos = [data.videos[i] for i in indices]
        return CachedClips(videos, data.targets[torch.from_numpy(indices)], recipe)

    def examples(indices: Indices) -> Tensor:
        return torch.cat([batch for batch, _ in clips(indices).batches(None)])

    features = data.videos[0].shape[-1]
    return Material(
        data.rows, data.labels, data.targets[:, 0], data.folds, features, clips, examples
    )


def _of_clip_network(
    recipe: Recipe, plan: Plan, rows: tuple[Row, ...], root: Path, settings: Settings
) -> Material:
    def begin() -> ClipNetwork:
        return fine_tuning.begin(recipe, settings)

    step = max(1, round(_RATE / recipe.fps))
    videos = Videos(
        rows=rows,
        root=root,
        labels=learnt(rows),
        fps=recipe.fps * step,
        fit=begin().fit,
        frames=recipe.frames,
        step=step,
        sampling=recipe.sampling,
        plan=plan,
        seed=recipe.seed,
        settings=settings,
    )
    return replace(_material(videos, recipe, None, 0), begin=begin)


def _of_pixels(
    recipe: Recipe,
    plan: Plan,
    rows: tuple[Row, ...],
    root: Path,
    backbone: Backbone,
    settings: Settings,
) -> Material:
    videos = Videos(
        rows=rows,
        root=root,
        labels=learnt(rows),
        fps=recipe.fps,
        fit=backbone.fit(recipe.size),
        frames=recipe.frames,
        step=1,
        sampling=recipe.sampling,
        plan=plan,
        seed=recipe.seed,
        settings=settings,
    )
    frozen = None if recipe.finetune else backbone.network
    return _material(videos, recipe, frozen, backbone.features)


def _material(videos: Videos, recipe: Recipe, frozen: nn.Module | None, features: int) -> Material:
    rows, labels = tuple(videos.rows), tuple(videos.labels)

    def clips(indices: Indices) -> Clips:
        chosen = replace(videos, rows=[rows[i] for i in indices])
        return PixelClips(chosen, recipe, frozen)

    targets = torch.tensor([[float(row.label == label) for label in labels] for row in rows])
    folds = np.array(manifest.held_back(rows))
    return Material(rows, labels, targets, folds, features, clips)


def _cached(
    recipe: Recipe,
    plan: Plan,
    rows: Sequence[Row],
    root: Path,
    backbone: Backbone,
    settings: Settings,
) -> Dataset:
    views = recipe.views if plan.steps else 1
    extractor = Extractor(backbone, recipe.fps, recipe.size, recipe.frames, settings, plan, views)
    return assemble(rows, extractor.all(root, rows))
