"""The web: the API and the page. It never imports torch; recognition is the worker's."""

from __future__ import annotations

import logging
import sys

from flask import Flask, Response
from flask.json.provider import DefaultJSONProvider
from werkzeug.middleware.proxy_fix import ProxyFix

from config import ROOT, Settings, load
from har.errors import HarError
from har.jobs.queue import Queue
from har.web import access, limits, problems
from har.web.health import health
from har.web.jobs import jobs
from har.web.metrics import metrics
from har.web.pages import pages

_FORM_BYTES = 1_000_000
"""What a request may have beside its video."""

_CANNOT_BOOT = 3
"""The exit code with which gunicorn gives up; after others it tries again, for ever."""

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; media-src 'self' blob:; img-src 'self' data:; "
        "style-src 'self'; script-src 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
}

_log = logging.getLogger(__name__)


class _Json(DefaultJSONProvider):
    sort_keys = False


def start() -> Flask:
    """The application of the environment's settings, for gunicorn."""
    try:
        return create_app(load())
    except HarError as error:
        _log.critical("The web cannot start: %s", error)
        sys.exit(_CANNOT_BOOT)


def create_app(settings: Settings) -> Flask:
    """The WSGI application. Raises ConfigError for settings that only the web reads."""
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
    access.register(app)
    problems.register(app)
    for blueprint in (health, jobs, metrics, pages):
        app.register_blueprint(blueprint)
    limits.register(app, settings)
    app.after_request(_add_headers)
    if settings.trusted_proxies:
        proxied = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=0)
        app.wsgi_app = proxied  # type: ignore[method-assign]
    return app


def _add_headers(response: Response) -> Response:
    response.headers.update(_HEADERS)
    return response
