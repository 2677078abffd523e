"""A WebSocket (RFC 6455) on the connection of a request, by the library websockets."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from flask import Request, Response
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from har.errors import NotASocket, TooSlow

_CHUNK = 1 << 16


class WebSocket:
    """One that is open. One thread takes messages(), any may send."""

    def __init__(self, request: Request, most_bytes: int) -> None:
        """``most_bytes`` is the size of the largest message that is taken.

        Raises NotASocket where the request asks for none, or the server cannot.
        """
        connection: socket.socket | None = request.environ.get("gunicorn.socket")
        if connection is None or request.headers.get("Upgrade", "").lower() != "websocket":
            raise NotASocket("Open this address as a WebSocket; docs/api.md tells what it speaks.")
        self._connection = connection
        # Without compression: pictures are compressed, and answers are short.
        self._protocol = ServerProtocol(max_size=most_bytes)
        self._lock = threading.Lock()
        self._shake_hands(request)

    def _shake_hands(self, request: Request) -> None:
        head = [f"GET {request.path} HTTP/1.1", *(f"{k}: {v}" for k, v in request.headers)]
        with self._lock:
            self._protocol.receive_data(("\r\n".join(head) + "\r\n\r\n").encode("latin-1"))
            [asked] = self._protocol.events_received()
            self._protocol.send_response(self._protocol.accept(asked))  # type: ignore[arg-type]
            if self._protocol.state is not State.OPEN:
                raise NotASocket("This is no handshake of a WebSocket of version 13.")
            self._flush()

    def messages(self) -> Iterator[str | bytes]:
        """What the client sends, until it ends or is silent for too long."""
        parts: deque[Frame] = deque()
        while self._protocol.state is not State.CLOSED:
            try:
                data = self._connection.recv(_CHUNK)
            except (OSError, TooSlow):
                return
            with self._lock:
                self._protocol.receive_data(data)
                frames = self._protocol.events_received()
                self._flush()
            yield from _messages(frames, parts)
            if self._protocol.close_expected():
                return

    def send(self, text: str) -> None:
        """Send a message; nothing where it is closing or the client is gone."""
        with self._lock:
            if self._protocol.state is State.OPEN:
                self._protocol.send_text(text.encode())
                self._flush()

    def close(self) -> None:
        """Say that nothing follows, and have messages() end."""
        with self._lock:
            if self._protocol.state is State.OPEN:
                self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
                self._flush()

    def _flush(self) -> None:
        with suppress(OSError):
            for data in self._protocol.data_to_send():
                if data:
                    self._connection.sendall(data)
                else:
                    self._connection.shutdown(socket.SHUT_WR)


def _messages(frames: list[Any], parts: deque[Frame]) -> Iterator[str | bytes]:
    """The whole messages among frames, of which one may come in many."""
    for frame in frames:
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            continue
        parts.append(frame)
        if frame.fin:
            data = b"".join(part.data for part in parts)
            is_text = parts[0].opcode is Opcode.TEXT
            parts.clear()
            yield data.decode(errors="replace") if is_text else data


class Spoken(Response):
    """What a view answers once its WebSocket has ended: nothing more."""

    def __call__(self, *_: Any) -> Any:
        """Raises StopIteration, by which gunicorn knows that the connection is used up."""
        raise StopIteration
