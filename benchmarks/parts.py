"""The processes of a running service, by what they are."""

from __future__ import annotations

from collections.abc import Callable

import psutil
from psutil import Process

from tests.serving import Service, eventually


def _started(service: Service, *words: str) -> list[Process]:
    """Those of the first process that were started with these words."""
    started = Process(service.process.pid).children()
    return [process for process in started if set(words) <= set(process.cmdline())]


def _children(processes: list[Process]) -> list[Process]:
    return [child for process in processes for child in process.children()]


def _web(service: Service) -> list[Process]:
    return _started(service, "gunicorn")


def _worker(service: Service) -> list[Process]:
    return _started(service, "har", "worker")


def _worker_child(service: Service) -> list[Process]:
    return [child for child in _children(_worker(service)) if "worker" in child.cmdline()]


def _ffmpeg(service: Service) -> list[Process]:
    (child,) = _worker_child(service)
    # Below bubblewrap, where the machine has it.
    return [p for p in child.children(recursive=True) if p.name().startswith("ffmpeg")]


PARTS: dict[str, Callable[[Service], list[Process]]] = {
    "web master": _web,
    "web worker": lambda service: _children(_web(service)),
    "worker parent": _worker,
    "worker child": _worker_child,
    "ffmpeg": _ffmpeg,
}


def find(service: Service, part: str) -> Process:
    """A process of a service, once it is there."""

    def look() -> list[Process]:
        try:
            return PARTS[part](service)
        except psutil.Error:
            # One of them ended while it was looked at.
            return []

    process: Process = eventually(look, part)[0]
    return process
