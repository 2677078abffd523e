"""Turns held-back logits into probabilities that can be believed, and chooses the threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from har.training.metrics import Booleans, Floats


def fit(logits: Sequence[Tensor], targets: Tensor) -> tuple[float, float]:
    """The temperature and bias with the least cross-entropy (Platt 1999, one pair for all labels).

    The temperature is in 0.05..20, also where the logits say nothing of the truth.
    ``logits`` [clips, labels] of each video were held back from training; ``targets``
    [videos, labels] hold a 1 for the label of each. Videos count alike, however many their clips.
    """
    clips = torch.tensor([len(video) for video in logits])
    rows = torch.cat(list(logits)).double()
    truth = targets.double().repeat_interleave(clips, dim=0)
    weights = (1 / clips.double()).repeat_interleave(clips)[:, None]
    log_temperature, bias = torch.zeros(2, dtype=torch.float64).unbind()
    parameters = [log_temperature.requires_grad_(), bias.requires_grad_()]
    # Any: torch leaves its methods untyped.
    optimiser: Any = torch.optim.LBFGS(parameters, max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        scaled = rows / log_temperature.clamp(-3, 3).exp() + bias
        loss = F.binary_cross_entropy_with_logits(scaled, truth, weights)
        torch.autograd.backward(loss)
        return loss

    optimiser.step(closure)
    return log_temperature.clamp(-3, 3).exp().item(), bias.item()


@dataclass(frozen=True)
class Point:
    """What a threshold on the confidence gives."""

    threshold: float
    coverage: float
    """Share of the known videos whose confidence reaches it."""
    accuracy: float
    """Share of those that are named right; 1 where there are none."""
    accepted_unknown: float
    """Share of the unknown videos whose confidence reaches it: mistakes, all of them."""


def curve(confidence: Floats, right: Booleans, unknown: Floats) -> list[Point]:
    """The coverage-accuracy curve at thresholds of 0.00, 0.01, ... 1.00.

    ``confidence`` and ``right`` [n] are of known videos, ``unknown`` [m] are the confidences of
    videos of other actions.
    """
    points = []
    for threshold in np.arange(101) / 100:
        sure = confidence >= threshold
        points.append(
            Point(
                threshold=float(threshold),
                coverage=float(sure.mean()),
                accuracy=float(right[sure].mean()) if sure.any() else 1.0,
                accepted_unknown=float((unknown >= threshold).mean()) if len(unknown) else 0.0,
            )
        )
    return points


def choose(points: Sequence[Point]) -> Point:
    """The point with the most right answers less wrong ones among those accepted.

    A wrong answer costs what a right one gains (Chow 1970), and unknown videos count as often as
    known ones: one in two actions of the world is none of ours.
    """
    return max(points, key=lambda p: p.coverage * (2 * p.accuracy - 1) - p.accepted_unknown)
