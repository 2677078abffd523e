"""Connections on which nobody may be slow for ever.

A client has ``SECONDS`` to wait for, less by what it makes us wait and more by what it moves: at
``BYTES_PER_SECOND`` both are equal. So it may stop for a while, and may not be slower for longer.
"""

from __future__ import annotations

import errno
import logging
import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from har.errors import TooSlow

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

SECONDS = 30.0
BYTES_PER_SECOND = 4000.0

_UNSENT = 128 << 10
"""Bytes that the kernel takes ahead of the network; with megabytes of them, nobody could tell
whether a client reads."""

_Moved = TypeVar("_Moved")
_log = logging.getLogger(__name__)


class Paced(socket.socket):
    """A client's socket, on which sending and receiving keep to the pace while it blocks."""

    def __init__(self, fileno: int, seconds: float, rate: float) -> None:
        super().__init__(fileno=fileno)
        self._seconds, self._rate = seconds, rate
        self.begin()
        # Sockets in the file system have no such option.
        with suppress(OSError):
            self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT)

    def begin(self) -> None:
        """Begin with another request, which has all of its time."""
        self._left = dict.fromkeys((select.POLLIN, select.POLLOUT), self._seconds)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Raises TooSlow, and ConnectionResetError where the client is gone."""
        if not self.getblocking():
            return super().recv(size, flags)
        receive = partial(super().recv, size, flags | socket.MSG_DONTWAIT)
        try:
            data = self._move(select.POLLIN, receive)
        except TimeoutError:
            sentence = "The request came too slowly. Send it again over a better connection."
            raise TooSlow(sentence) from None
        if not data:
            raise ConnectionResetError(errno.ECONNRESET, "the client is gone")
        self._earn(select.POLLIN, len(data))
        return data

    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        """Raises BrokenPipeError where the client does not read."""
        if not self.getblocking():
            return super().send(data, flags)
        send = partial(super().send, data, flags | socket.MSG_DONTWAIT)
        try:
            sent = self._move(select.POLLOUT, send)
        except TimeoutError:
            _log.info("an answer was cut off: the client reads too slowly")
            raise BrokenPipeError(errno.EPIPE, "the client reads too slowly") from None
        self._earn(select.POLLOUT, sent)
        return sent

    def sendall(self, data: ReadableBuffer, flags: int = 0) -> None:
        """As send()."""
        rest = memoryview(data)
        while rest:
            rest = rest[self.send(rest, flags) :]

    def takes_more(self) -> bool:
        """Whether a short answer would not have to wait until the client has read others."""
        poll = select.poll()
        poll.register(self, select.POLLOUT)
        return bool(poll.poll(0))

    def is_gone(self) -> bool:
        """Whether the client has closed the connection, or its half of it."""
        try:
            return not super().recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _move(self, event: int, some: Callable[[], _Moved]) -> _Moved:
        """Send or receive some bytes. Raises TimeoutError where the client's time is over."""
        while True:
            try:
                return some()
            except BlockingIOError:
                self._wait(event)

    def _wait(self, event: int) -> None:
        began = time.monotonic()
        poll = select.poll()
        poll.register(self, event)
        ready = poll.poll(1000 * max(0.0, self._left[event]))
        self._left[event] -= time.monotonic() - began
        if not ready:
            raise TimeoutError

    def _earn(self, event: int, size: int) -> None:
        self._left[event] = min(self._seconds, self._left[event] + size / self._rate)
