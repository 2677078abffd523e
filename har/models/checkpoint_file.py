"""What the checkpoints of all kinds of models are: safetensors, with metadata in their header."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from har.errors import CheckpointError
from har.models import confidence
from har.models.labels import is_label

if TYPE_CHECKING:
    from har.models.trained import TrainedModel

_KEY = "har"
_HASH = "sha256"
"""Among the metadata: of the others and of all tensors, so that a change anywhere is seen."""
_RETRAIN = "Train it again with 'python -m har train', or restore the one that came with us."

Meta = dict[str, Any]
State = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class CheckpointBase(ABC):
    """What a model knows, how sure it may be, and where that comes from."""

    labels: tuple[str, ...]
    temperature: float
    skew: float = 1.0
    bias: float = 0.0
    """With the temperature, what makes probabilities of logits; see confidence.calibrated()."""
    threshold: float
    """Confidence below which the zero-shot model is asked."""
    data: dict[str, Any]
    """What it was trained on."""
    metrics: dict[str, Any]
    """How it did on held-back folds."""
    state: State = dataclasses.field(repr=False)

    @abstractmethod
    def at_work(self, file: str) -> TrainedModel:
        """The model with its weights; ``file`` is what the result calls the checkpoint. Raises
        CheckpointError where weights cannot be had."""

    @abstractmethod
    def tensors(self) -> State:
        """What the file holds."""

    def probabilities(self, logits: Tensor) -> Tensor:
        """Logits [n, labels] to calibrated probabilities [n, labels].

        Each label is judged on its own, so that a clip of none of them is low in all: a row does
        not add up to 1. See confidence.calibrated().
        """
        return confidence.calibrated(logits, self.temperature, self.skew, self.bias)

    def save(self, path: Path) -> None:
        """Write the file whole or not at all. The same checkpoint gives the same bytes."""
        meta = {name: _plain(getattr(self, name)) for name in names(type(self))}
        tensors = {name: tensor.contiguous() for name, tensor in self.tensors().items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.part")
        meta[_HASH] = digest(meta, tensors)
        partial.write_bytes(save(tensors, {_KEY: json.dumps(meta)}))
        os.replace(partial, path)

    def odd_facts(self) -> list[str]:
        """The names of what cannot be used. Raises TypeError where a value is of another kind."""
        labels = self.labels
        facts = {
            "labels": labels and all(isinstance(name, str) and is_label(name) for name in labels),
            "labels that differ": len(set(labels)) == len(labels),
            "temperature": positive(self.temperature),
            "skew": positive(self.skew),
            "bias": math.isfinite(self.bias),
            "threshold": 0 <= self.threshold <= 1,
        }
        return [name for name, right in facts.items() if not right]


_Kind = TypeVar("_Kind", bound=CheckpointBase)


def names(kind: type[CheckpointBase]) -> list[str]:
    """What the metadata of a kind of checkpoint hold: all of its fields but the tensors."""
    return [f.name for f in dataclasses.fields(kind) if f.repr]


def _plain(value: Any) -> Any:
    """A value as JSON can have it."""
    is_object = dataclasses.is_dataclass(value) and not isinstance(value, type)
    return dataclasses.asdict(value) if is_object else value


def half(tensor: Tensor) -> Tensor:
    """What a file keeps of a large network's tensor: integers stay as they are."""
    return (tensor.half() if tensor.is_floating_point() else tensor).contiguous()


def whole(tensor: Tensor) -> Tensor:
    """half() undone."""
    return tensor.float() if tensor.is_floating_point() else tensor


def positive(value: float) -> bool:
    """Whether a number is one, and more than 0."""
    return math.isfinite(value) and value > 0


def digest(meta: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> str:
    """The SHA-256 of a file's metadata and of its tensors' names, types, shapes and bytes, in
    hexadecimal."""
    found = hashlib.sha256(json.dumps(meta).encode())
    for name, tensor in sorted(tensors.items()):
        found.update(f"\n{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        found.update(tensor.contiguous().flatten().view(torch.uint8).numpy().data)
    return found.hexdigest()


def read(path: Path) -> tuple[Meta, State]:
    """The metadata and the tensors of a file; nothing in it is executed. Raises CheckpointError."""
    if not path.is_file():
        raise refusal(path, "is not there")
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(_KEY)
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise refusal(path, "is not a whole safetensors file") from error
    if text is None:
        raise refusal(path, "has no metadata: it is not a checkpoint of ours")
    meta = _parsed(path, text)
    if meta.pop(_HASH) != digest(meta, state):
        raise refusal(path, "is not as it was written: its hash differs")
    return meta, state


def _parsed(path: Path, text: str) -> Meta:
    try:
        meta = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise refusal(path, "has metadata that are not JSON") from error
    if not isinstance(meta, dict) or _HASH not in meta:
        raise refusal(path, f"has metadata of another version ({_HASH})")
    return meta


def built(
    path: Path, meta: Meta, state: State, kind: type[_Kind], build: Callable[[Meta, State], _Kind]
) -> _Kind:
    """What ``build`` makes of what read() gave. Raises CheckpointError for metadata of other names
    than the kind's, and for those of which it raises ValueError, TypeError or KeyError."""
    if odd := set(names(kind)) ^ set(meta):
        raise refusal(path, f"has metadata of another version ({', '.join(sorted(odd))})")
    try:
        return build(meta, state)
    except (TypeError, ValueError, KeyError) as error:
        raise refusal(path, f"has metadata that make no sense ({error})") from error


def check_tensors(path: Path, network: nn.Module, state: State) -> None:
    """Raises CheckpointError for tensors that are not the network's."""
    expected = {name: tensor.shape for name, tensor in network.state_dict().items()}
    if expected != {name: tensor.shape for name, tensor in state.items()}:
        raise refusal(path, "has weights of other shapes than its metadata say")
    if not all(bool(tensor.isfinite().all()) for tensor in state.values()):
        raise refusal(path, "has weights that are not finite numbers")


def refusal(path: Path, why: str) -> CheckpointError:
    """The error of a file that cannot be used."""
    return CheckpointError(f"The model {path.name} {why}. {_RETRAIN}")
