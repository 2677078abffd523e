"""``python -m har.live.jpeg_child FIT MAX_PIXELS``: JPEGs in, bare pictures out, each at once.

FIT is JSON with the members of har.types.Fit. Standard input has for each JPEG its length, four
bytes, the highest first, and the JPEG; standard output gets RGB, ``size`` pixels a side. It is for
pictures from strangers: whoever reads them must not be hurt by one.
"""

from __future__ import annotations

import json
import struct
import sys
from fractions import Fraction
from typing import Any

import av
from av.filter import Graph

from har.media.squaring import Filter, squaring
from har.types import Fit

_TICK = Fraction(1, 1000)
LENGTH = struct.Struct(">I")


def main(fit: str, max_pixels: str) -> None:
    """Until the end of the input. A picture that cannot be decoded ends it with an error."""
    decoder = av.CodecContext.create("mjpeg", "r")
    decoder.options = {"max_pixels": max_pixels, "err_detect": "explode"}
    decoder.thread_count = 1
    square = _Square(Fit(**json.loads(fit)))
    while head := sys.stdin.buffer.read(LENGTH.size):
        [length] = LENGTH.unpack(head)
        for picture in decoder.decode(av.Packet(sys.stdin.buffer.read(length))):
            sys.stdout.buffer.write(square(picture))
            sys.stdout.buffer.flush()


class _Square:
    """Makes pictures square, as har.media.frames has ffmpeg do it."""

    def __init__(self, fit: Fit) -> None:
        self._fit = fit
        self._of: tuple[Any, ...] = ()
        self._graph = Graph()

    def __call__(self, picture: Any) -> bytes:
        kind = picture.width, picture.height, picture.format.name
        # A phone that is turned.
        if kind != self._of:
            self._of, self._graph = kind, _graph(picture, self._fit)
        picture.pts, picture.time_base = 0, _TICK
        self._graph.push(picture)
        pixels: bytes = self._graph.pull().to_ndarray().tobytes()
        return pixels


def _graph(picture: Any, fit: Fit) -> Graph:
    graph = Graph()
    source = graph.add_buffer(
        width=picture.width, height=picture.height, format=picture.format, time_base=_TICK
    )
    filters = [graph.add(each.name, _told(each)) for each in squaring(fit)]
    graph.link_nodes(source, *filters, graph.add("buffersink")).configure()
    return graph


def _told(filter: Filter) -> str:
    return ":".join([*map(str, filter.values), *(f"{k}={v}" for k, v in filter.named.items())])


if __name__ == "__main__":
    main(*sys.argv[1:])
