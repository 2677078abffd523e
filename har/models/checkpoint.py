"""The checkpoint of a head on a backbone, with all that is needed to use it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from har.errors import CheckpointError
from har.models import backbone, checkpoint_file
from har.models.backbone import Backbone
from har.models.checkpoint_file import CheckpointBase, Meta, State, half, positive, refusal, whole
from har.models.heads import HEADS, make_head
from har.types import Source

if TYPE_CHECKING:
    from har.models.trained import CheckpointModel

_BACKBONE = "backbone."
"""What the names of the backbone's tensors begin with in the file."""
_FITS = ("squash",)
_LARGEST, _MOST_LAYERS = 1 << 16, 16


@dataclass(frozen=True, kw_only=True)
class Checkpoint(CheckpointBase):
    """A trained head, and everything that a clip must meet to be scored by it.

    ``state`` holds the weights of the head.
    """

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
    backbone_state: State = dataclasses.field(repr=False, default_factory=dict)
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

    def at_work(self, file: str) -> CheckpointModel:
        from har.models.trained import CheckpointModel

        return CheckpointModel(self, file)

    def tensors(self) -> State:
        own = {_BACKBONE + name: half(tensor) for name, tensor in self.backbone_state.items()}
        return self.state | own


def load(path: Path) -> Checkpoint:
    """Read and check a checkpoint; nothing in it is executed. Raises CheckpointError."""
    return made(path, *checkpoint_file.read(path))


def made(path: Path, meta: Meta, state: State) -> Checkpoint:
    """The checkpoint of what checkpoint_file.read() gave. Raises CheckpointError."""
    checkpoint = checkpoint_file.built(path, meta, state, Checkpoint, _built)
    _check_backbone(path, checkpoint)
    _check_state(path, checkpoint)
    return checkpoint


def _built(meta: Meta, state: State) -> Checkpoint:
    """Raises ValueError, TypeError or KeyError where a value cannot be used."""
    for name in ("labels", "mean", "std"):
        meta[name] = tuple(meta[name])
    head = {name: tensor for name, tensor in state.items() if not name.startswith(_BACKBONE)}
    own = {
        name.removeprefix(_BACKBONE): whole(tensor)
        for name, tensor in state.items()
        if name.startswith(_BACKBONE)
    }
    checkpoint = Checkpoint(**meta, state=head, backbone_state=own)
    counts = [checkpoint.features, checkpoint.frames, checkpoint.stride, checkpoint.size]
    facts = {
        "head": checkpoint.head in HEADS,
        "fit": checkpoint.fit in _FITS,
        "backbone": isinstance(checkpoint.backbone, str),
        "counts": all(type(count) is int and 0 < count <= _LARGEST for count in counts),
        "head sizes": isinstance(checkpoint.sizes, dict)
        and all(_is_size(name, value) for name, value in checkpoint.sizes.items()),
        "stride": checkpoint.stride <= checkpoint.frames,
        "fps": positive(checkpoint.fps),
    }
    wrong = [*checkpoint.odd_facts(), *(name for name, right in facts.items() if not right)]
    if wrong:
        raise ValueError(", ".join(wrong))
    return checkpoint


def _is_size(name: str, value: float) -> bool:
    """Whether an argument of a head makes a network that is built in reasonable time."""
    if name == "dropout":
        return 0 <= value <= 1
    return type(value) is int and 0 < value <= (_MOST_LAYERS if name == "layers" else _LARGEST)


def _check_backbone(path: Path, checkpoint: Checkpoint) -> None:
    """Pixels that are normalised otherwise than in training give wrong scores without an error."""
    try:
        expected = backbone.normalisation(checkpoint.backbone)
    except CheckpointError as error:
        raise refusal(path, f"needs another backbone. {error.detail}") from error
    if expected != (checkpoint.mean, checkpoint.std):
        raise refusal(path, "was trained on pixels of another normalisation than its backbone's")


def _check_state(path: Path, checkpoint: Checkpoint) -> None:
    try:
        with torch.device("meta"):
            head = make_head(
                checkpoint.head, checkpoint.features, len(checkpoint.labels), **checkpoint.sizes
            )
    except (TypeError, ValueError, RuntimeError) as error:
        raise refusal(path, "has head sizes that make no network") from error
    checkpoint_file.check_tensors(path, head, checkpoint.state)
    if checkpoint.backbone_state:
        with torch.device("meta"):
            network = backbone.network(checkpoint.backbone)
        checkpoint_file.check_tensors(path, network, checkpoint.backbone_state)
