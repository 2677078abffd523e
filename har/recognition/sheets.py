"""Contact sheets of the frames that the networks saw, for the page to show."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from har.types import FrameBatch, Sheets

_BLOCK = 16
"""Pixels of the side of a JPEG block."""
SIDE = 7 * _BLOCK
"""Most pixels of a place's side, and so of a frame's longer one; no block has parts of two."""

_COLUMNS = _ROWS = 8
_PLACES = _COLUMNS * _ROWS
_QUALITY = 70


class SheetWriter:
    """Writes a stream of frames to a folder, as Sheets tells; holds one sheet at a time."""

    def __init__(self, folder: Path, fps: float, clip: int, size: int, ratio: float) -> None:
        """``clip`` is how many frames a clip has, ``size`` the least side of the frames that will
        be added, in pixels; ``ratio`` that of width to height of what they show, whatever their own
        is."""
        self._folder = folder
        self._fps = fps
        self._clip = clip
        self._side = side = min(size, SIDE)
        self._width = max(1, round(side * min(1.0, ratio)))
        self._height = max(1, round(side / max(1.0, ratio)))
        self._count = 0
        self._sheet = self._empty()

    def add(self, batch: FrameBatch) -> None:
        """Add the frames that come next. Raises OSError where they cannot be written."""
        for frame in _small(batch.pixels, self._width, self._height):
            row, column = divmod(self._count % _PLACES, _COLUMNS)
            self._sheet.paste(frame, (column * self._side, row * self._side))
            self._count += 1
            if self._count % _PLACES == 0:
                self._write()

    def finish(self) -> Sheets:
        """Write the last sheet. Raises OSError."""
        if self._count % _PLACES:
            self._write()
        return Sheets(
            fps=self._fps,
            size=self._side,
            width=self._width,
            height=self._height,
            columns=_COLUMNS,
            rows=_ROWS,
            count=self._count,
            sheets=-(-self._count // _PLACES),
            clip=self._clip,
        )

    def _empty(self) -> Image.Image:
        return Image.new("RGB", (_COLUMNS * self._side, _ROWS * self._side))

    def _write(self) -> None:
        jpeg = BytesIO()
        self._sheet.save(jpeg, "JPEG", quality=_QUALITY)
        # Not by PIL: its error does not say that a disk is full.
        number = (self._count - 1) // _PLACES
        (self._folder / f"frames-{number}.jpg").write_bytes(jpeg.getbuffer())
        self._sheet = self._empty()


def _small(pixels: NDArray[np.uint8], width: int, height: int) -> Iterator[Image.Image]:
    """Frames [n, h, w, 3], each averaged to so many pixels, and its edges repeated to the end of
    their JPEG blocks, which what is beside it would darken."""
    count, tall, wide = pixels.shape[:3]
    # One below the other, since a call for each would take longer.
    column = Image.fromarray(pixels.reshape(count * tall, wide, 3))
    small = column.resize((width, count * height), Image.Resampling.BOX)
    side = max(width, height)
    beyond = [(0, min(-length % _BLOCK, side - length)) for length in (height, width)]
    frames = np.asarray(small).reshape(count, height, width, 3)
    yield from map(Image.fromarray, np.pad(frames, ((0, 0), *beyond, (0, 0)), "edge"))
