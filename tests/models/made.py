"""Models with random weights, for tests that need one of the right form and no more."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from har.models.backbone import normalisation
from har.models.checkpoint import Checkpoint
from har.models.heads import all_sizes, make_head
from har.models.i3d import CLASSES
from har.models.joint import START, labels_with
from har.models.motion_backbone import MotionBackbone
from har.types import Source

LEARNT = ("PushUps", "SitDown", "NoFight", "Walk")
"""One is Kinetics' own, and one is background."""
EXEMPLARS = 8
WIDTH = 8


def evidence_length(learnt: int) -> int:
    """Numbers of evidence of a clip for Joint, where the head has so many labels."""
    return learnt + CLASSES + 1


def alone(backbone: str, features: int, labels: tuple[str, ...] = LEARNT) -> Checkpoint:
    """A small head that speaks alone, on vectors of a backbone that sees each frame by itself."""
    sizes = {"width": WIDTH, "hidden": 6}
    mean, std = normalisation(backbone)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        state = make_head("bilstm", features, len(labels), **sizes).state_dict()
    return Checkpoint(
        labels=labels,
        learnt=labels,
        backbone=backbone,
        features=features,
        head="bilstm",
        sizes=sizes,
        frames=16,
        fps=8.0,
        stride=8,
        size=224,
        fit="squash",
        mean=mean,
        std=std,
        temperature=1.0,
        threshold=0.5,
        data={},
        metrics={},
        state=state,
    )


def joint(
    head: Source = "bilstm", *, learnt: tuple[str, ...] = LEARNT, threshold: float = 0.5
) -> Checkpoint:
    """A small head that Kinetics' classifier speaks beside, on the real backbone."""
    narrow = {"width": WIDTH} if head == "transformer" else {"width": WIDTH, "hidden": 6}
    sizes = all_sizes(head, narrow)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        state = make_head(head, MotionBackbone.features, len(learnt), **sizes).state_dict()
        exemplars = F.normalize(torch.randn(EXEMPLARS, WIDTH), dim=1)
    return Checkpoint(
        labels=labels_with(learnt),
        learnt=learnt,
        gate=START,
        exemplars=exemplars,
        backbone=MotionBackbone.name,
        features=MotionBackbone.features,
        head=head,
        sizes=sizes,
        frames=32,
        fps=12.5,
        stride=16,
        size=192,
        fit="whole",
        mean=MotionBackbone.mean,
        std=MotionBackbone.std,
        temperature=1.0,
        threshold=threshold,
        data={},
        metrics={},
        state=state,
    )
