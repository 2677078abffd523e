"""The trained model's file: safetensors, with all that is needed to use it inside the header."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from har.errors import CheckpointError
from har.models import backbone
from har.models.backbone import Backbone
from har.models.heads import HEADS, make_head
from har.models.labels import is_label
from har.types import Source

_KEY = "har"
_HASH = "sha256"
"""Among the metadata: of the others and of all tensors, so that a change anywhere is seen."""
_BACKBONE = "backbone."
"""What the names of the backbone's tensors begin with in the file."""
_FITS = ("squash",)
_LARGEST, _MOST_LAYERS = 1 << 16, 16
_RETRAIN = "Train it again with 'python -m har train', or restore the one that came with us."


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A trained head, and everything that a clip must meet to be scored by it."""

    labels: tuple[str, ...]
    backbone: str
    """Name of the network that turns frames into vectors; see har.models.backbone."""
    features: int
    """Length of those vectors."""
    head: Source
    sizes: dict[str, float]
    """Arguments of the head."""
    frames: int
    """Sampled frames in a clip."""
    fps: float
    """Sampled frames per second of video."""
    stride: int
    """Sampled frames from the start of one clip to the start of the next."""
    size: int
    """Side of the square picture that the backbone sees, in pixels."""
    fit: str
    """How a picture becomes square: ``squash`` scales both sides, and crops nothing."""
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    """Per channel, of pixels in 0..1."""
    temperature: float
    skew: float = 1.0
    bias: float = 0.0
    """With the temperature, what makes probabilities of logits; see calibrated()."""
    threshold: float
    """Confidence below which the zero-shot model is asked."""
    data: dict[str, Any]
    """What it was trained on."""
    metrics: dict[str, Any]
    """How it did on held-back folds."""
    state: dict[str, Tensor] = dataclasses.field(repr=False)
    """Weights of the head."""
    backbone_state: dict[str, Tensor] = dataclasses.field(repr=False, default_factory=dict)
    """Weights of the backbone, in half precision in the file; none where it is one whose own come
    in a package."""

    def network(self) -> nn.Module:
        """The head with its weights, in evaluation mode."""
        head = make_head(self.head, self.features, len(self.labels), **self.sizes)
        head.load_state_dict(self.state)
        return head.eval()

    def embedder(self) -> Backbone:
        """The backbone with its weights. Raises CheckpointError where they cannot be had."""
        return backbone.load(self.backbone, self.backbone_state or None)

    def probabilities(self, logits: Tensor) -> Tensor:
        """Logits [n, labels] of the head to calibrated probabilities [n, labels].

        Each label is judged on its own, so that a clip of none of them is low in all: a row does
        not add up to 1. See calibrated().
        """
        return calibrated(logits, self.temperature, self.skew, self.bias)

    def save(self, path: Path) -> None:
        """Write the file whole or not at all. The same checkpoint gives the same bytes."""
        meta = {f.name: getattr(self, f.name) for f in _meta_fields()}
        tensors = {name: tensor.contiguous() for name, tensor in self.state.items()}
        tensors |= {_BACKBONE + name: half(tensor) for name, tensor in self.backbone_state.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.part")
        meta[_HASH] = digest(meta, tensors)
        partial.write_bytes(save(tensors, {_KEY: json.dumps(meta)}))
        os.replace(partial, path)


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


def half(tensor: Tensor) -> Tensor:
    """What the file keeps of a backbone's tensor: integers stay as they are."""
    return (tensor.half() if tensor.is_floating_point() else tensor).contiguous()


