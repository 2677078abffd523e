"""A model hub on the loopback address that answers as the real one does.

Small files are redirected to ``/api/resolve-cache/``, the weights to another place that knows
nothing of the hub's headers, and both say where they come from in the first answer.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

MAIN = "a" * 40


@dataclass
class Hub:
    """What the hub has, and how it behaves."""

    url: str
    storage: str
    """The address that the weights come from."""
    models: dict[str, dict[str, tuple[str, Path]]] = field(default_factory=dict)
    """By name and revision: the commit and the folder with its files."""
    error: int | None = None
    """A status that it answers everything with."""
    short: int = 0
    """Bytes of the weights that it withholds."""
    stall: bool = False
    """Whether it stops in the middle of the weights until it is closed."""
    asked: list[str] = field(default_factory=list)
    """Method and path of the requests so far."""
    answering: threading.Event = field(default_factory=threading.Event)
    """Cleared to keep all requests waiting."""
    closed: threading.Event = field(default_factory=threading.Event)

    def add(self, name: str, folder: Path, revision: str = "main", commit: str = MAIN) -> None:
        found = (commit, folder)
        self.models.setdefault(name, {}).update({revision: found, commit: found})

    def questions(self) -> list[str]:
        """The requests that ask which files a model has."""
        return [x for x in self.asked if "/revision/" in x]


@contextmanager
def serve() -> Iterator[Hub]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    port = server.server_port
    hub = server.hub = Hub(f"http://127.0.0.1:{port}", f"http://localhost:{port}")
    hub.answering.set()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        hub.answering.set()
        hub.closed.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _described(file: Path) -> dict[str, object]:
    """What the hub says of a file; of large ones, their hash."""
    if file.suffix != ".safetensors":
        return {"rfilename": file.name}
    body = file.read_bytes()
    told = {"size": len(body), "sha256": hashlib.sha256(body).hexdigest(), "pointerSize": 134}
    return {"rfilename": file.name, "size": len(body), "lfs": told}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def hub(self) -> Hub:
        return self.server.hub

    def log_message(self, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.hub.asked.append(f"{self.command} {self.path}")
        self.hub.answering.wait()
        try:
            self._route([unquote(part) for part in self.path.split("?")[0].split("/")[1:]])
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _route(self, parts: list[str]) -> None:
        if self.hub.error:
            return self._send(self.hub.error)
        match parts:
            case ["api", "models", owner, name, "revision", revision]:
                return self._model(f"{owner}/{name}", revision)
            case [owner, name, "resolve", revision, file]:
                return self._pointer(f"{owner}/{name}", revision, file)
            case ["api", "resolve-cache", "models", owner, name, commit, file]:
                return self._file(f"{owner}/{name}", commit, file)
            case ["storage", owner, name, commit, file]:
                return self._file(f"{owner}/{name}", commit, file, plain=True)
        return self._send(404)

    def _model(self, name: str, revision: str) -> None:
        if name not in self.hub.models:
            return self._send(401, {"X-Error-Code": "RepoNotFound"})
        if revision not in self.hub.models[name]:
            return self._send(404, {"X-Error-Code": "RevisionNotFound"})
        commit, folder = self.hub.models[name][revision]
        files = [_described(file) for file in sorted(folder.iterdir())]
        body = json.dumps({"id": name, "sha": commit, "siblings": files, "private": False})
        return self._send(200, {"Content-Type": "application/json"}, body.encode())

    def _pointer(self, name: str, revision: str, file: str) -> None:
        commit, folder = self.hub.models[name][revision]
        if not (folder / file).is_file():
            return self._send(404, {"X-Error-Code": "EntryNotFound"})
        body = (folder / file).read_bytes()
        if not file.endswith(".safetensors"):
            path = f"/api/resolve-cache/models/{name}/{commit}/{file}"
            return self._send(307, {"Location": path, "X-Repo-Commit": commit})
        return self._send(
            302,
            {
                # Another host: its answers need not look like the hub's.
                "Location": f"{self.hub.storage}/storage/{name}/{commit}/{file}",
                "X-Repo-Commit": commit,
                "X-Linked-ETag": f'"{hashlib.sha256(body).hexdigest()}"',
                "X-Linked-Size": str(len(body)),
            },
        )

    def _file(self, name: str, commit: str, file: str, plain: bool = False) -> None:
        body = (self.hub.models[name][commit][1] / file).read_bytes()
        etag = hashlib.sha1(body, usedforsecurity=False).hexdigest()
        headers = {} if plain else {"X-Repo-Commit": commit, "ETag": f'"{etag}"'}
        if plain and self.hub.short:
            body = body[: -self.hub.short]
        if plain and self.hub.stall:
            self._start(200, headers, len(body))
            self.wfile.write(body[: len(body) // 2])
            self.hub.closed.wait()
            self.close_connection = True
            return None
        return self._send(200, headers, body)

    def _send(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self._start(status, headers or {}, len(body))
        if self.command == "GET":
            self.wfile.write(body)

    def _start(self, status: int, headers: dict[str, str], length: int) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(length)}.items():
            self.send_header(key, value)
        self.end_headers()
