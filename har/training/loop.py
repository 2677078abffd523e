"""The training loop: one network, epoch by epoch, in a way that can be taken up again exactly."""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from har.models import precision
from har.training import losses
from har.training.batches import Batch, Clips
from har.training.recipe import Recipe

State = dict[str, Any]
"""What state() gives: tensors, numbers, and lists and dicts of them."""


class Network(nn.Module):
    """A head, below it the backbone where that is fine-tuned; or the last layer of a clip network,
    and what lies below that."""

    def __init__(
        self,
        head: nn.Module,
        backbone: nn.Module | None = None,
        *,
        exclusive: bool = False,
        from_scratch: bool = False,
    ) -> None:
        """``exclusive`` labels share out one probability, by a softmax; else each has its own, by a
        sigmoid. A backbone ``from_scratch`` was not trained before."""
        super().__init__()
        self.head = head
        self.backbone = backbone
        self.exclusive = exclusive
        self._from_scratch = from_scratch

    def train(self, mode: bool = True) -> Network:
        """Of a backbone that was trained before, only the head changes its mode: the statistics of
        its normalisation layers come from more data than is trained on here, and it is fine-tuned
        as it is served."""
        self.training = mode
        self.head.train(mode)
        if self.backbone is not None:
            self.backbone.train(mode and self._from_scratch)
        return self

    def vectors(self, clips: Tensor) -> Tensor:
        """Clips as they are fed, [B, T, ...], to vectors [B, steps, D]."""
        return clips if self.backbone is None else self.backbone(clips)

    def groups(self, recipe: Recipe) -> list[dict[str, Any]]:
        """What an optimiser changes, with the highest learning rate of each part."""
        groups = [{"params": list(self.head.parameters()), "lr": recipe.learning_rate}]
        if self.backbone is not None:
            groups += [{"params": list(self.backbone.parameters()), "lr": recipe.backbone_rate}]
        return groups


@dataclass(frozen=True)
class Measured:
    """How a network does on videos that it is not trained on."""

    loss: float
    top1: float
    """Share of the videos with a label that are named right."""


@dataclass(frozen=True)
class Epoch:
    """What is told of an epoch when it is over."""

    number: int
    """Epochs that are done, this one included."""
    step: int
    """Steps that are done."""
    loss: float
    """Mean over the epoch's clips."""
    learning_rate: float
    """Of the head, in the last step."""
    set_aside: Measured | None
    """On the groups that decide when to stop."""


