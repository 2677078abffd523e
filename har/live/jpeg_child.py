"""``python -m har.live.jpeg_child FIT MAX_PIXELS``: JPEGs in, pictures out, each at once.

FIT is JSON with the members of har.types.Fit. Standard input has for each JPEG its length, four
bytes, the highest first, and the JPEG; standard output gets PPM, where all pictures have the shape
of the first. It is for pictures from strangers: none may harm the parent process.
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
from av.filter import Graph

from har.media.resizing import Filter, resizing
from har.types import Fit

_TICK = Fraction(1, 1000)
LENGTH = struct.Struct(">I")


def main(fit: str, max_pixels: str) -> None:
    """Until the end of the input. A picture that cannot be decoded ends it with an error."""
    decoder = av.CodecContext.create("mjpeg", "r")
    decoder.options = {"max_pixels": max_pixels, "err_detect": "explode"}
    decoder.thread_count = 1
    resize = _Resize(Fit(**json.loads(fit)))
    while head := sys.stdin.buffer.read(LENGTH.size):
        [length] = LENGTH.unpack(head)
        for picture in decoder.decode(av.Packet(sys.stdin.buffer.read(length))):
            sys.stdout.buffer.write(resize(picture))
            sys.stdout.buffer.flush()


class _Resize:
    """Makes pictures what a Fit says, as har.media.frames has ffmpeg do it."""

    def __init__(self, fit: Fit) -> None:
        self._fit = fit
        self._first: tuple[int, int] | None = None
        self._of: tuple[Any, ...] = ()
        self._graph = Graph()

    def __call__(self, picture: Any) -> bytes:
        kind = picture.width, picture.height, picture.format.name
        # A phone that is turned.
        if kind != self._of:
            self._of, self._graph = kind, _graph(picture, resizing(self._fit, self._first))
        picture.pts, picture.time_base = 0, _TICK
        self._graph.push(picture)
        pixels = self._graph.pull().to_ndarray()
        self._first = height, width = pixels.shape[:2]
        return b"P6\n%d %d\n255\n" % (width, height) + pixels.tobytes()


def _graph(picture: Any, filters: Sequence[Filter]) -> Graph:
    graph = Graph()
    source = graph.add_buffer(
        width=picture.width, height=picture.height, format=picture.format, time_base=_TICK
    )
    nodes = [graph.add(each.name, each.arguments) for each in filters]
    graph.link_nodes(source, *nodes, graph.add("buffersink")).configure()
    return graph


if __name__ == "__main__":
    main(*sys.argv[1:])
