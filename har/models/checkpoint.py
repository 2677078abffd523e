"""The checkpoint of a head on a backbone, with all that is needed to use it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from har.errors import CheckpointError
from har.models import backbone, checkpoint_file, joint
from har.models.backbone import Backbone
from har.models.checkpoint_file import CheckpointBase, Meta, State, half, positive, refusal, whole
from har.models.heads import HEADS, make_head
from har.models.joint import Gate
from har.types import Source

if TYPE_CHECKING:
    from har.models.trained import CheckpointModel

_BACKBONE = "backbone."
"""What the names of the backbone's tensors begin with in the file."""
_EXEMPLARS = "exemplars"
_FITS = ("squash", "whole")
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
    """Shorter side of the picture that the backbone sees, in pixels."""
    fit: str
    """``whole`` for the picture at its own shape, ``squash`` for a square of all of it."""
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    """Per channel, of pixels in 0..1."""
    learnt: tuple[str, ...]
    """The labels of the head's logits. Where ``labels`` has more, they are Kinetics' actions, and
    the backbone's own classifier speaks for them; see har.models.joint."""
    gate: Gate | None = None
    """What joins the two; None where the head speaks alone."""
    exemplars: Tensor = dataclasses.field(repr=False, default_factory=lambda: torch.empty(0, 0))
    """What place() gives for clips of training, [N, D], in half precision in the file;
    none where the head speaks alone."""
    backbone_state: State = dataclasses.field(repr=False, default_factory=dict)
    """Weights of the backbone, in half precision in the file; none where they are its own."""

    def network(self) -> nn.Module:
        """The head with its weights, in evaluation mode."""
        head = make_head(self.head, self.features, len(self.learnt), **self.sizes)
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
        kept = {_EXEMPLARS: half(self.exemplars)} if self.gate else {}
        return self.state | own | kept


def place(head: nn.Module, vectors: Tensor) -> Tensor:
    """Where a head sees clips, from their vectors [n, steps, D]: unit vectors [n, width]."""
    return F.normalize(head.get_submodule("project")(vectors).mean(1), dim=1)


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
    for name in ("labels", "learnt", "mean", "std"):
        meta[name] = tuple(meta[name])
    if meta["gate"] is not None:
        meta["gate"] = _gate(meta["gate"])
        meta["exemplars"] = whole(state.pop(_EXEMPLARS))
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
        "labels of the head": _are_labels(checkpoint),
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


def _gate(meta: Meta) -> Gate:
    rows = [tuple(map(float, row)) for row in meta["mixing"]]
    hot, cold = map(float, meta["temperatures"])
    gate = Gate(tuple(rows), (hot, cold), tuple(map(float, meta["trust"])))
    shape = [len(row) for row in gate.mixing], len(gate.trust)
    weights = [*(weight for row in gate.mixing for weight in row), *gate.trust]
    is_usable = (
        shape == ([joint.MIXING] * joint.EXPERTS, joint.TRUST)
        and all(abs(weight) <= _LARGEST for weight in weights)
        and all(1 / _LARGEST <= temperature <= _LARGEST for temperature in gate.temperatures)
    )
    if not is_usable:
        raise ValueError("gate")
    return gate


def _are_labels(checkpoint: Checkpoint) -> bool:
    """Whether the labels are those of its head, with Kinetics' where it has a gate."""
    if checkpoint.gate is None:
        return checkpoint.learnt == checkpoint.labels
    return (
        checkpoint.backbone == backbone.MOTION
        # The gate sees how far the first is from the second.
        and len(checkpoint.learnt) >= 2
        and checkpoint.labels == joint.labels_with(checkpoint.learnt)
    )


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
                checkpoint.head, checkpoint.features, len(checkpoint.learnt), **checkpoint.sizes
            ).eval()
            width = place(head, torch.empty(1, 1, checkpoint.features)).shape[1]
    except (TypeError, ValueError, RuntimeError) as error:
        raise refusal(path, "has head sizes that make no network") from error
    checkpoint_file.check_tensors(path, head, checkpoint.state)
    exemplars = checkpoint.exemplars
    if checkpoint.gate and not (
        exemplars.ndim == 2
        and len(exemplars)
        and exemplars.shape[1] == width
        and bool(exemplars.isfinite().all())
    ):
        raise refusal(path, "has exemplars that its head cannot be compared with")
    if checkpoint.backbone_state:
        with torch.device("meta"):
            network = backbone.network(checkpoint.backbone)
        checkpoint_file.check_tensors(path, network, checkpoint.backbone_state)
