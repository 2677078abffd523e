"""The checkpoint of a clip network that was fine-tuned, with all that is needed to use it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from har.models import checkpoint_file
from har.models.checkpoint_file import (
    CheckpointBase,
    Meta,
    State,
    check_tensors,
    half,
    positive,
    refusal,
    whole,
)
from har.models.clip_networks.network import ClipNetwork, Geometry
from har.models.i3d import I3D
from har.types import Fit, Source

if TYPE_CHECKING:
    from collections.abc import Iterable

_LARGEST = 1 << 16


@dataclass(frozen=True, kw_only=True)
class ClipCheckpoint(CheckpointBase):
    """A fine-tuned network, and everything that a clip must meet to be scored by it.

    ``state`` holds its weights by the names that its library gives them, in half precision in the
    file.
    """

    network: Source
    """registry.INFLATED, or which of RESIDUAL and ATTENTION there it is."""
    sizes: dict[str, Any]
    """What transformers' configuration tells of it; nothing of torchvision's, which have one."""
    geometry: Geometry
    stride: int
    """Sampled frames from the start of one clip to the start of the next."""

    def at_work(self, file: str) -> ClipNetwork:
        network = self._empty()
        network.load_state_dict(self.state)
        return ClipNetwork(
            self.network,
            f"{self.network} ({file})",
            self.labels,
            self.geometry,
            _wrapped(self.network, network),
            stride=self.stride,
            threshold=self.threshold,
            probabilities=self.probabilities,
        )

    def tensors(self) -> State:
        return {name: half(tensor) for name, tensor in self.state.items()}

    def _empty(self) -> nn.Module:
        from har.models.clip_networks import attention, inflated, residual
        from har.models.registry import INFLATED, RESIDUAL

        network: nn.Module
        if self.network == INFLATED:
            network = inflated.empty(len(self.labels))
        elif self.network in RESIDUAL:
            network = residual.empty(self.network, len(self.labels))
        else:
            network = attention.empty(self.network, len(self.labels), self.sizes)
        return network

    def check(self, path: Path) -> None:
        """Raises CheckpointError where the weights are not such a network's."""
        try:
            with torch.device("meta"):
                network = self._empty()
        except Exception as error:  # the libraries raise whatever their layers raise
            raise refusal(path, "has sizes that make no network") from error
        check_tensors(path, network, self.state)


def _wrapped(source: Source, network: nn.Module) -> nn.Module:
    from har.models.clip_networks import attention, inflated, residual
    from har.models.registry import RESIDUAL

    if isinstance(network, I3D):
        return inflated.ChannelsFirst(network)
    return residual.ChannelsFirst(network) if source in RESIDUAL else attention.Logits(network)


def made(path: Path, meta: Meta, state: State) -> ClipCheckpoint:
    """The checkpoint of what checkpoint_file.read() gave. Raises CheckpointError."""
    checkpoint = checkpoint_file.built(path, meta, state, ClipCheckpoint, _built)
    checkpoint.check(path)
    return checkpoint


def _built(meta: Meta, state: State) -> ClipCheckpoint:
    """Raises ValueError, TypeError or KeyError where a value cannot be used."""
    from har.models.registry import ATTENTION, INFLATED, RESIDUAL

    meta["labels"] = tuple(meta["labels"])
    meta["geometry"] = _geometry(meta["geometry"])
    weights = {name: whole(tensor) for name, tensor in state.items()}
    checkpoint = ClipCheckpoint(**meta, state=weights)
    facts = {
        "network": checkpoint.network in (INFLATED, *RESIDUAL, *ATTENTION),
        "sizes": isinstance(checkpoint.sizes, dict)
        # Each layer has weights: a network of more layers could not be theirs.
        and checkpoint.sizes.get("num_hidden_layers", 0) <= len(state),
        "geometry": _is_usable(checkpoint.geometry, whole=checkpoint.network == INFLATED),
        "stride": _are_counts([checkpoint.stride])
        and checkpoint.stride <= checkpoint.geometry.frames,
    }
    wrong = [*checkpoint.odd_facts(), *(name for name, right in facts.items() if not right)]
    if wrong:
        raise ValueError(", ".join(wrong))
    return checkpoint


def _geometry(told: dict[str, Any]) -> Geometry:
    fit: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in told["fit"].items()
    }
    channels = {name: tuple(told[name]) for name in ("mean", "std")}
    return Geometry(**{**told, **channels, "fit": Fit(**fit)})


def _is_usable(geometry: Geometry, whole: bool) -> bool:
    """``whole`` of a network that sees the whole picture, where others see squares."""
    fit = geometry.fit
    scaled = fit.scaled if isinstance(fit.scaled, tuple) else (fit.scaled or fit.size,)
    return (
        _are_counts([geometry.frames, geometry.side, fit.size, *scaled])
        and fit.size % geometry.side == 0
        and _is_shape(fit, whole)
        and (fit.corner is None or _are_counts([place + 1 for place in fit.corner]))
        and positive(geometry.fps)
        and len(geometry.mean) == len(geometry.std) == 3
        and all(math.isfinite(value) for value in geometry.mean)
        and all(positive(value) for value in geometry.std)
    )


def _is_shape(fit: Fit, whole: bool) -> bool:
    if fit.longest is None:
        return not whole
    return whole and _are_counts([fit.longest]) and fit.longest >= fit.size


def _are_counts(numbers: Iterable[Any]) -> bool:
    return all(type(number) is int and 0 < number <= _LARGEST for number in numbers)