class Training:
    """A network, its optimiser, and how far they are.

    Whatever is random in an epoch follows from the seed and the epoch's number, so that the state
    between two epochs is all that a training which was cut off needs.
    """

    def __init__(self, network: Network, recipe: Recipe, targets: Tensor) -> None:
        """``targets`` [videos, labels] are those of the training videos as they are."""
        self.network = network.to(precision.device)
        self.done = 0
        self._recipe = recipe
        self._weights = losses.class_weights(targets, recipe.balance).to(precision.device)
        self._optimiser = _optimiser(network, recipe)
        self._highest = [group["lr"] for group in self._optimiser.param_groups]
        self._format = number_format(network)
        # float16 alone has gradients too small for it; elsewhere the scaler does nothing.
        self._scaler = torch.amp.GradScaler(
            precision.device.type, enabled=self._format is torch.float16
        )
        self._best: dict[str, Tensor] | None = None
        self._least = math.inf
        self._waited = 0

    def state(self) -> State:
        """All that changes in training."""
        return {
            "done": self.done,
            "network": self.network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "scaler": self._scaler.state_dict(),
            "best": self._best,
            "least": self._least,
            "waited": self._waited,
        }

    def resume(self, state: State) -> None:
        """Go on from what state() gave."""
        self.done = state["done"]
        self.network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._scaler.load_state_dict(state["scaler"])
        self._best, self._least, self._waited = state["best"], state["least"], state["waited"]

    def run(
        self, clips: Clips, set_aside: Clips | None, tick: Callable[[], None]
    ) -> Iterator[Epoch]:
        """Train, and tell of each epoch; ``tick`` is called per step.

        With ``set_aside`` it stops where the loss on them has not fallen for the recipe's patience,
        and the network then has the weights with which it was lowest.
        """
        while self.done < self._recipe.epochs and not self._is_over():
            loss = self._epoch(clips, tick)
            self.done += 1
            measured = self.measure(set_aside) if set_aside else None
            if measured:
                self._remember(measured.loss)
            rate = self._optimiser.param_groups[0]["lr"]
            steps = self.done * steps_per_epoch(len(clips), self._recipe)
            yield Epoch(self.done, steps, loss, rate, measured)
        if self._best:
            self.network.load_state_dict(self._best)
        self.network.eval()

    @torch.inference_mode()
    def measure(self, clips: Clips) -> Measured:
        """Loss and accuracy on one clip of each video."""
        self.network.eval()
        total, right, known = 0.0, 0, 0
        for inputs, targets in clips.batches(None):
            targets = targets.to(precision.device)
            with self._autocast():
                vectors = self.network.vectors(inputs.to(precision.device))
                logits = self.network.head(vectors.float())[0].float()
            weights = self._weights[losses.classes(targets)]
            total += (self._losses(logits, targets) * weights).sum().item()
            labelled = targets.any(dim=1)
            hits = logits.argmax(dim=1) == targets.argmax(dim=1)
            right += int((hits & labelled).sum())
            known += int(labelled.sum())
        return Measured(total / len(clips), right / max(1, known))

    def _epoch(self, clips: Clips, tick: Callable[[], None]) -> float:
        """Train once on each video; the mean loss."""
        self.network.train()
        total = torch.zeros((), device=precision.device)
        steps = steps_per_epoch(len(clips), self._recipe)
        with torch.random.fork_rng():
            torch.manual_seed(_seed(self._recipe.seed, self.done))
            for step, batch in enumerate(clips.batches(self.done), self.done * steps):
                factor = warm_cosine(step, steps * self._recipe.epochs, self._recipe.warmup)
                total += self._step(batch, factor) * len(batch[0])
                tick()
        return total.item() / len(clips)

    def _step(self, batch: Batch, factor: float) -> Tensor:
        """One change of the weights, at this factor of the learning rates; the loss before it."""
        for group, highest in zip(self._optimiser.param_groups, self._highest, strict=True):
            group["lr"] = highest * factor
        clips, targets = (part.to(precision.device) for part in batch)
        loss = self._loss(clips, targets)
        self._optimiser.zero_grad()
        torch.autograd.backward(self._scaler.scale(loss))
        self._scaler.unscale_(self._optimiser)
        nn.utils.clip_grad_norm_(self.network.parameters(), self._recipe.largest_gradient)
        self._scaler.step(self._optimiser)
        self._scaler.update()
        return loss.detach()

    def _loss(self, clips: Tensor, targets: Tensor) -> Tensor:
        """Mean loss of a batch and of the clips spliced from it, which show none of the labels."""
        with self._autocast():
            vectors = self.network.vectors(clips).float()
            others = losses.splice(vectors, round(self._recipe.spliced * len(vectors)))
            logits, _ = self.network.head(torch.cat([vectors, others]))
        nothing = targets.new_zeros(len(others), targets.shape[1])
        weights = torch.cat([self._weights[losses.classes(targets)], targets.new_ones(len(others))])
        return (self._losses(logits.float(), torch.cat([targets, nothing])) * weights).mean()

    def _losses(self, logits: Tensor, targets: Tensor) -> Tensor:
        return losses.of_clips(logits, targets, self._recipe.smoothing, self.network.exclusive)

    def _autocast(self) -> torch.autocast:
        """Mixed precision where it pays, else nothing."""
        enabled = self._format is not None
        return torch.autocast(precision.device.type, dtype=self._format, enabled=enabled)

    def _remember(self, loss: float) -> None:
        """Keep the weights if none had a lower loss."""
        self._waited += 1
        if loss < self._least:
            self._least, self._waited = loss, 0
            self._best = copy.deepcopy(self.network.state_dict())

    def _is_over(self) -> bool:
        return 0 < self._recipe.patience <= self._waited


def _optimiser(network: Network, recipe: Recipe) -> torch.optim.Optimizer:
    groups = network.groups(recipe)
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(groups, momentum=recipe.momentum, weight_decay=recipe.weight_decay)
    return torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)


def _seed(seed: int, epoch: int) -> int:
    return int(np.random.SeedSequence((seed, epoch)).generate_state(1)[0])


def make_repeatable() -> None:
    """Have a GPU add in the same order each time, where it can; a processor does anyway.

    I3D's pooling has no such backward pass: fine-tuned on a GPU, it ends nearly the same.
    """
    if precision.device.type == "cuda":
        # Read by cuBLAS when it is first used.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)


def steps_per_epoch(videos: int, recipe: Recipe) -> int:
    """How many batches show each video once."""
    return math.ceil(videos / recipe.batch)


def number_format(network: nn.Module) -> torch.dtype | None:
    """The numbers of mixed precision for a network on this machine; None where it would not pay, or
    where the processor's backward pass is wrong in it."""
    if precision.device.type == "cuda":
        has_bfloat16 = torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if has_bfloat16 else torch.float16
    if not precision.has_bfloat16() or any(map(_pads_time, network.modules())):
        return None
    return torch.bfloat16


def _pads_time(module: nn.Module) -> bool:
    """Whether it is a convolution whose gradient in bfloat16 is not to be trusted.

    On the processor, where such a one sees fewer steps than it is long, oneDNN (as in torch 2.15)
    leaves parts of its weights' gradient unwritten and writes beyond it.
    """
    return isinstance(module, nn.Conv3d) and bool(module.padding[0])


def warm_cosine(step: int, steps: int, warmup: float) -> float:
    """Factor of the learning rate at ``step`` of ``steps``: it rises for the share ``warmup`` of
    them, then falls to zero as a cosine does (Loshchilov and Hutter 2017, without restarts)."""
    rise = min(1.0, (step + 1) / max(1.0, warmup * steps))
    return rise * 0.5 * (1 + math.cos(math.pi * step / steps))
