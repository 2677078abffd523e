"""Servers in a thread, for a browser or a library to ask."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer
from wsgiref.types import WSGIApplication

from werkzeug.serving import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    """Says nothing of the requests it answers."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@contextmanager
def running(server: HTTPServer) -> Iterator[str]:
    """The address of a server, which runs as long as the block lasts."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def answering(application: WSGIApplication) -> Iterator[str]:
    """The address of an application, as long as the block lasts."""
    with running(
        make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    ) as url:
        yield url
