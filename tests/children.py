"""The children of this process, but for those that tests share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

_shared: set[int] = set()


@contextmanager
def sharing() -> Iterator[None]:
    """Have those that are started in the block belong to all tests from then on."""
    before = {child.pid for child in psutil.Process().children()}
    yield
    _shared.update({child.pid for child in psutil.Process().children()} - before)


def children() -> list[psutil.Process]:
    """The children that no other test has, and theirs."""
    found = []
    for child in psutil.Process().children():
        if child.pid not in _shared:
            found.append(child)
            with suppress(psutil.NoSuchProcess):
                found += child.children(recursive=True)
    return found
