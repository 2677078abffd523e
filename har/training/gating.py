"""Fits what joins a head to Kinetics' classifier, on held-out clips; see har.models.joint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from har.models.joint import Gate, Joint
from har.training.metrics import Booleans, Floats

_MIXING_DECAY = 1e-3
_TRUST_DECAY = 1e-5
"""Of the squared weights, beside a mean loss."""


def fit(
    clips: Sequence[Floats], accepted: Booleans, weights: Floats, learnt: Sequence[str]
) -> Gate:
    """The gate of videos' evidence, each [clips, E].

    ``accepted`` [videos, labels] are the labels that are right; a video without any is one of an
    unknown action, for which neither expert is right. ``weights`` [videos] say how much each
    counts, however many its clips. First the mixture is fitted to give right labels a high
    probability, and then the trust to be the probability that its first choice is right.
    """
    evidence = torch.from_numpy(np.concatenate(clips)).double()
    counts = [len(video) for video in clips]
    right = torch.from_numpy(np.repeat(accepted, counts, axis=0))
    of_clip = torch.from_numpy(np.repeat(weights / counts, counts)).double()
    of_clip /= of_clip.sum()
    joint = Joint(learnt).double()
    with torch.enable_grad():
        mixing = partial(_mixing, joint, evidence, right, of_clip)
        _minimise(joint, ["mixing", "temperatures"], mixing)
        with torch.no_grad():
            mixture, features = joint.mixed(evidence)
        hit = right.gather(1, mixture.argmax(dim=1, keepdim=True))[:, 0].double()
        _minimise(joint, ["trust"], partial(_trust, joint, features, hit, of_clip))
    return joint.gate


def _mixing(joint: Joint, evidence: Tensor, right: Tensor, weights: Tensor) -> Tensor:
    mixture, _ = joint.mixed(evidence)
    found = (mixture * right).sum(1).clamp(min=1e-9).log()
    likelihood = torch.where(right.any(dim=1), found, joint.neither(evidence))
    decay = joint.mixing.square().sum() + joint.temperatures.square().sum()
    return -(weights * likelihood).sum() + _MIXING_DECAY * decay


def _trust(joint: Joint, features: Tensor, hit: Tensor, weights: Tensor) -> Tensor:
    loss = F.binary_cross_entropy_with_logits(features @ joint.trust, hit, reduction="none")
    return (weights * loss).sum() + _TRUST_DECAY * joint.trust.square().sum()


def _minimise(joint: Joint, names: Sequence[str], loss: Callable[[], Tensor]) -> None:
    parameters = [joint.get_parameter(name) for name in names]
    # Any: torch leaves its methods untyped.
    optimiser: Any = torch.optim.LBFGS(parameters, max_iter=300, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        found = loss()
        torch.autograd.backward(found)
        return found

    optimiser.step(closure)
