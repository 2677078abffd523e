"""Turns held-back logits into confidences that can be believed, and chooses the threshold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from har.models.confidence import calibrated, scaled
from har.models.joint import Joint
from har.training import gating
from har.training.intervals import resampled
from har.training.metrics import Booleans, Floats, Integers, is_right

PRECISION = 0.90
"""The stated precision: of what is named at a chosen threshold, at least so much is right."""
THRESHOLDS = np.arange(101) / 100
_RESAMPLES = 200
_HOLDS = 0.75
"""The share of the resamples in which a threshold must have the stated precision."""
_SUREST = 1e-9
"""The least distance of a probability from 0 and 1 while it is fitted."""
_STIFFNESS = 1e-3
"""Of the squared parameters, beside a mean loss: where the data say little, logits stay."""
_LARGEST = 3.0
"""Of the logarithm of the temperature and of the skew, either way: 0.05..20."""


@dataclass(frozen=True)
class Calibration:
    """What makes a model's logits into decisions."""

    temperature: float
    skew: float
    bias: float
    threshold: float
    joint: Joint | None = None
    """What makes logits of evidence; None where they are the same."""

    def probabilities(self, clips: Sequence[Floats]) -> Floats:
        """A video's prediction [labels] for each, from the evidence [clips, E] of its clips.

        It is the mean over the clips of what Checkpoint.probabilities() gives them.
        """
        return np.stack([self.of_clips(video).mean(axis=0) for video in clips])

    def of_clips(self, evidence: Floats) -> Floats:
        """The probabilities [clips, labels] of a video's clips."""
        clips = torch.from_numpy(logits_of(evidence, self.joint)).double()
        found: Floats = calibrated(clips, self.temperature, self.skew, self.bias).numpy()
        return found


@torch.inference_mode()
def logits_of(evidence: Floats, joint: Joint | None) -> Floats:
    """The logits [clips, labels] that a model makes of its evidence [clips, E]."""
    if joint is None:
        return evidence
    found: Floats = joint(torch.from_numpy(evidence)).numpy()
    return found


@dataclass(frozen=True)
class Scored:
    """Held-back evidence, and what is right for the videos that it is of."""

    clips: Sequence[Floats]
    """Each video's evidence [clips, E]; see Recognizer.clip_evidence()."""
    accepted: Booleans
    """Shape [videos, labels]: the labels that are right; none for a video of another action."""
    background: Booleans
    """Shape [labels]: those that are background, and no name of an action."""
    groups: Sequence[str]
    weights: Floats
    """Shape [videos]: how much each counts."""
    learnt: tuple[str, ...] | None = None
    """The labels of the head, where it is joined to Kinetics' classifier."""

    def only(self, chosen: Booleans) -> Scored:
        """Those of the videos that are chosen [videos]."""
        at = np.flatnonzero(chosen).tolist()
        return Scored(
            [self.clips[i] for i in at],
            self.accepted[at],
            self.background,
            [self.groups[i] for i in at],
            self.weights[at],
            self.learnt,
        )


def joined(parts: Sequence[Scored]) -> Scored:
    """What several runs of models with the same labels scored, one after the other."""
    return Scored(
        clips=[clips for part in parts for clips in part.clips],
        accepted=np.concatenate([part.accepted for part in parts]),
        background=parts[0].background,
        groups=[group for part in parts for group in part.groups],
        weights=np.concatenate([part.weights for part in parts]),
        learnt=parts[0].learnt,
    )


def calibrate(scored: Scored) -> Calibration:
    """The calibration of held-back evidence."""
    joint = None
    if scored.learnt:
        gate = gating.fit(scored.clips, scored.accepted, scored.weights, scored.learnt)
        joint = Joint(scored.learnt, gate)
    logits = [logits_of(video, joint) for video in scored.clips]
    fitted = fit(logits, scored.accepted, scored.weights)
    found = Calibration(*fitted, threshold=0, joint=joint)
    return replace(found, threshold=_threshold(found, scored))


def _threshold(found: Calibration, scored: Scored) -> float:
    """The threshold at which what is said of clips is right often enough among the videos of each
    kind, as their weight tells it: how a model does on few videos of many actions would be lost
    among many of few."""
    clips = [found.of_clips(video) for video in scored.clips]
    thresholds = []
    for weight in np.unique(scored.weights):
        at = np.flatnonzero(scored.weights == weight).tolist()
        probabilities = np.concatenate([clips[i] for i in at])
        counts = [len(clips[i]) for i in at]
        right = is_right(probabilities, np.repeat(scored.accepted[at], counts, axis=0))
        groups = np.repeat([scored.groups[i] for i in at], counts)
        named = ~scored.background[probabilities.argmax(axis=1)]
        confidence = probabilities.max(axis=1)[named]
        thresholds.append(choose(confidence, right[named], groups[named].tolist()))
    return max(thresholds)


