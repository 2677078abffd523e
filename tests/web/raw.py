"""Clients that write and read their sockets as they like, and the web that they do it to."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import requests

from config import Settings
from har.jobs.queue import Queue
from tests.children import children, running
from tests.jobs.test_record import RESULT
from tests.serving import eventually
from tests.web_alone import web_alone

PATIENCE = 30.0
VIDEO = bytes(range(256)) * 3500

_FIELD = (
    b'--x\r\nContent-Disposition: form-data; name="video"; filename="a.mp4"\r\n'
    b"Content-Type: video/mp4\r\n\r\n"
)
FORM = _FIELD + VIDEO + b"\r\n--x--\r\n"
"""A body with a video of 900 kB."""

MOST = 800_000
"""Bytes of it; so many are put on disk until all are there."""


class Web:
    """A web that is soon out of patience, its files, and what it says."""

    def __init__(self, url: str, folder: Path, errors: Path) -> None:
        self.url, self.data, self._errors = url, folder / "var", errors
        parts = urlsplit(url)
        self._address = (parts.hostname, parts.port)
        self._clients: list[socket.socket] = []
        requests.get(f"{url}/healthz", timeout=PATIENCE)

    def connect(self, receives: int | None = None) -> socket.socket:
        """A connection; ``receives`` is how many bytes the client's side of it holds."""
        client = socket.socket()
        client.settimeout(PATIENCE)
        if receives is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        client.connect(self._address)
        self._clients.append(client)
        return client

    def close(self) -> None:
        """Close the connections that tests have left."""
        close(self._clients)

    def ask(self, path: str, *lines: str, receives: int | None = None) -> socket.socket:
        """A connection with the head of a GET request sent."""
        client = self.connect(receives)
        client.sendall(head("GET", path, *lines))
        return client

    def post(self, path: str = "/jobs", form: bytes = FORM, *, chunked: bool = False) -> Upload:
        """A connection with the head of an upload sent."""
        return Upload(self.connect(), path, form, chunked)

    def said(self) -> list[dict[str, Any]]:
        """What is in the log."""
        lines = self._errors.read_text("utf-8").splitlines()
        assert all(line.startswith("{") for line in lines), lines
        return [json.loads(line) for line in lines]

    def told(self) -> list[tuple[str, int]]:
        """The requests in the log, by path and status."""
        return [(line["path"], line["status"]) for line in self.said() if "status" in line]

    def has_no_fault(self) -> None:
        """Nothing in the log may be a fault of ours."""
        faults = [line for line in self.said() if "exception" in line or line["level"] == "error"]
        assert not faults, faults

    def seconds_to_answer(self) -> float:
        """What a small answer takes just now."""
        began = time.monotonic()
        for path in ("/healthz", "/", "/static/favicon.svg"):
            assert requests.get(self.url + path, timeout=PATIENCE).status_code == 200
        return time.monotonic() - began

    def open_files(self) -> list[str]:
        """The files of jobs that the web has open, and those of uploads, which have no name."""
        links = {
            link for web in self._processes() for link in Path(f"/proc/{web.pid}/fd").iterdir()
        }
        # The first three are whatever those of the tests are.
        names = [_target(link) for link in links if int(link.name) > 2]
        kept = str(self.data / "jobs")
        return [name for name in names if name.startswith(kept) or "/#" in name]

    def limit_open_files(self, more: int | None) -> None:
        """Let the web open so many files more than it has; None for as many as may be."""
        process = self._processes()[-1]
        _, most = process.rlimit(psutil.RLIMIT_NOFILE)
        limit = most if more is None else process.num_fds() + more
        process.rlimit(psutil.RLIMIT_NOFILE, (limit, most))

    def _processes(self) -> list[psutil.Process]:
        """gunicorn's, the one that serves last."""
        return running(children(), "gunicorn")

    def keeps_nothing(self) -> bool:
        """Whether there is no job, and no file of one."""
        with closing(self.queue()) as queue:
            no_record = not queue.records.ids()
        return no_record and not list((self.data / "jobs").glob("*")) and not self.open_files()

    def queue(self) -> Queue:
        """The jobs, by which a test plays the worker."""
        return Queue(Settings(data_dir=self.data))

    def submit(self, size: int) -> str:
        """The path of a job that waits, whose video has so many bytes."""
        form = {"video": ("a.mp4", bytes(size))}
        response = requests.post(f"{self.url}/jobs", files=form, timeout=PATIENCE)
        return response.headers["Location"]

    def done(self, size: int, result: Mapping[str, Any] = RESULT) -> str:
        """As submit(), of a job that is done."""
        path = self.submit(size)
        id = path.rpartition("/")[2]
        with closing(self.queue()) as queue:
            queue.records.begin(id, "w")
            queue.records.finish(id, "w", result, "source.mp4", "video/mp4")
        return path


class Upload:
    """A request whose body is sent bit by bit."""

    def __init__(self, client: socket.socket, path: str, form: bytes, chunked: bool) -> None:
        self.client, self._form, self._chunked = client, form, chunked
        length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(form)}"
        client.sendall(head("POST", path, "Content-Type: multipart/form-data; boundary=x", length))

    def send(self, size: int | None = None) -> None:
        """Send so many more bytes of the body, or all that are left."""
        part = self._form[:size]
        self._form = self._form[len(part) :]
        self.client.sendall(b"%x\r\n%s\r\n" % (len(part), part) if self._chunked else part)
        if self._chunked and not self._form:
            self.client.sendall(b"0\r\n\r\n")

    def send_slowly(self, rate: int, seconds: float | None = None) -> None:
        """Send so many bytes a second, for some seconds or to the end or until cut off."""
        deadline = time.monotonic() + (seconds or PATIENCE)
        with suppress(ConnectionError):
            while self._form and time.monotonic() < deadline and not readable(self.client):
                self.send(max(1, rate // 10))
                time.sleep(0.1)


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return ""


def head(method: str, path: str, *lines: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


def readable(client: socket.socket) -> bool:
    """Whether there is an answer, or an end."""
    client.setblocking(False)
    try:
        client.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    finally:
        client.settimeout(PATIENCE)
    return True


def answer(client: socket.socket) -> tuple[int, bytes]:
    """Status and body of the answer; the connection stays open."""
    response = HTTPResponse(client)
    response.begin()
    return response.status, response.read()


def refusal(client: socket.socket) -> tuple[int, str]:
    """Status and code of an answer that is a problem."""
    status, body = answer(client)
    return status, json.loads(body)["code"]


def ends(client: socket.socket) -> bool:
    """Whether the server closes the connection, with no answer."""
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def vanish(client: socket.socket, how: str) -> None:
    """Go without a word: ``close``, ``reset``, or ``half`` of it, which still reads."""
    if how == "half":
        client.shutdown(socket.SHUT_WR)
        return
    if how == "reset":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@contextmanager
def hasty(folder: Path, **settings: object) -> Iterator[Web]:
    """A web that serves four requests at a time beside those that hold their thread for long."""
    changes = {"min_free_mb": 0, "rate_limit": "1000/second", "web_threads": 12, **settings}
    with (
        web_alone(folder, "-k", "tests.web.hasty.Hasty", **changes) as (url, errors),
        closing(Web(url, folder, errors)) as web,
    ):
        yield web


def close(clients: Iterable[socket.socket]) -> None:
    for client in clients:
        client.close()


def settles(web: Web, what: str) -> None:
    """Nothing is left behind, in a while."""
    eventually(web.keeps_nothing, what, PATIENCE)
