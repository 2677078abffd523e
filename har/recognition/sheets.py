"""Contact sheets of the frames that the networks saw, for the page to show."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from har.types import FrameBatch, Sheets

SIDE = 112
"""Most pixels of a frame's side, which are those that I3D sees. A multiple of 16, so that no JPEG
block has parts of two frames."""

_COLUMNS = _ROWS = 8
_PLACES = _COLUMNS * _ROWS
_QUALITY = 70


class SheetWriter:
    """Writes a stream of frames to a folder, as Sheets tells; holds one sheet at a time."""

    def __init__(self, folder: Path, fps: float, size: int) -> None:
        """``size`` is the side of the frames that will be added, in pixels."""
        self._folder = folder
        self._fps = fps
        self._side = min(size, SIDE)
        self._count = 0
        self._sheet = self._empty()

    def add(self, batch: FrameBatch) -> None:
        """Add the frames that come next. Raises OSError where they cannot be written."""
        for frame in _small(batch.pixels, self._side):
            row, column = divmod(self._count % _PLACES, _COLUMNS)
            self._sheet.paste(frame, (column * self._side, row * self._side))
            self._count += 1
            if self._count % _PLACES == 0:
                self._write()

    def finish(self) -> Sheets:
        """Write the last sheet. Raises OSError."""
        if self._count % _PLACES:
            self._write()
        sheets = -(-self._count // _PLACES)
        return Sheets(self._fps, self._side, _COLUMNS, _ROWS, self._count, sheets)

    def _empty(self) -> Image.Image:
        return Image.new("RGB", (_COLUMNS * self._side, _ROWS * self._side))

    def _write(self) -> None:
        jpeg = BytesIO()
        self._sheet.save(jpeg, "JPEG", quality=_QUALITY)
        # Not by PIL: its error does not say that a disk is full.
        number = (self._count - 1) // _PLACES
        (self._folder / f"frames-{number}.jpg").write_bytes(jpeg.getbuffer())
        self._sheet = self._empty()


def _small(pixels: NDArray[np.uint8], side: int) -> Iterator[Image.Image]:
    """Frames [n, size, size, 3], each averaged to ``side`` pixels a side."""
    count, size = pixels.shape[:2]
    # One below the other, since a call for each would take longer.
    column = Image.fromarray(pixels.reshape(count * size, size, 3))
    small = column.resize((side, count * side), Image.Resampling.BOX, reducing_gap=1.0)
    for top in range(0, count * side, side):
        yield small.crop((0, top, side, top + side))
