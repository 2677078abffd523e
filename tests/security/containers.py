"""Where the parts of a video file lie: boxes, elements, chunks, packets, tags and pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple


class Part(NamedTuple):
    """A part of a file: its header, with its size in a field of its own, and its content."""

    start: int
    body: int
    end: int
    size: slice
    """Where the size is written."""


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Part]:
    """Those of MP4 and MOV (ISO 14496-12), outer ones first."""
    holders = (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"edts", b"udta", b"mvex")
    end = len(data) if end is None else end
    while start + 8 <= end:
        size = int.from_bytes(data[start : start + 4])
        stop = min(end, start + max(size, 8))
        yield Part(start, start + 8, stop, slice(start, start + 4))
        kind = data[start + 4 : start + 8]
        if kind in holders:
            yield from boxes(data, start + 8, stop)
        elif kind in (b"stsd", b"dref"):
            yield from boxes(data, start + 16, stop)
        start = stop


def elements(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Part]:
    """Those of Matroska and WebM (RFC 8794), outer ones first."""
    head, segment, info, tracks = "1a45dfa3", "18538067", "1549a966", "1654ae6b"
    track, video, cluster, group, seek = "ae", "e0", "1f43b675", "a0", "114d9b74"
    holders = (head, segment, info, tracks, track, video, cluster, group, seek)
    end = len(data) if end is None else end
    while start + 2 <= end:
        name = data[start : start + 9 - data[start].bit_length()]
        at = start + len(name)
        width = 9 - data[at].bit_length() if at < end else 1
        number = int.from_bytes(data[at : at + width]) & ~(1 << 7 * width)
        body = at + width
        # All ones stand for a size that is not known.
        stop = end if number == (1 << 7 * width) - 1 else min(end, body + number)
        yield Part(start, body, stop, slice(at, body))
        if name.hex() in holders:
            yield from elements(data, body, stop)
        start = stop


def chunks(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Part]:
    """Those of AVI, outer ones first."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size = int.from_bytes(data[start + 4 : start + 8], "little")
        stop = min(end, start + 8 + size + size % 2)
        yield Part(start, start + 8, stop, slice(start + 4, start + 8))
        if data[start : start + 4] in (b"RIFF", b"LIST"):
            yield from chunks(data, start + 12, stop)
        start = stop


def packets(data: bytes) -> Iterator[Part]:
    """Those of an MPEG transport stream; in place of a size, the counter and flags."""
    for start in range(0, len(data) - 187, 188):
        yield Part(start, start + 4, start + 188, slice(start + 3, start + 5))


def tags(data: bytes) -> Iterator[Part]:
    """Those of FLV."""
    start = 13
    while start + 11 <= len(data):
        size = int.from_bytes(data[start + 1 : start + 4])
        stop = min(len(data), start + 11 + size + 4)
        yield Part(start, start + 11, stop, slice(start + 1, start + 4))
        start = stop


def pages(data: bytes) -> Iterator[Part]:
    """Those of Ogg; their size is the table of segments."""
    starts = [match.start() for match in re.finditer(b"OggS", data)]
    for start, stop in zip(starts, [*starts[1:], len(data)], strict=True):
        count = data[start + 26]
        yield Part(start, start + 27 + count, stop, slice(start + 26, start + 27 + count))


PARTS: dict[str, Callable[[bytes], Iterator[Part]]] = {
    "mp4": boxes,
    "mov": boxes,
    "mkv": elements,
    "webm": elements,
    "avi": chunks,
    "ts": packets,
    "flv": tags,
    "ogv": pages,
}
"""How to take a file apart, by its name's ending."""
