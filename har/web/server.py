"""gunicorn's threaded worker, in which a thread never waits for somebody who has not asked yet.

gunicorn's own gives a new connection to a thread, which waits there for the head of a request. And
it parts from clients in the one loop that all others need, waiting two seconds for each that does
not close its end. So a few hundred connections that do nothing keep everybody else out.
"""

from __future__ import annotations

import errno
import io
import logging
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from selectors import EVENT_READ
from typing import Any

from flask import Response
from gunicorn.http import get_parser
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import TConn, ThreadWorker

from har.errors import TooSlow
from har.web import pace, problems, security

_HEAD_BYTES = 1 << 16
_END = b"\r\n\r\n"
_HEAD_TOO_LARGE = {
    "title": "Request Header Fields Too Large",
    "status": 431,
    "detail": "The head of a request may have 64 kB.",
    "code": "request_header_fields_too_large",
}

_log = logging.getLogger(__name__)


@dataclass
class _Head:
    """The head of a request, as far as it is there."""

    data: bytearray
    since: float = field(default_factory=time.monotonic)


class Worker(ThreadWorker):  # type: ignore[misc]
    """Its loop receives the heads of requests, and what clients send after their last answer."""

    head_seconds = 10.0
    """Time in which the head of a request must come."""
    parting_seconds = 2.0
    """Time in which a client may take its last answer, and say no more, before it is cut off."""
    seconds, rate = pace.SECONDS, pace.BYTES_PER_SECOND

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # The longest there first.
        self._heads: dict[TConn, _Head] = {}
        self._parting: dict[TConn, float] = {}

    def accept(self, listener: socket.socket) -> None:
        """Take a connection on; where there are too many, in the place of some that do nothing."""
        crowd = 0
        try:
            super().accept(listener)
            if self.nr_conns >= self.worker_connections:
                crowd = 1
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
            # The requests that are under way need files, too.
            crowd = self.nr_conns
        for idle in [*self._parting, *self.keepalived_conns, *self._heads][:crowd]:
            with suppress(ValueError):
                self.keepalived_conns.remove(idle)
            self._end(idle)

    def enqueue_req(self, conn: TConn) -> None:
        """Receive the head of a connection's next request, and give it a thread then."""
        if conn.parser is None:
            conn.sock = pace.Paced(conn.sock.detach(), self.seconds, self.rate)
            conn.parser = get_parser(self.cfg, conn.sock, conn.client)
        conn.sock.setblocking(False)
        self._heads[conn] = _Head(bytearray(_taken(conn.parser.unreader)))
        self._watch(conn, self._receive)
        self._pass_on(conn)

    def _receive(self, conn: TConn, sock: socket.socket) -> None:
        head = self._heads[conn]
        try:
            data = sock.recv(_HEAD_BYTES)
        except OSError:
            data = b""
        head.data += data
        if not data:
            self._end(conn)
        else:
            self._pass_on(conn)

    def _pass_on(self, conn: TConn) -> None:
        """Give a connection a thread where the head is whole."""
        data = self._heads[conn].data
        if _END in data and not conn.sock.takes_more():
            self._end(conn)
        elif _END in data:
            self._unwatch(conn)
            conn.parser.unreader.unread(bytes(data))
            conn.data_ready = True
            super().enqueue_req(conn)
        elif len(data) > _HEAD_BYTES:
            self._refuse(conn, problems.respond(_HEAD_TOO_LARGE))

    def handle_request(self, req: Any, conn: TConn) -> bool:
        """Answer a request whose head is there; in a thread."""
        conn.sock.begin()
        if _has_body(req):
            # What is not read of it would be waited for.
            req.force_close()
            req.body.reader = _Reader(req.body.reader)
        return bool(super().handle_request(req, conn))

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        """Await the next request of a connection, or part from it."""
        if fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
        else:
            self._part(conn)

    def _part(self, conn: TConn) -> None:
        """Close our half of a connection, and all of it when the client has closed its own.

        If it were closed while the client still sends, the client would lose the answer.
        """
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self._parting[conn] = time.monotonic()
            self._watch(conn, self._ignore)
        except OSError:
            self._end(conn)

    def _ignore(self, conn: TConn, sock: socket.socket) -> None:
        try:
            gone = not sock.recv(_HEAD_BYTES)
        except OSError:
            gone = True
        if gone:
            self._end(conn)

    def murder_pending(self) -> None:
        """End what took too long; the loop calls it once a second or more often."""
        super().murder_pending()
        now = time.monotonic()
        patience = self.head_seconds if self.alive else self.parting_seconds
        for conn in [c for c, head in self._heads.items() if head.since < now - patience]:
            self._give_up(conn)
        for conn in [c for c, since in self._parting.items() if since < now - self.parting_seconds]:
            self._end(conn)

    def _give_up(self, conn: TConn) -> None:
        if not self._heads[conn].data:
            # A browser that opened a connection in advance would show the answer to its next one.
            self._end(conn)
            return
        _log.info("half a request came in %g s from %s", self.head_seconds, conn.client)
        self._refuse(conn, problems.respond_to(TooSlow("The request came too slowly. Try again.")))

    def _refuse(self, conn: TConn, response: Response) -> None:
        self._unwatch(conn)
        security.guard(response).headers["Connection"] = "close"
        head = f"HTTP/1.1 {response.status}\r\n{response.headers}"
        with suppress(OSError):
            conn.sock.send(head.encode("latin-1") + response.get_data())
        self._part(conn)

    def _watch(self, conn: TConn, then: Callable[[TConn, socket.socket], None]) -> None:
        self.poller.register(conn.sock, EVENT_READ, partial(then, conn))

    def _unwatch(self, conn: TConn) -> None:
        self._heads.pop(conn, None)
        self._parting.pop(conn, None)
        with suppress(KeyError, ValueError):
            self.poller.unregister(conn.sock)

    def _end(self, conn: TConn) -> None:
        self._unwatch(conn)
        self.nr_conns -= 1
        conn.close()


class _Reader:
    """Reads a request's body, in which what is wrong looks like what it is to whoever reads on."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def read(self, size: int) -> bytes:
        """Raises ConnectionError."""
        try:
            data: bytes = self._reader.read(size)
        except ParseException as error:
            raise ConnectionError(str(error)) from error
        return data


def _has_body(req: Any) -> bool:
    return any(
        name == "TRANSFER-ENCODING" or (name == "CONTENT-LENGTH" and value != "0")
        for name, value in req.headers
    )


def _taken(unreader: Any) -> bytes:
    """What was received ahead of its time."""
    data: bytes = unreader.buf.getvalue()
    unreader.buf = io.BytesIO()
    return data
