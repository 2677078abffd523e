"""Web servers on addresses of this machine whose pages are functions."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Route = Callable[[BaseHTTPRequestHandler], None]


class Site:
    """Answers from ``routes`` until closed.

    Remembers the paths it was asked for, and how many connections were made. On ``::`` it answers
    on every address of the machine, but for those on which another has the same port.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                route = site.routes.get(self.path)
                with suppress(ConnectionError):
                    route(self) if route else self.send_error(404)

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
            allow_reuse_port = True
            daemon_threads = True

            def server_bind(self) -> None:
                if host == "::":
                    self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                super().server_bind()

            def get_request(self) -> tuple[socket.socket, Any]:
                site.connections += 1
                return super().get_request()

        self.routes: dict[str, Route] = {}
        self.asked: list[str] = []
        self.connections = 0
        self.ended = threading.Event()
        self._server = Server((host, port), Handler)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    def folder(self, path: Path) -> None:
        """Serve the files of a folder."""
        for file in path.iterdir():
            self.routes[f"/{file.name}"] = content(file.read_bytes(), TYPES[file.suffix])


TYPES = {
    ".mp4": "video/mp4",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".ts": "video/mp2t",
    ".mpd": "application/dash+xml",
    ".m4s": "video/mp4",
    ".key": "application/octet-stream",
}


def content(data: bytes, kind: str) -> Route:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    return answer


def redirect(target: str, status: int = 302) -> Route:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Location", target)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def endless(kind: str, first: bytes = b"") -> Route:
    """An answer of no announced length that goes on until the other side has enough."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.protocol_version = "HTTP/1.1"
        request.send_response(200)
        request.send_header("Content-Type", kind)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        block = first.ljust(65536, b" ")
        while True:
            request.wfile.write(b"10000\r\n" + block + b"\r\n")

    return answer


def stalled(site: Site, reached: threading.Event) -> Route:
    """An answer that announces much, sends little, and then nothing until the site is closed."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "video/mp4")
        request.send_header("Content-Length", "500000")
        request.end_headers()
        request.wfile.write(bytes(10_000))
        request.wfile.flush()
        reached.set()
        site.ended.wait(60)

    return answer
