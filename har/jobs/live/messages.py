"""What is sent of a live stream: messages of bytes, of which the first tells the kind."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from har.errors import BadOption

STOP = b"\x00"
"""No more comes."""
FRAMES = b"\x01"
"""Some frames: of each its moment in seconds (float64, the highest byte first), the length of its
JPEG (uint32), and the JPEG."""
RECORDING = b"\x02"
"""The next piece of the file that a browser records."""

_HEAD = struct.Struct(">dI")
_LATEST = 1e6


def frames_of(message: bytes) -> Iterator[tuple[float, bytes]]:
    """Moments and JPEGs of a message of FRAMES. Raises BadOption for what is none."""
    at = 1
    while at < len(message):
        if len(message) < at + _HEAD.size:
            raise _bad()
        moment, length = _HEAD.unpack_from(message, at)
        at += _HEAD.size + length
        if not length or at > len(message) or not 0 <= moment <= _LATEST:
            raise _bad()
        yield moment, message[at - length : at]


def _bad() -> BadOption:
    return BadOption(
        "A batch of frames has for each its moment in seconds from 0 on, the length of its JPEG, "
        "and the JPEG."
    )
