"""What the tests store."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path

from har.jobs.storage import ANNOTATED, Storage, Upload

LONG = random.Random(4).randbytes(20_000_000)
"""More than goes to S3 at once."""


def upload(content: bytes = b"bytes", name: str = "a.mp4") -> Upload:
    return Upload(io.BytesIO(content), name)


def content(storage: Storage, id: str, name: str = "source.mp4") -> bytes:
    with storage.open(id, name) as file:
        return file.read()


def put(storage: Storage, tmp_path: Path, id: str, content: bytes = b"annotated") -> int:
    path = tmp_path / ANNOTATED
    path.write_bytes(content)
    return storage.put(id, path)


class Stream(io.RawIOBase):
    """A stream of so many bytes that then breaks, and tells before each read that it comes."""

    def __init__(self, length: int, reading: Callable[[], object] = lambda: None) -> None:
        self._left = length
        self._reading = reading

    def read(self, size: int = -1) -> bytes:
        self._reading()
        if not self._left:
            raise ConnectionError("the sender is gone")
        size = min(size, self._left)
        self._left -= size
        return bytes(size)
