"""The children of this process, but for those that tests share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, TypeVar

import psutil

Server = TypeVar("Server")

_shared: set[int] = set()


@contextmanager
def sharing(server: AbstractContextManager[Server]) -> Iterator[Server]:
    """A server whose processes belong to no test."""
    before = {child.pid for child in psutil.Process().children()}
    with server as started:
        _shared.update({child.pid for child in psutil.Process().children()} - before)
        yield started


def children(recursive: bool = True) -> list[psutil.Process]:
    """The children that no other test has; their children as well if ``recursive``."""
    found = [child for child in psutil.Process().children() if child.pid not in _shared]
    for child in [*found] if recursive else []:
        with suppress(psutil.NoSuchProcess):
            found += child.children(recursive=True)
    return found


def fact(process: psutil.Process, what: str, ended: Any) -> Any:
    """Its ``name``, ``cmdline`` or the like; ``ended`` of a process that has, whenever it did."""
    try:
        return process.as_dict([what])[what] or ended
    except psutil.NoSuchProcess:
        return ended


def running(processes: list[psutil.Process], word: str) -> list[psutil.Process]:
    """Those that have a word in their command line."""
    return [p for p in processes if word in " ".join(fact(p, "cmdline", []))]
