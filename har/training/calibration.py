"""Turns held-back logits into confidences that can be believed, and chooses the threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from har.models.confidence import calibrated, scaled
from har.training.intervals import resampled
from har.training.metrics import Booleans, Floats, Integers

THRESHOLDS = np.arange(101) / 100
_RESAMPLES = 200
_LARGEST = 3.0
"""Of the logarithm of the temperature and of the skew, either way: 0.05..20."""


@dataclass(frozen=True)
class Calibration:
    """What makes a model's logits into decisions."""

    temperature: float
    skew: float
    bias: float
    threshold: float

    def probabilities(self, clips: Sequence[Floats]) -> Floats:
        """A video's prediction [labels] for each, from the logits [clips, labels] of its clips.

        It is the mean over the clips of what Checkpoint.probabilities() gives them.
        """
        return np.stack([self._of_clips(video).mean(dim=0).numpy() for video in clips])

    def _of_clips(self, logits: Floats) -> Tensor:
        clips = torch.from_numpy(logits).double()
        return calibrated(clips, self.temperature, self.skew, self.bias)


def calibrate(clips: Sequence[Floats], truth: Integers, groups: Sequence[str]) -> Calibration:
    """The calibration of held-back logits [clips, labels] of some videos.

    ``truth`` [videos] are indices of labels, -1 for a video of another action.
    """
    fitted = fit(clips, truth)
    probabilities = Calibration(*fitted, threshold=0).probabilities(clips)
    threshold = choose(
        probabilities.max(axis=1), probabilities.argmax(axis=1) == truth, truth >= 0, groups
    )
    return Calibration(*fitted, threshold)


def by_fold(
    clips: Sequence[Floats], truth: Integers, groups: Sequence[str], folds: Integers
) -> dict[int, Calibration]:
    """For each fold the calibration of the others' videos.

    A model's quality is to be told with these: numbers from the very videos that a calibration was
    fitted on would flatter it.
    """
    found = {}
    for fold in np.unique(folds):
        others = np.flatnonzero(folds != fold).tolist()
        found[int(fold)] = calibrate(
            [clips[i] for i in others], truth[others], [groups[i] for i in others]
        )
    return found


def fit(clips: Sequence[Floats], truth: Integers) -> tuple[float, float, float]:
    """Temperature, skew and bias with which a clip's highest probability is the probability that
    its label is right: the beta calibration of scaled(), with the softened targets of Platt 1999.

    Fitted on all labels alike, it would make each label's own probability right, and the highest of
    ten too low: which label won tells something as well. Being increasing in the logit, the
    confidence keeps its order, so that nothing is lost in telling known from unknown actions. A
    skew is needed because training softens labels: logits above 0 are on another scale than those
    below. What is said of an unknown action is wrong. Videos count alike, however many their clips.
    Temperature and skew are in 0.05..20, also where the logits say nothing.
    """
    best = np.concatenate([video.max(axis=1) for video in clips])
    right = np.concatenate([v.argmax(axis=1) == t for v, t in zip(clips, truth, strict=True)])
    weights = np.concatenate([np.full(len(video), 1 / len(video)) for video in clips])
    hits = float((weights * right).sum())
    misses = len(clips) - hits
    targets = np.where(right, (hits + 1) / (hits + 2), 1 / (misses + 2))
    return _logistic(*(torch.from_numpy(a).double() for a in (best, targets, weights)))


def _logistic(logits: Tensor, targets: Tensor, weights: Tensor) -> tuple[float, float, float]:
    parameters = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    # Any: torch leaves its methods untyped.
    optimiser: Any = torch.optim.LBFGS([parameters], max_iter=200, line_search_fn="strong_wolfe")

    def current() -> tuple[Tensor, Tensor, Tensor]:
        temperature, skew = parameters[:2].clamp(-_LARGEST, _LARGEST).exp()
        return temperature, skew, parameters[2]

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = F.binary_cross_entropy_with_logits(scaled(logits, *current()), targets, weights)
        torch.autograd.backward(loss)
        return loss

    optimiser.step(closure)
    found = [parameter.item() for parameter in current()]
    return found[0], found[1], found[2]


def choose(confidence: Floats, right: Booleans, is_known: Booleans, groups: Sequence[str]) -> float:
    """The threshold with the most right answers less wrong ones, in steps of 0.01.

    A wrong answer costs what a right one gains (Chow 1970). Unknown videos, all of whose answers
    are wrong, weigh as much together as the known ones: one in two actions of the world is none of
    ours. Few videos are unknown, so the best threshold of one data set depends on each of them;
    this is the mean of the best ones of many that are drawn from its groups (bagging, Breiman
    1996).
    """
    sure = confidence[:, None] >= THRESHOLDS
    gain = np.where(right & is_known, 1, -1)[:, None] * sure
    best = []
    for rows in resampled(groups, _RESAMPLES):
        known, others = rows[is_known[rows]], rows[~is_known[rows]]
        if len(known) and (len(others) or is_known.all()):
            utility = gain[known].mean(axis=0)
            utility += gain[others].mean(axis=0) if len(others) else 0
            best.append(np.median(THRESHOLDS[utility == utility.max()]))
    return round(float(np.mean(best)), 2)


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


def point(threshold: float, sure: Booleans, right: Booleans, sure_unknown: Booleans) -> Point:
    """The point of known videos, sure or not and named right or not, and of unknown ones."""
    return Point(
        threshold=threshold,
        coverage=float(sure.mean()),
        accuracy=float(right[sure].mean()) if sure.any() else 1.0,
        accepted_unknown=float(sure_unknown.mean()) if len(sure_unknown) else 0.0,
    )


def curve(confidence: Floats, right: Booleans, unknown: Floats) -> list[Point]:
    """The coverage-accuracy curve at thresholds of 0.00, 0.01, ... 1.00.

    ``confidence`` and ``right`` [n] are of known videos, ``unknown`` [m] are the confidences of
    videos of other actions.
    """
    return [point(float(t), confidence >= t, right, unknown >= t) for t in THRESHOLDS]
