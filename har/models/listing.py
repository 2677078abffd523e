"""The table of the trained models: what each is and needs, and whether it is here."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from config import Settings
from har.errors import CheckpointError
from har.models import backbone, precision, registry
from har.models.checkpoint import Checkpoint
from har.models.clip_checkpoint import ClipCheckpoint
from har.models.clip_networks import attention, inflated, residual
from har.models.clip_networks.network import ClipNetwork, Geometry
from har.models.trained import TrainedModel
from har.types import Source

_RUNS = 3


@dataclass(frozen=True)
class Row:
    """A model that can be chosen."""

    name: str
    kind: str
    clip: str
    parameters: str
    labels: str
    weights: str
    seconds: str = ""
    """For a clip, where it was measured."""


def table(settings: Settings, timed: bool) -> str:
    """The table as text, for a terminal. ``timed`` measures each model on this machine, with random
    weights where its own are not here."""
    precision.tune(settings.threads)
    rows = [
        *_fine_tuned(settings, timed),
        *(_head(settings, source, timed) for source in registry.HEADS),
        _inflated(timed),
        *(_residual(source, timed) for source in registry.RESIDUAL),
        *(_attention(settings, source, timed) for source in registry.ATTENTION),
        *(_other(settings, name, timed) for name in registry.others(settings)),
    ]
    head = ["name", "kind", "clip", "parameters", "labels", "weights"]
    lines = [[r.name, r.kind, r.clip, r.parameters, r.labels, r.weights] for r in rows]
    if timed:
        head.append("a clip takes")
        lines = [[*line, row.seconds] for line, row in zip(lines, rows, strict=True)]
    return _aligned([head, *lines])


def seconds_per_clip(model: TrainedModel) -> float:
    """The time of one clip by itself, in a process whose threads are set: the best of some."""
    shape = (model.frames, *model.fit.typical, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)

    def once() -> float:
        began = time.perf_counter()
        model.judge(model.per_clip(model.per_frame(pixels)[None]))
        if precision.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - began

    once()  # builds kernels
    return min(once() for _ in range(_RUNS))


def _head(settings: Settings, source: Source, timed: bool) -> Row:
    found = _checkpoint(settings)
    if not isinstance(found, Checkpoint) or found.head != source:
        train = f"python -m har train --head {source}"
        return Row(source, "a head on any backbone", "", "", "", train)
    with torch.device("meta"):
        body = backbone.network(found.backbone)
    numbers = _count(body) + _count(found.network())
    return Row(
        source,
        f"a head on {found.backbone}",
        _clip(found.frames, found.size, found.fps),
        _millions(numbers),
        str(len(found.labels)),
        settings.checkpoint.name,
        _measured(registry.load(settings, source)) if timed else "",
    )


def _checkpoint(settings: Settings) -> Checkpoint | ClipCheckpoint | None:
    try:
        return registry.read(settings.checkpoint)
    except CheckpointError:
        return None


def _fine_tuned(settings: Settings, timed: bool) -> list[Row]:
    """The network of the settings' checkpoint, where that is no head."""
    found = _checkpoint(settings)
    if not isinstance(found, ClipCheckpoint):
        return []
    file = settings.checkpoint.name
    model = found.at_work(file)
    seen = found.geometry
    return [
        Row(
            file,
            f"a fine-tuned {found.network}",
            _clip(seen.frames, seen.side, seen.fps),
            _millions(_count(model.network)),
            str(len(found.labels)),
            "here",
            _measured(model) if timed else "",
        )
    ]


def _inflated(timed: bool) -> Row:
    with torch.device("meta"):
        numbers = _count(inflated.empty(registry.KINETICS))
    model = inflated.load() if timed else None
    return _row(
        registry.INFLATED,
        "with its weights",
        inflated.geometry(),
        numbers,
        registry.KINETICS,
        True,
        model,
    )


def _residual(source: Source, timed: bool) -> Row:
    labels = residual.weights(source).meta["categories"]
    is_here = registry.torchvision_file(source).is_file()
    with torch.device("meta"):
        numbers = _count(residual.empty(source))
    model = residual.untrained(source) if timed else None
    geometry = residual.geometry(source)
    return _row(source, "torchvision", geometry, numbers, len(labels), is_here, model)


def _attention(settings: Settings, source: Source, timed: bool) -> Row:
    folder = registry.find(settings, registry.ATTENTION[source])
    with torch.device("meta"):
        numbers = _count(attention.empty(source, registry.KINETICS))
    model = attention.untrained(source, registry.KINETICS) if timed else None
    geometry = attention.geometry(source)
    return _row(
        source, "transformers", geometry, numbers, registry.KINETICS, folder is not None, model
    )


def _other(settings: Settings, name: str, timed: bool) -> Row:
    folder = registry.folder_for(settings, name)
    try:
        source = registry.class_of(folder)
        labels, geometry = attention.seen(source, folder)
    except CheckpointError as error:
        return Row(name, "transformers", "", "", "", error.detail)
    model = attention.untrained(source, labels, folder)
    numbers = _count(model.network)
    return _row(name, f"a {source}", geometry, numbers, labels, True, model if timed else None)


def _row(
    name: str,
    kind: str,
    geometry: Geometry,
    numbers: int,
    labels: int,
    is_here: bool,
    model: ClipNetwork | None,
) -> Row:
    return Row(
        name,
        kind,
        _clip(geometry.frames, geometry.side, geometry.fps),
        _millions(numbers),
        str(labels),
        "here" if is_here else f"python -m har models --fetch {name}",
        _measured(model) if model else "",
    )


def _clip(frames: int, side: int, fps: float) -> str:
    return f"{frames} x {side} px at {fps:.3g}/s: {frames / fps:.1f} s"


def _measured(model: TrainedModel) -> str:
    return f"{seconds_per_clip(model):.3f} s"


def _millions(count: int) -> str:
    return f"{count / 1e6:.1f} M"


def _count(network: nn.Module) -> int:
    return sum(tensor.numel() for tensor in network.parameters())


def _aligned(lines: Iterable[Sequence[str]]) -> str:
    columns = list(zip(*lines, strict=True))
    widths = [max(map(len, column)) for column in columns]
    rows = zip(*columns, strict=True)
    pairs = (zip(row, widths, strict=True) for row in rows)
    return "\n".join("  ".join(cell.ljust(n) for cell, n in row).rstrip() for row in pairs)
