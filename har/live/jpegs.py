"""Pictures that come as JPEGs, one by one, decoded by a child at the moment that they come."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from config import Settings
from har.errors import DecoderCrashed, Undecodable
from har.live.jpeg_child import LENGTH
from har.media import child, decoder
from har.media.frames import pictures
from har.types import Fit

_PARTING_SECONDS = 5.0


@dataclass(frozen=True)
class Decoder:
    """A child that makes each JPEG a picture. One thread feeds it, another takes the pictures."""

    _child: child.Child
    _fit: Fit

    def feed(self, jpeg: bytes) -> None:
        """The next one. Raises BrokenPipeError soon after it gave up; pictures() says why."""
        assert self._child.stdin is not None
        self._child.stdin.write(LENGTH.pack(len(jpeg)) + jpeg)
        self._child.stdin.flush()

    def end(self) -> None:
        """Say that no more come."""
        assert self._child.stdin is not None
        # Where it has given up, and something was still on its way.
        with suppress(BrokenPipeError):
            self._child.stdin.close()

    def pictures(self) -> Iterator[NDArray[np.uint8]]:
        """Pictures [h, w, 3] in RGB, one for each JPEG, until the end; all have the shape of the
        first.

        Raises Undecodable for what is no JPEG.
        """
        try:
            yield from pictures(self._child, self._fit)
            self._child.wait(_PARTING_SECONDS)
        except (child.ChildFailed, child.ChildTimeout, DecoderCrashed):
            raise Undecodable(
                "A picture cannot be decoded. Send each as a JPEG of its own."
            ) from None


@contextmanager
def decoding(fit: Fit, settings: Settings) -> Iterator[Decoder]:
    """A decoder that makes pictures what ``fit`` says."""
    argv = child.python(
        "har.live.jpeg_child", json.dumps(dataclasses.asdict(fit)), str(settings.max_pixels)
    )
    with child.start(
        argv, memory=decoder.memory(settings), env=decoder.FEW_ARENAS, fed=True
    ) as started:
        yield Decoder(started, fit)
