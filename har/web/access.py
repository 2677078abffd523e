"""One line in the log for each request, once its answer begins."""

from __future__ import annotations

import logging
import time

from flask import Flask, Response, g, request

from har import logs

_QUIET = ("healthz", "readyz", "metrics")
"""Paths that machines ask for every few seconds; they are told at DEBUG unless they fail."""

_log = logging.getLogger(__name__)


def register(app: Flask) -> None:
    """Log the requests of an application; first of all, so that nothing answers before."""
    app.before_request(_begin)
    app.after_request(_log_request)


def _begin() -> None:
    logs.begin_request()
    g.began = time.perf_counter()
    if id := (request.view_args or {}).get("id"):
        logs.bind_job(id)


def _log_request(response: Response) -> Response:
    quiet = request.path.strip("/") in _QUIET and response.status_code < 400
    _log.log(
        logging.DEBUG if quiet else logging.INFO,
        "request",
        extra={
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "milliseconds": round((time.perf_counter() - g.began) * 1000, 1),
        },
    )
    return response
