"""Videos of 20 frames with 12 channels, in which what is to be learnt is plain."""

from __future__ import annotations

import numpy as np
import torch

from har.training import manifest
from har.training.dataset import Dataset
from har.training.manifest import Row
from har.training.material import Material, of_vectors
from har.training.recipe import Recipe

CHANNELS = 12
LABELS = ("Left", "Right")


def dataset(count: int = 24, folds: int = 2) -> Dataset:
    """In the first class some channels are bright, in the second others; a third has no label.

    All views of a video are alike.
    """
    generator = torch.Generator().manual_seed(5)
    classes = torch.arange(count) % 3
    videos = torch.rand(count, 1, 20, CHANNELS, generator=generator)
    videos[classes == 0, ..., :4] += 2
    videos[classes == 1, ..., 4:8] += 2
    held_back = np.arange(count) // 3 % folds
    names = (*LABELS, "Other")
    rows = [
        Row(f"{i}.mp4", names[c], "toy", f"group-{i}", int(fold) if c < 2 else None)
        for i, (c, fold) in enumerate(zip(classes.tolist(), held_back, strict=True))
    ]
    targets = torch.eye(3)[classes][:, None, :2].expand(-1, 4, -1)
    views = [video.expand(4, -1, -1).half() for video in videos]
    folds = np.array(manifest.held_back(rows))
    return Dataset(tuple(rows), LABELS, tuple(views), targets, folds)


def material(recipe: Recipe, count: int = 24) -> Material:
    """What a run learns from them."""
    return of_vectors(dataset(count), recipe)
