"""Watches what our children take up."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.children import children

_INTERVAL = 0.01


class Peak:
    """The most memory that any child took, in MB."""

    mb = 0.0


@contextmanager
def watched() -> Iterator[Peak]:
    """Sees every child that lives for a moment; the system keeps the peak of each."""
    peak, done = Peak(), threading.Event()

    def watch() -> None:
        us = psutil.Process()
        while not done.wait(_INTERVAL):
            for process in children():
                if _command(process.pid) != _command(us.pid):
                    peak.mb = max(peak.mb, _most(process.pid))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def _command(pid: int) -> bytes:
    """What a process is; a child that is not yet another program has our own, and our memory."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def _most(pid: int) -> float:
    with suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_text()
        if found := re.search(r"VmHWM:\s+(\d+) kB", status):
            return int(found[1]) / 1000
    return 0.0
