"""The web: the API and the page. It never imports torch; recognition is the worker's."""

from __future__ import annotations

import logging
import sys

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from werkzeug.middleware.proxy_fix import ProxyFix

from config import ROOT, Settings, load
from har.errors import HarError
from har.jobs.queue import Queue
from har.web import access, keys, limits, places, problems, security
from har.web.asking import asking
from har.web.files import files
from har.web.health import health
from har.web.jobs import jobs
from har.web.live import live
from har.web.metrics import metrics
from har.web.models import models
from har.web.openapi import openapi
from har.web.pages import pages
from har.web.uploads import uploads

_CANNOT_BOOT = 3
"""The exit code with which gunicorn gives up; after others it tries again, for ever."""

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
    # Whatever FLASK_DEBUG says.
    app.config.update(HAR=settings, DEBUG=False)
    app.extensions["har.queue"] = Queue(settings)
    access.register(app)
    problems.register(app)
    security.register(app, settings)
    keys.register(app)
    views = asking, files, health, jobs, live, metrics, models, openapi, pages
    for blueprint in (*views, uploads):
        app.register_blueprint(blueprint)
    limits.register(app, settings)
    places.register(app, settings)
    if settings.trusted_proxies:
        proxied = ProxyFix(
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies
        )
        app.wsgi_app = proxied  # type: ignore[method-assign]
    return app
