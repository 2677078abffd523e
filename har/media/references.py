"""Tells whether a container names other files. None of them is opened either way: this is so that
its sender hears why half a video cannot be used."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath, PureWindowsPath
from typing import IO, Any

_DATA_REFERENCES = (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref")
_MOST_BOXES = 1000
_MOST_BYTES = 65_536
_ENTRY = struct.Struct(">I4sI")
_HERE = 1
"""The flag of a data reference (ISO 14496-12, 8.7.2) for data that lie in the file itself."""


def names_files(path: str, container: Any) -> bool:
    """Whether a file that PyAV has open keeps its data in others, or brings some whose names lead
    out of a folder."""
    if any(_leads_elsewhere(a.name or "") for a in container.streams.attachments):
        return True
    if "mov" not in container.format.name:
        return False
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        return any(_is_external(box) for box in _boxes(file, _DATA_REFERENCES, 0, size))


def _leads_elsewhere(name: str) -> bool:
    return name == ".." or any(name != kind(name).name for kind in (PurePosixPath, PureWindowsPath))


def _boxes(file: IO[bytes], kinds: Sequence[bytes], start: int, end: int) -> Iterator[bytes]:
    """The contents of all boxes that lie in boxes of these kinds, one in the other."""
    for _ in range(_MOST_BOXES):
        file.seek(start)
        head = file.read(16)
        if start + 8 > end or len(head) < 8:
            return
        size, header = int.from_bytes(head[:4]), 8
        if size == 1:
            size, header = int.from_bytes(head[8:]), 16
        stop = min(end, start + size) if size else end
        if head[4:8] == kinds[0] and kinds[1:]:
            yield from _boxes(file, kinds[1:], start + header, stop)
        elif head[4:8] == kinds[0]:
            file.seek(start + header)
            yield file.read(min(_MOST_BYTES, max(0, stop - start - header)))
        start = max(stop, start + header)


def _is_external(references: bytes) -> bool:
    at = 8
    while at + _ENTRY.size <= len(references):
        size, _, flags = _ENTRY.unpack_from(references, at)
        if size > _ENTRY.size and not flags & _HERE:
            return True
        at += max(size, _ENTRY.size)
    return False
