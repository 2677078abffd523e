"""The models that a worker can be asked for, as it tells the web."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from config import Settings
from har.captions import SPOKEN
from har.errors import CheckpointError
from har.models import checkpoint, registry
from har.models.checkpoint import Checkpoint
from har.types import Source

Choice = dict[str, Any]


def choices(settings: Settings, default: str) -> list[Choice]:
    """What is known of each of registry.NAMES, and of what else was fetched from the model hub: its
    labels and the seconds of a clip, which are None of a head that the checkpoint does not have,
    whether its weights are here, and whether it is ``default``, which scores clips unless a request
    names another."""
    known = [
        *(_head(settings.checkpoint, source) for source in registry.HEADS),
        _known(registry.INFLATED, "with its weights", True),
        *(_residual(source) for source in registry.RESIDUAL),
        *(_attention(settings, source) for source in registry.ATTENTION),
        *_others(settings),
    ]
    return [{**choice, "default": choice["name"] == default} for choice in known]


def _head(path: Path, source: Source) -> Choice:
    found = _checkpoint(path, path.stat().st_mtime_ns) if path.is_file() else None
    if found is None or found.head != source:
        return _choice(source, "a head on any backbone", None, None, False)
    kind = f"a head on {found.backbone}"
    return _choice(source, kind, len(found.labels), found.frames / found.fps, True)


@lru_cache(maxsize=1)
def _checkpoint(path: Path, modified: int) -> Checkpoint | None:
    """Without its weights. Read once for each change of it, which takes a tenth of a second."""
    try:
        return replace(checkpoint.load(path), state={}, backbone_state={})
    except CheckpointError:
        return None


def _residual(source: Source) -> Choice:
    return _known(source, "torchvision", registry.torchvision_file(source).is_file())


def _attention(settings: Settings, source: Source) -> Choice:
    is_here = registry.find(settings, registry.ATTENTION[source]) is not None
    return _known(source, "transformers", is_here)


def _known(source: Source, kind: str, is_here: bool) -> Choice:
    return _choice(source, kind, registry.KINETICS, registry.CLIP_SECONDS[source], is_here)


def _others(settings: Settings) -> Iterator[Choice]:
    for name in registry.others(settings):
        from har.models.clip_networks import attention  # transformers takes seconds

        folder = registry.folder_for(settings, name)
        # What cannot be used is not offered; the command that lists models tells of it.
        with suppress(CheckpointError):
            labels, geometry = attention.seen(registry.class_of(folder), folder)
            seconds = geometry.frames / geometry.fps
            yield _choice(name, "transformers", labels, seconds, True)


def _choice(
    name: str, kind: str, labels: int | None, seconds: float | None, is_here: bool
) -> Choice:
    return {
        "name": name,
        "title": SPOKEN.get(name, name),
        "kind": kind,
        "labels": labels,
        "clip_seconds": None if seconds is None else round(seconds, 3),
        "here": is_here,
    }
