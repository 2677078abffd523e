"""Trains a head on the vectors of a frozen backbone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from har.models import precision
from har.models.heads import make_head
from har.recognition.clips import pad, windows
from har.types import Source


@dataclass(frozen=True)
class Recipe:
    """How a head is trained: AdamW, a linear warm-up, then a cosine down to zero."""

    head: Source = "bilstm"
    sizes: dict[str, float] = field(
        default_factory=lambda: {"width": 256, "hidden": 192, "dropout": 0.5}
    )
    """Arguments of the head."""
    frames: int = 16
    """Sampled frames in a clip."""
    stride: int = 8
    """Sampled frames from the start of one clip to the start of the next, when scoring."""
    epochs: int = 20
    batch: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup: float = 0.1
    """Share of the steps in which the learning rate rises."""
    smoothing: float = 0.1
    balance: float = 0.5
    """A video of a class of n weighs n to the power of minus this: at 1 all classes weigh alike."""
    spliced: float = 0.3
    """Spliced clips (see splice()) per clip of the batch."""
    largest_gradient: float = 1.0


def train(
    videos: Sequence[Tensor],
    targets: Tensor,
    recipe: Recipe,
    seed: int,
    tick: Callable[[], None],
) -> nn.Module:
    """A new head, trained; the same seed gives the same weights. ``tick`` is called per epoch.

    ``videos`` are [2, n, D], as they are and mirrored; ``targets`` [videos, labels] hold a 1 for
    the label of each, or none for a video of another action.
    """
    videos = [
        torch.stack([pad(view, recipe.frames) for view in video.float()], dim=1) for video in videos
    ]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        head = make_head(recipe.head, videos[0].shape[-1], targets.shape[1], **recipe.sizes)
        head.to(precision.device)
        _fit(head, videos, targets, recipe, tick)
    return head.eval()


def _fit(
    head: nn.Module,
    videos: Sequence[Tensor],
    targets: Tensor,
    recipe: Recipe,
    tick: Callable[[], None],
) -> None:
    steps = recipe.epochs * math.ceil(len(videos) / recipe.batch)
    optimiser = torch.optim.AdamW(
        head.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: warm_cosine(step, steps, recipe.warmup)
    )
    weights = video_weights(targets, recipe.balance)
    for _ in range(recipe.epochs):
        clips = random_clips(videos, recipe.frames)
        for batch in torch.split(torch.randperm(len(videos)), recipe.batch):
            loss = _loss(head, clips[batch], targets[batch], weights[batch], recipe)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(head.parameters(), recipe.largest_gradient)
            optimiser.step()
            schedule.step()
        tick()


def _loss(
    head: nn.Module, clips: Tensor, targets: Tensor, weights: Tensor, recipe: Recipe
) -> Tensor:
    """Binary cross-entropy of each label on its own; a spliced clip is of no label."""
    others = splice(clips, round(recipe.spliced * len(clips)))
    targets = torch.cat([targets, targets.new_zeros(len(others), targets.shape[1])])
    weights = torch.cat([weights, weights.new_ones(len(others))])
    with precision.autocast():
        logits, _ = head(torch.cat([clips, others]).to(precision.device))
    smooth = targets * (1 - recipe.smoothing) + recipe.smoothing / targets.shape[1]
    losses = F.binary_cross_entropy_with_logits(
        logits.float(), smooth.to(precision.device), reduction="none"
    )
    return (losses.sum(dim=1) * weights.to(precision.device)).mean()


def warm_cosine(step: int, steps: int, warmup: float) -> float:
    """Factor of the learning rate at ``step`` of ``steps``."""
    rise = min(1.0, (step + 1) / (warmup * steps))
    return rise * 0.5 * (1 + math.cos(math.pi * step / steps))


def video_weights(targets: Tensor, balance: float) -> Tensor:
    """Weight of each video by how rare its class is, 1 on average; no label is a class too."""
    classes = torch.where(targets.any(dim=1), targets.argmax(dim=1), targets.shape[1])
    weights = classes.bincount()[classes].float() ** -balance
    return weights / weights.mean()


def random_clips(videos: Sequence[Tensor], frames: int) -> Tensor:
    """A random clip of each video [n, 2, D], mirrored or not: [videos, frames, D]."""
    clips = []
    for video in videos:
        first = int(torch.randint(len(video) - frames + 1, ()))
        clips.append(video[first : first + frames, int(torch.randint(2, ()))])
    return torch.stack(clips)


def splice(clips: Tensor, count: int) -> Tensor:
    """Clips of nothing that exists: ``count`` [count, T, D] from ``clips`` [n, T, D].

    Each channel comes from one of two random clips. Every value is one that real clips have, but
    not their combination: what lies between and beside the classes, where a head that has seen only
    them would be sure of itself.
    """
    n, _, channels = clips.shape
    pairs = torch.randint(n, (count, 2))
    sources = pairs.gather(1, torch.randint(2, (count, channels)))
    return clips.transpose(1, 2)[sources, torch.arange(channels)].transpose(1, 2)


@torch.inference_mode()
def score(head: nn.Module, video: Tensor, recipe: Recipe) -> Tensor:
    """Logits [clips, labels] of a video's vectors [n, D], cut into clips as requests are."""
    video = pad(video.float(), recipe.frames)
    starts = windows(len(video), recipe.frames, recipe.stride)
    clips = torch.stack([video[first : first + recipe.frames] for first in starts])
    logits, _ = head(clips.to(precision.device))
    scores: Tensor = logits.cpu()
    return scores