def digest(meta: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> str:
    """The SHA-256 of a file's metadata and of its tensors' names, types, shapes and bytes, in
    hexadecimal."""
    found = hashlib.sha256(json.dumps(meta).encode())
    for name, tensor in sorted(tensors.items()):
        found.update(f"\n{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        found.update(tensor.contiguous().flatten().view(torch.uint8).numpy().data)
    return found.hexdigest()


def load(path: Path) -> Checkpoint:
    """Read and check a checkpoint; nothing in it is executed. Raises CheckpointError."""
    meta, state = _read(path)
    try:
        checkpoint = _built(meta, state)
    except (TypeError, ValueError, KeyError) as error:
        raise _refusal(path, f"has metadata that make no sense ({error})") from error
    _check_backbone(path, checkpoint)
    _check_state(path, checkpoint)
    return checkpoint


def _meta_fields() -> list[dataclasses.Field[Any]]:
    return [f for f in dataclasses.fields(Checkpoint) if "state" not in f.name]


def _refusal(path: Path, why: str) -> CheckpointError:
    return CheckpointError(f"The model {path.name} {why}. {_RETRAIN}")


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    if not path.is_file():
        raise _refusal(path, "is not there")
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(_KEY)
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise _refusal(path, "is not a whole safetensors file") from error
    if text is None:
        raise _refusal(path, "has no metadata: it is not a checkpoint of ours")
    meta = _parsed(path, text)
    if meta.pop(_HASH) != digest(meta, state):
        raise _refusal(path, "is not as it was written: its hash differs")
    return meta, state


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        meta = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refusal(path, "has metadata that are not JSON") from error
    expected = {_HASH, *(f.name for f in _meta_fields())}
    odd = expected ^ set(meta if isinstance(meta, dict) else ())
    if odd:
        raise _refusal(path, f"has metadata of another version ({', '.join(sorted(odd))})")
    return dict(meta)


def _built(meta: dict[str, Any], state: dict[str, Tensor]) -> Checkpoint:
    """Raises ValueError, TypeError or KeyError where a value cannot be used."""
    for name in ("labels", "mean", "std"):
        meta[name] = tuple(meta[name])
    head = {name: tensor for name, tensor in state.items() if not name.startswith(_BACKBONE)}
    own = {
        name.removeprefix(_BACKBONE): tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in state.items()
        if name.startswith(_BACKBONE)
    }
    checkpoint = Checkpoint(**meta, state=head, backbone_state=own)
    labels = checkpoint.labels
    counts = [checkpoint.features, checkpoint.frames, checkpoint.stride, checkpoint.size]
    facts = {
        "labels": labels and all(isinstance(label, str) and is_label(label) for label in labels),
        "labels that differ": len(set(labels)) == len(labels),
        "head": checkpoint.head in HEADS,
        "fit": checkpoint.fit in _FITS,
        "backbone": isinstance(checkpoint.backbone, str),
        "counts": all(type(count) is int and 0 < count <= _LARGEST for count in counts),
        "head sizes": isinstance(checkpoint.sizes, dict)
        and all(_is_size(name, value) for name, value in checkpoint.sizes.items()),
        "stride": checkpoint.stride <= checkpoint.frames,
        "fps": _positive(checkpoint.fps),
        "temperature": _positive(checkpoint.temperature),
        "skew": _positive(checkpoint.skew),
        "bias": math.isfinite(checkpoint.bias),
        "threshold": 0 <= checkpoint.threshold <= 1,
    }
    wrong = [name for name, right in facts.items() if not right]
    if wrong:
        raise ValueError(", ".join(wrong))
    return checkpoint


def _is_size(name: str, value: float) -> bool:
    """Whether an argument of a head makes a network that is built in reasonable time."""
    if name == "dropout":
        return 0 <= value <= 1
    return type(value) is int and 0 < value <= (_MOST_LAYERS if name == "layers" else _LARGEST)


def _positive(value: float) -> bool:
    return math.isfinite(value) and value > 0


def _check_backbone(path: Path, checkpoint: Checkpoint) -> None:
    """Pixels that are normalised otherwise than in training give wrong scores without an error."""
    try:
        expected = backbone.normalisation(checkpoint.backbone)
    except CheckpointError as error:
        raise _refusal(path, f"needs another backbone. {error.detail}") from error
    if expected != (checkpoint.mean, checkpoint.std):
        raise _refusal(path, "was trained on pixels of another normalisation than its backbone's")


def _check_state(path: Path, checkpoint: Checkpoint) -> None:
    try:
        with torch.device("meta"):
            head = make_head(
                checkpoint.head, checkpoint.features, len(checkpoint.labels), **checkpoint.sizes
            )
    except (TypeError, ValueError, RuntimeError) as error:
        raise _refusal(path, "has head sizes that make no network") from error
    _check_tensors(path, head, checkpoint.state)
    if checkpoint.backbone_state:
        with torch.device("meta"):
            network = backbone.network(checkpoint.backbone)
        _check_tensors(path, network, checkpoint.backbone_state)


def _check_tensors(path: Path, network: nn.Module, state: dict[str, Tensor]) -> None:
    expected = {name: tensor.shape for name, tensor in network.state_dict().items()}
    if expected != {name: tensor.shape for name, tensor in state.items()}:
        raise _refusal(path, "has weights of other shapes than its metadata say")
    if not all(bool(tensor.isfinite().all()) for tensor in state.values()):
        raise _refusal(path, "has weights that are not finite numbers")
