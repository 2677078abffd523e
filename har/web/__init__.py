"""The web: the API and the page. It never imports torch; recognition is the worker's."""

from __future__ import annotations

from flask import Flask, Response
from flask.json.provider import DefaultJSONProvider

from config import ROOT, Settings
from har.jobs.queue import Queue
from har.web import problems
from har.web.health import health
from har.web.jobs import jobs
from har.web.pages import pages

_FORM_BYTES = 1_000_000
"""What a request may have beside its video."""

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; media-src 'self' blob:; img-src 'self' data:; "
        "style-src 'self'; script-src 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
}


class _Json(DefaultJSONProvider):
    sort_keys = False


def create_app(settings: Settings) -> Flask:
    """The WSGI application."""
    app = Flask(
        __name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static")
    )
    app.json = _Json(app)
    app.config.update(
        HAR=settings,
        MAX_CONTENT_LENGTH=settings.max_upload_mb * 1_000_000 + _FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=_FORM_BYTES,
        MAX_FORM_PARTS=50,
    )
    app.extensions["har.queue"] = Queue(settings)
    problems.register(app)
    for blueprint in (health, jobs, pages):
        app.register_blueprint(blueprint)
    app.after_request(_add_headers)
    return app


def _add_headers(response: Response) -> Response:
    response.headers.update(_HEADERS)
    return response
