"""What a training minimises, and how much each video counts in it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def of_clips(logits: Tensor, targets: Tensor, smoothing: float, exclusive: bool) -> Tensor:
    """Cross-entropy of exclusive labels, else that of each label on its own, summed: [n].

    ``logits`` and ``targets`` are [n, labels]; ``smoothing`` is the share of a label that is spread
    over all.
    """
    labels = targets.shape[1]
    if exclusive:
        # What shows none of the labels is no more one of them than another.
        targets = torch.where(targets.any(dim=1, keepdim=True), targets, 1 / labels)
    smooth = targets * (1 - smoothing) + smoothing / labels
    if exclusive:
        return F.cross_entropy(logits, smooth, reduction="none")
    return F.binary_cross_entropy_with_logits(logits, smooth, reduction="none").sum(dim=1)


def classes(targets: Tensor) -> Tensor:
    """The index of the label of each video [n], from targets [n, labels]; one more for none."""
    return torch.where(targets.any(dim=1), targets.argmax(dim=1), targets.shape[1])


def class_weights(targets: Tensor, balance: float) -> Tensor:
    """Weight of a video of each label, and of none, by how rare it is: [labels + 1].

    The videos that ``targets`` [videos, labels] are of weigh 1 on average.
    """
    of_video = classes(targets)
    counts = of_video.bincount(minlength=targets.shape[1] + 1)
    weights = counts.clamp(min=1).float() ** -balance
    return weights / weights[of_video].mean()


def splice(clips: Tensor, count: int) -> Tensor:
    """Clips of nothing that exists: ``count`` [count, T, D] from ``clips`` [n, T, D].

    Each channel comes from one of two random clips. Every value is one that real clips have, but
    not their combination: what lies between and beside the classes, where a head that has seen only
    them would be sure of itself. A single clip gives none.
    """
    n, _, channels = clips.shape
    if n < 2:
        return clips[:0]
    first = torch.randint(n, (count, 1))
    second = (first + torch.randint(1, n, (count, 1))) % n
    sources = torch.cat([first, second], dim=1).gather(1, torch.randint(2, (count, channels)))
    return clips.transpose(1, 2)[sources, torch.arange(channels)].transpose(1, 2)
