"""Whether the web process is alive."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from har import __version__

health = Blueprint("health", __name__)


@health.get("/healthz")
def healthz() -> Response:
    """Answers as long as the process does; it asks nothing of the worker."""
    return jsonify(status="ok", version=__version__)
