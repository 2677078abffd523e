"""Frames at a constant rate, of pictures that come when they come."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


class Slots:
    """The slots of a stream, a period of ``fps`` apart, each with the picture nearest to it.

    Where none came in time the last one is shown again, for less than ``longest`` slots.
    """

    def __init__(self, fps: float, longest: int) -> None:
        self._fps, self._longest = fps, longest
        self._start = 0.0
        self._next = 0
        self._last: Picture | None = None

    def fill(self, moment: float, picture: Picture) -> Iterator[tuple[float, Picture] | None]:
        """What a picture of that second adds: moments and pictures, none where its slot is taken.

        None says that what follows does not follow on what came before.
        """
        at = round((moment - self._start) * self._fps)
        if self._last is None or at - self._next >= self._longest:
            if self._last is not None:
                yield None
            self._start, self._next, at = moment, 0, 0
        while self._next < at and self._last is not None:
            yield self._slot(self._last)
        if self._next == at:
            yield self._slot(picture)
        self._last = picture

    def _slot(self, picture: Picture) -> tuple[float, Picture]:
        moment = self._start + self._next / self._fps
        self._next += 1
        return moment, picture
