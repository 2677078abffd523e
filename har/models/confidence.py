"""How logits become probabilities that can be believed."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_SUREST = -1e-12
"""Logarithm of the probability beyond which log-odds would be infinite."""


def calibrated(logits: Tensor, temperature: float, skew: float, bias: float) -> Tensor:
    """Logits [n, labels] of a head to probabilities [n, labels], in their order.

    A row's highest is the sigmoid of scaled(), the probability that its label is right; the others
    keep their proportion to it. At a temperature and skew of 1 and a bias of 0, all are the
    sigmoids of the logits.
    """
    best = logits.amax(dim=-1, keepdim=True)
    proportion = (F.logsigmoid(logits) - F.logsigmoid(best)).exp()
    return torch.sigmoid(scaled(best, temperature, skew, bias)) * proportion


def scaled(
    logits: Tensor, temperature: Tensor | float, skew: Tensor | float, bias: Tensor | float
) -> Tensor:
    """Logits of a head to logits of calibrated probabilities.

    Beta calibration (Kull, Silva Filho & Flach 2017): those below 0 are divided by a temperature
    that is ``skew`` times that of those above. At a skew of 1 it is Platt's, logits / temperature
    + bias.
    """
    return (F.softplus(logits) - F.softplus(-logits) / skew) / temperature + bias


def log_odds(scores: Tensor) -> Tensor:
    """Scores [n, labels] of which a softmax makes probabilities, to logits of which a sigmoid makes
    the same: each label's logarithm of p / (1 - p)."""
    logarithms = scores.double().log_softmax(dim=-1).clamp(max=_SUREST)
    return (logarithms - (-logarithms.expm1()).log()).float()
