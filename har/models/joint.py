"""What a head and Kinetics' own classifier say of a clip, joined to one probability per action.

A mixture of experts (Jacobs et al., "Adaptive Mixtures of Local Experts", 1991) whose gate sees how
sure each of them is, and how near the clip is to those that the head learnt from. A third expert
says that it is none of the actions. A second, smaller function of the same evidence tells how far
the mixture's first choice is to be trusted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from har.models.i3d import CLASSES
from har.models.labels import KINETICS400

EXPERTS = 3
"""The head, Kinetics' classifier, and neither."""
MIXING = 8
"""What the gate sees of a clip, a constant among it; see mixing_features()."""
TRUST = 8
"""What the trust is made of; see trust_features()."""
NEAREST = 5
"""Clips of training, of which the mean similarity counts (Sun et al., "Out-of-Distribution
Detection with Deep Nearest Neighbors", ICML 2022)."""
_SUREST = 1e-6
"""The least distance of a probability from 0 and 1."""
_LEAST = 1e-300
"""Of a share of the mixture, so that others can be divided by it."""


def labels_with(learnt: Sequence[str]) -> tuple[str, ...]:
    """The labels that a head learnt, and then those that Kinetics has beside them."""
    others = (label for label in KINETICS400 if label not in learnt)
    return (*learnt, *dict.fromkeys(others))


def similarity(vectors: Tensor, exemplars: Tensor) -> Tensor:
    """Mean cosine [n] of unit vectors [n, D] with the NEAREST of unit vectors [N, D]."""
    near = vectors @ exemplars.T.to(vectors)
    return near.topk(min(NEAREST, len(exemplars)), dim=1).values.mean(1)


@dataclass(frozen=True)
class Gate:
    """What was fitted on held-out clips."""

    mixing: tuple[tuple[float, ...], ...]
    """For each of EXPERTS a weight for each of mixing_features()."""
    temperatures: tuple[float, float]
    """Of the logits of the head and of Kinetics' classifier."""
    trust: tuple[float, ...]
    """A weight for each of trust_features()."""


START = Gate(
    mixing=((0.0,) * MIXING,) * EXPERTS,
    temperatures=(1.0, 1.0),
    trust=(0.0, 1.0, *(0.0,) * (TRUST - 2)),
)
"""All experts count alike; before anything is fitted."""


class Joint(nn.Module):
    """Evidence [n, learnt + 400 + 1] to the logarithms of the odds of all labels [n, labels].

    A clip's evidence is the head's logits, those of Kinetics' classifier, and the similarity to
    clips of training.
    """

    at: Tensor

    def __init__(self, learnt: Sequence[str], gate: Gate = START) -> None:
        super().__init__()
        self.labels = labels_with(learnt)
        self._learnt = len(learnt)
        index = {label: i for i, label in enumerate(self.labels)}
        self.register_buffer("at", torch.tensor([index[label] for label in KINETICS400]))
        self.mixing = nn.Parameter(torch.tensor(gate.mixing).double())
        self.temperatures = nn.Parameter(torch.tensor(gate.temperatures).double().log())
        self.trust = nn.Parameter(torch.tensor(gate.trust).double())

    @property
    def gate(self) -> Gate:
        """Its parameters, to be kept."""
        head, kinetics = self.temperatures.exp().tolist()
        rows = self.mixing.tolist()
        return Gate(tuple(map(tuple, rows)), (head, kinetics), tuple(self.trust.tolist()))

    def forward(self, evidence: Tensor) -> Tensor:
        """As the class says; the best label's are those of the trust, and the others keep their
        proportion to it."""
        mixture, features = self.mixed(evidence.double())
        best = mixture.amax(dim=1, keepdim=True)
        sure = torch.sigmoid(features @ self.trust).clamp(_SUREST, 1 - _SUREST)
        return torch.logit(mixture / best * sure[:, None]).float()

    def mixed(self, evidence: Tensor) -> tuple[Tensor, Tensor]:
        """The mixture's probabilities [n, labels], which add up to less than 1 by the share of
        neither, and the trust's features [n, TRUST]."""
        head, kinetics, near = self._parts(evidence)
        gate = F.linear(mixing_features(head, kinetics, near), self.mixing).softmax(dim=1)
        hot, cold = self.temperatures.exp()
        of_head = gate[:, :1] * (head / hot).softmax(dim=1)
        of_head = F.pad(of_head, (0, len(self.labels) - self._learnt))
        of_kinetics = gate[:, 1:2] * (kinetics / cold).softmax(dim=1)
        mixture = of_head.index_add(1, self.at, of_kinetics).clamp(min=_LEAST)
        chosen = mixture.argmax(dim=1, keepdim=True)
        best, from_head = mixture.gather(1, chosen), of_head.gather(1, chosen)
        features = trust_features(best, from_head, head, kinetics, near)
        return mixture, features

    def neither(self, evidence: Tensor) -> Tensor:
        """The logarithm of the share of neither [n]."""
        head, kinetics, near = self._parts(evidence)
        return F.linear(mixing_features(head, kinetics, near), self.mixing).log_softmax(dim=1)[:, 2]

    def _parts(self, evidence: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        head, rest = evidence[:, : self._learnt], evidence[:, self._learnt :]
        return head, rest[:, :CLASSES], rest[:, CLASSES:]


def mixing_features(head: Tensor, kinetics: Tensor, near: Tensor) -> Tensor:
    """What the gate sees, [n, MIXING], all of it of the order of 1."""
    first, second = head.topk(2, dim=1).values.unbind(1)
    logs = kinetics.log_softmax(dim=1)
    entropy = -(logs.exp() * logs).sum(1)
    return torch.stack(
        [
            torch.ones_like(first),
            first / 4,
            (first - second) / 4,
            logs.amax(1) / 2,
            entropy / 2,
            kinetics.logsumexp(1) / 8,
            kinetics.amax(1) / 8,
            near[:, 0] * 4,
        ],
        dim=1,
    )


def trust_features(
    best: Tensor, from_head: Tensor, head: Tensor, kinetics: Tensor, near: Tensor
) -> Tensor:
    """What the trust is made of, [n, TRUST]: first how sure the mixture is, then that and the
    evidence apart for what the head and what Kinetics' classifier chose."""
    sure = torch.logit(best[:, 0].clamp(_SUREST, 1 - _SUREST))
    share = (from_head / best)[:, 0]
    other = 1 - share
    return torch.stack(
        [
            torch.ones_like(sure),
            sure,
            other,
            other * sure,
            share * head.amax(1) / 4,
            share * near[:, 0] * 4,
            other * kinetics.amax(1) / 8,
            other * kinetics.log_softmax(dim=1).amax(1) / 2,
        ],
        dim=1,
    )
