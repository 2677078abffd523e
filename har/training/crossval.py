"""Cross-validation: what a model does on people whom it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from har.training import calibration, metrics
from har.training.calibration import Point
from har.training.dataset import Dataset
from har.training.loop import Recipe, score, train
from har.training.metrics import Metrics


def held_back_logits(
    data: Dataset, recipe: Recipe, seed: int, tick: Callable[[], None]
) -> list[Tensor]:
    """For each video the logits [clips, labels] of a head that was trained without its fold."""
    logits: dict[int, Tensor] = {}
    for fold in np.unique(data.folds):
        inside = np.flatnonzero(data.folds != fold)
        videos = [data.videos[i] for i in inside]
        head = train(videos, data.targets[torch.from_numpy(inside)], recipe, seed, tick)
        for i in np.flatnonzero(data.folds == fold):
            logits[int(i)] = score(head, data.videos[i][0], recipe)
    return [logits[i] for i in range(len(data.videos))]


@dataclass(frozen=True)
class Findings:
    """What held-back logits tell: how to calibrate the model, and how good it is."""

    temperature: float
    bias: float
    metrics: Metrics
    unknown: int
    """Videos of other actions."""
    auroc: float | None
    """Of the confidence, known against unknown; None where there are no unknown videos."""
    point: Point
    """The chosen threshold, and what it gives."""
    curve: list[Point]


def judge(data: Dataset, logits: Sequence[Tensor]) -> Findings:
    """Calibrate and measure; a video's prediction is the mean over its clips, as when served."""
    temperature, bias = calibration.fit(logits, data.targets)
    scaled = [torch.sigmoid(video / temperature + bias).mean(dim=0) for video in logits]
    probabilities = torch.stack(scaled).numpy()
    known = data.is_known
    truth = data.targets.argmax(dim=1).numpy()[known]
    sources = [row.source for row, is_known in zip(data.rows, known, strict=True) if is_known]
    confidence = probabilities.max(axis=1)
    right = metrics.is_right(probabilities[known], truth)
    curve = calibration.curve(confidence[known], right, confidence[~known])
    return Findings(
        temperature=temperature,
        bias=bias,
        metrics=metrics.measure(probabilities[known], truth, data.labels, sources),
        unknown=int((~known).sum()),
        auroc=metrics.auroc(confidence[known], confidence[~known]) if not known.all() else None,
        point=calibration.choose(curve),
        curve=curve,
    )
