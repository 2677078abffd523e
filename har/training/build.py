"""From a data set to the checkpoint that is served."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

import timm
from tqdm import tqdm

from har.models.checkpoint import Checkpoint
from har.training.crossval import held_back_logits, judge
from har.training.dataset import Dataset
from har.training.loop import Recipe, train

FPS = 8.0
SIZE = 224


def build(data: Dataset, backbone: str, recipe: Recipe, seed: int) -> Checkpoint:
    """Cross-validate for the calibration and the numbers, then train on all folds."""
    folds = len(set(data.folds.tolist()))
    with tqdm(
        desc="training", total=(folds + 1) * recipe.epochs, unit="epoch", leave=False, disable=None
    ) as bar:
        findings = judge(data, held_back_logits(data, recipe, seed, bar.update))
        head = train(data.videos, data.targets, recipe, seed, bar.update)
    pixels = timm.get_pretrained_cfg(backbone)
    return Checkpoint(
        labels=data.labels,
        backbone=backbone,
        features=data.videos[0].shape[-1],
        head=recipe.head,
        sizes=recipe.sizes,
        frames=recipe.frames,
        fps=FPS,
        stride=recipe.stride,
        size=SIZE,
        fit="squash",
        mean=tuple(pixels.mean),
        std=tuple(pixels.std),
        temperature=findings.temperature,
        bias=findings.bias,
        threshold=findings.point.threshold,
        data=_description(data, recipe, seed),
        metrics=asdict(findings),
        state={name: tensor.cpu() for name, tensor in head.state_dict().items()},
    )


def _description(data: Dataset, recipe: Recipe, seed: int) -> dict[str, Any]:
    known = [row for row, is_known in zip(data.rows, data.is_known, strict=True) if is_known]
    others = [row for row, is_known in zip(data.rows, data.is_known, strict=True) if not is_known]
    return {
        "videos": len(data.rows),
        "labels": dict(sorted(Counter(row.label for row in known).items())),
        "others": dict(sorted(Counter(row.label for row in others).items())),
        "sources": dict(sorted(Counter(row.source for row in data.rows).items())),
        "groups": len({row.group for row in data.rows}),
        "folds": len(set(data.folds.tolist())),
        "recipe": asdict(recipe),
        "seed": seed,
    }