def by_fold(scored: Scored, folds: Integers) -> dict[int, Calibration]:
    """For each of the folds [videos] the calibration of the others' videos.

    A model's quality is to be told with these: numbers from the very videos that a calibration was
    fitted on would flatter it.
    """
    return {int(fold): calibrate(scored.only(folds != fold)) for fold in np.unique(folds)}


def fit(clips: Sequence[Floats], accepted: Booleans, weights: Floats) -> tuple[float, float, float]:
    """Temperature, skew and bias with which a video's highest probability, the mean over its clips,
    is the probability that its label is right: the beta calibration of scaled(), with the softened
    targets of Platt 1999.

    ``accepted`` [videos, labels] are the labels that are right. Fitted on all labels alike, it
    would make each label's own probability right, and the highest of ten too low: which label won
    tells something as well. Fitted on clips, it would make a video's too low, whose clips do not
    all say the same. Being increasing in the logit, the confidence keeps its order, so that nothing
    is lost in telling known from unknown actions. A skew is needed because training softens labels:
    logits above 0 are on another scale than those below. What is said of an unknown action is
    wrong. ``weights`` [videos] say how much each counts. Temperature and skew are in 0.05..20, also
    where the logits say nothing.
    """
    plain = Calibration(temperature=1.0, skew=1.0, bias=0.0, threshold=0.0)
    chosen = plain.probabilities(clips).argmax(axis=1)
    right = accepted[np.arange(len(clips)), chosen]
    hits = float((weights * right).sum())
    misses = float(weights.sum()) - hits
    targets = np.where(right, (hits + 1) / (hits + 2), 1 / (misses + 2))
    video = np.repeat(np.arange(len(clips)), [len(each) for each in clips])
    logits = torch.from_numpy(np.concatenate(clips)).double()
    of_label = logits[torch.arange(len(logits)), torch.from_numpy(chosen[video])]
    best = logits.amax(dim=1)
    # What calibrated() keeps: the label's part of the highest probability, and each clip's of all.
    part = (F.logsigmoid(of_label) - F.logsigmoid(best)).exp()
    part = part / torch.from_numpy(np.bincount(video)[video])

    def probabilities(temperature: Tensor, skew: Tensor, bias: Tensor) -> Tensor:
        sure = torch.sigmoid(scaled(best, temperature, skew, bias)) * part
        total = torch.zeros(len(clips), dtype=torch.float64)
        return total.index_add(0, torch.from_numpy(video), sure)

    return _likeliest(probabilities, torch.from_numpy(targets), torch.from_numpy(weights))


def _likeliest(
    probabilities: Callable[[Tensor, Tensor, Tensor], Tensor], targets: Tensor, weights: Tensor
) -> tuple[float, float, float]:
    """Temperature, skew and bias with the least cross-entropy to ``targets`` [videos]."""
    parameters = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    # Any: torch leaves its methods untyped.
    optimiser: Any = torch.optim.LBFGS([parameters], max_iter=200, line_search_fn="strong_wolfe")

    def current() -> tuple[Tensor, Tensor, Tensor]:
        temperature, skew = parameters[:2].clamp(-_LARGEST, _LARGEST).exp()
        return temperature, skew, parameters[2]

    def closure() -> Tensor:
        optimiser.zero_grad()
        found = probabilities(*current()).clamp(_SUREST, 1 - _SUREST)
        loss = F.binary_cross_entropy(found, targets, weights / weights.mean())
        loss = loss + _STIFFNESS * parameters.square().sum()
        torch.autograd.backward(loss)
        return loss

    optimiser.step(closure)
    found = [parameter.item() for parameter in current()]
    return found[0], found[1], found[2]


def choose(confidence: Floats, right: Booleans, groups: Sequence[str]) -> float:
    """The lowest threshold, in steps of 0.01, at which what is named is right often enough.

    ``confidence`` and ``right`` [clips] are of those of which an action could be named; all that
    is said of an unknown action is wrong. Of what is named, a share of PRECISION is to be right
    (selective classification with a guaranteed risk; Geifman & El-Yaniv 2017). That it is so on a
    few held-back videos may be luck: it must be so in three of four samples that are drawn from
    their groups with replacement. Where no threshold is as good, it is the one with the best lower
    quartile of the precision; where nothing is ever right, 1.
    """
    if not len(confidence):
        return 1.0
    sure = confidence[:, None] >= THRESHOLDS
    precision = np.quantile(
        [_precision(sure[rows], right[rows]) for rows in resampled(groups, _RESAMPLES)],
        1 - _HOLDS,
        axis=0,
    )
    reached = np.flatnonzero(precision >= PRECISION)
    # Of those that are alike, the most cautious.
    best = reached[0] if len(reached) else np.flatnonzero(precision == precision.max())[-1]
    return float(THRESHOLDS[best])


def _precision(sure: Booleans, right: Booleans) -> Floats:
    """Which share of what is named is right at each threshold; 0 where nothing is. ``sure`` is
    [videos, thresholds]."""
    named = sure.sum(axis=0)
    found: Floats = (sure & right[:, None]).sum(axis=0) / np.maximum(named, 1)
    return found


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
