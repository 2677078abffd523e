"""The pictures of a live source as they arrive, also after it was cut."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from config import Settings
from har.errors import DecoderCrashed
from har.live import decoding
from har.live.source import Source
from har.media import child
from har.media.frames import pictures
from har.types import Fit

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
"""Seconds before a try to connect; each is twice as long as the one before."""
_PARTING_SECONDS = 5.0

Say = Callable[[str], None]
Arrival = tuple[float, NDArray[np.uint8]]
"""A moment in seconds, and the picture [h, w, 3] that stands for it."""


class Session:
    """A live source that is being watched, at ``fps`` and as ``fit`` says. Between
    two cuts all pictures have the shape of the first.

    ``say`` is told when the source was cut, and when it is back. ``shows`` is as for running().
    """

    def __init__(
        self,
        source: Source,
        fps: float,
        fit: Fit,
        settings: Settings,
        say: Say,
        shows: Path | None = None,
    ) -> None:
        self._source = source
        self._fps = fps
        self._fit = fit
        self._settings = settings
        self._say = say
        self._shows = shows
        self._began: float | None = None
        self._seen = 0
        """Pictures since it was connected to."""

    def pictures(self) -> Generator[Arrival | None, None, None]:
        """The source's pictures as they arrive, until it ends, with their moments: the container's
        own in a file, else the seconds since the first picture.

        None says that it was cut: the next picture does not follow on the last. Raises HarError
        where there is no picture at the first try, and where the reading of a file ends badly.
        """
        pause = _FIRST_PAUSE
        while True:
            yield from self._connected()
            if not self._source.lasts:
                return
            yield None
            pause = _FIRST_PAUSE if self._seen else min(2 * pause, _LONGEST_PAUSE)
            self._say(f"The stream was cut; connecting again in {pause:g} s.")
            time.sleep(pause)

    def _connected(self) -> Iterator[Arrival]:
        """Pictures and their moments, until the source is cut."""
        self._seen = 0
        with decoding.running(
            self._source, self._fps, self._fit, self._settings, self._shows
        ) as ffmpeg:
            try:
                for picture in pictures(ffmpeg.child, self._fit):
                    if self._seen == 0:
                        start = self._start(ffmpeg)
                    yield start + self._seen / self._fps, picture
                    self._seen += 1
                ffmpeg.child.wait(_PARTING_SECONDS)
                ended_badly = False
            except (child.ChildFailed, child.ChildStalled, child.ChildTimeout, DecoderCrashed):
                ended_badly = True
            if self._began is None or (ended_badly and not self._source.lasts):
                raise decoding.failure(self._source, ffmpeg)

    def _start(self, ffmpeg: decoding.Running) -> float:
        now = time.monotonic()
        if self._began is None:
            self._began = now
        elif self._source.lasts:
            self._say("The stream is back.")
        return ffmpeg.start + now - self._began
