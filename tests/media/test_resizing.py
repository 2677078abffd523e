"""The shapes that ffmpeg's filters compute."""

from __future__ import annotations

from fractions import Fraction

import pytest
from av import VideoFrame
from av.filter import Graph

from har.media.resizing import Filter, resizing
from har.types import Fit

WHOLE = Fit(176, longest=400)
SIDES = [(1920, 1080), (1080, 1920), (640, 480), (320, 240), (854, 480), (1366, 768), (426, 240)]
SIDES += [(340, 256), (321, 240), (568, 320), (50, 50), (2560, 1080), (16, 16), (1, 900), (900, 1)]
"""Widths and heights."""


def resized(sides: tuple[int, int], fit: Fit, pixel: Fraction = Fraction(1)) -> tuple[int, int]:
    """Height and width of what becomes of a picture with pixels of such a ratio."""
    width, height = sides
    picture = VideoFrame(width, height, "yuv444p")
    picture.pts, picture.time_base = 0, Fraction(1, 25)
    graph = Graph()
    kind = {"width": width, "height": height, "format": picture.format}
    source = graph.add_buffer(**kind, time_base=picture.time_base)
    filters = [Filter("setsar", (str(pixel),)), *resizing(fit)]
    nodes = [graph.add(each.name, each.arguments) for each in filters]
    graph.link_nodes(source, *nodes, graph.add("buffersink")).configure()
    graph.push(picture)
    made = graph.pull()
    assert isinstance(made, VideoFrame)
    return made.height, made.width


@pytest.mark.parametrize("pixel", [Fraction(1), Fraction(64, 45), Fraction(8, 9)])
@pytest.mark.parametrize("sides", SIDES)
def test_ffmpeg_computes_the_same_shape(sides: tuple[int, int], pixel: Fraction) -> None:
    width, height = sides
    assert resized(sides, WHOLE, pixel) == WHOLE.shape(width * float(pixel), height)


@pytest.mark.parametrize("sides", SIDES)
def test_squares_are_squares(sides: tuple[int, int]) -> None:
    assert {resized(sides, fit) for fit in (Fit(64), Fit(64, 80), Fit(64, (80, 90)))} == {(64, 64)}
