"""The way of a live stream from the web to a worker: a connection that both know by a secret.

Messages are bytes. Those of the web are what browsers send, see har.jobs.live.messages; those of a
worker are JSON. The record tells where each worker listens.
"""

from __future__ import annotations

import json
import secrets
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from typing import Any

LONGEST = 4 << 20
"""Bytes of a message."""

_SECONDS = 3
"""Time in which the other end must answer at the beginning."""

_WAITING = 16
_ANYWHERE = ("0.0.0.0", "::")

Step = Callable[[Connection, bytes], None]


class Channel:
    """One end. One thread may receive while others send."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()

    def send(self, message: bytes) -> None:
        """Raises OSError where the other end is gone."""
        with self._sending:
            self._connection.send_bytes(message)

    def tell(self, **members: Any) -> None:
        """Send a JSON object. Raises as send()."""
        self.send(json.dumps(members).encode())

    def receive(self) -> bytes:
        """The next message. Raises EOFError at the end, and OSError for one that is too long."""
        return self._connection.recv_bytes(LONGEST)

    def heard(self) -> dict[str, Any]:
        """The next message, which is a JSON object."""
        told: dict[str, Any] = json.loads(self.receive())
        return told

    def waits(self, seconds: float) -> bool:
        """Whether a message is there, now or in the next so many seconds."""
        return self._connection.poll(seconds)

    def end(self) -> None:
        """End it for both sides; whoever receives from it gets EOFError."""
        with suppress(OSError), _shared(self._connection) as connected:
            connected.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of it; no thread may be at it any more."""
        self._connection.close()


class Listener:
    """Where a worker takes streams."""

    def __init__(self, host: str) -> None:
        """Raises OSError where it cannot listen there."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, 0), family=family, backlog=_WAITING)
        self._secret = secrets.token_urlsafe(32)
        self._host = host

    @property
    def place(self) -> dict[str, Any]:
        """What connect() needs to know of it."""
        host = socket.gethostname() if self._host in _ANYWHERE else self._host
        return {"host": host, "port": self._socket.getsockname()[1], "secret": self._secret}

    def accept(self) -> Connection:
        """The next connection of somebody, who may not know the secret; see admitted()."""
        connected, _ = self._socket.accept()
        return _of(connected)

    def admitted(self, connection: Connection) -> Channel | None:
        """The channel of somebody who knows the secret; else None, and the connection is closed."""
        try:
            return _agreed(connection, self._secret, (deliver_challenge, answer_challenge))
        except ConnectionError:
            return None

    def close(self) -> None:
        """Take none any more."""
        self._socket.close()


def connect(place: Mapping[str, Any]) -> Channel:
    """The channel to the worker that listens there. Raises OSError where nobody does."""
    connected = socket.create_connection((place["host"], place["port"]), timeout=_SECONDS)
    return _agreed(_of(connected), place["secret"], (answer_challenge, deliver_challenge))


def _of(connected: socket.socket) -> Connection:
    connected.settimeout(None)
    # Frames and answers are to go at once.
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    _wait_for(connected, _SECONDS)
    return Connection(connected.detach())


def _agreed(connection: Connection, secret: str, steps: Sequence[Step]) -> Channel:
    """The channel, once both have shown that they know the secret. Raises ConnectionError."""
    try:
        for step in steps:
            step(connection, secret.encode())
        with _shared(connection) as connected:
            _wait_for(connected, 0)
    except (OSError, EOFError, AuthenticationError, AssertionError) as error:
        connection.close()
        raise ConnectionError("the other end does not know the secret") from error
    return Channel(connection)


@contextmanager
def _shared(connection: Connection) -> Iterator[socket.socket]:
    """A connection's socket, which stays the connection's own."""
    connected = socket.socket(fileno=connection.fileno())
    try:
        yield connected
    finally:
        connected.detach()


def _wait_for(connected: socket.socket, seconds: int) -> None:
    """Have receiving fail after so many seconds; 0 is never."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", seconds, 0))
