"""``/openapi.json``: the API as an OpenAPI 3.1 document.

Paths, methods and summaries are those of the views, limits those of the settings, codes those of
``har.errors``.
"""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify

from config import Settings
from har import __version__
from har.web import schemas
from har.web.operations import operations

openapi = Blueprint("openapi", __name__)

_IMPLIED = {"HEAD", "OPTIONS"}
"""Methods that every address answers without a word about them."""

_KEY = {
    "type": "http",
    "scheme": "bearer",
    "description": "A key of whoever runs the service, who may let videos be sent without one.",
}


@openapi.get("/openapi.json")
def show() -> Response:
    """This document."""
    return jsonify(document(current_app))


def document(app: Flask) -> dict[str, Any]:
    """The API of an application whose views are all there."""
    settings: Settings = app.config["HAR"]
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "HAR",
            "version": __version__,
            "summary": "Tells what people do in a video, and when.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"key": []}],
        "paths": _paths(app, settings),
        "components": {"schemas": schemas.components(), "securitySchemes": {"key": _KEY}},
    }


def _paths(app: Flask, settings: Settings) -> dict[str, dict[str, Any]]:
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for endpoint, operation in operations(settings).items():
        for rule in app.url_map.iter_rules(endpoint):
            for method in (rule.methods or set()) - _IMPLIED:
                path = re.sub(r"<(?:[^<>]+:)?(\w+)>", r"{\1}", rule.rule)
                paths[path][method.lower()] = {
                    "operationId": endpoint.replace(".", "_"),
                    "tags": [endpoint.split(".")[0]],
                    "summary": _summary(app, endpoint),
                    **operation,
                }
    return paths


def _summary(app: Flask, endpoint: str) -> str:
    """The first line of the view's docstring."""
    told = inspect.getdoc(app.view_functions[endpoint]) or ""
    return told.partition("\n")[0].rstrip(".")
