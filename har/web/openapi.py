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
from har.web.curl import samples
from har.web.groups import GROUPS, group
from har.web.operations import operations
from har.web.security import asked_address

openapi = Blueprint("openapi", __name__)

_IMPLIED = {"HEAD", "OPTIONS"}
"""Methods that every address answers without a word about them."""

_KEY = {
    "type": "http",
    "scheme": "bearer",
    "description": "Whoever runs the service gives keys out, and may let videos be sent without "
    "one. Send yours as `Authorization: Bearer har_…`: the jobs that were sent with it are then "
    "listed to you, from anywhere.",
}

_DESCRIPTION = (
    "Send a video, as a file or as a link, and get a timeline of what the people in it do, with a "
    "label, a confidence and the model that gave it for each moment. A trained network is asked "
    "first (`GET /models` says how many actions it knows) and, where it is unsure, a zero-shot "
    "model that looks for any actions you name. All that the page does goes through this API."
)


@openapi.get("/openapi.json")
def show() -> Response:
    """This document."""
    return jsonify(document(current_app, asked_address()))


def document(app: Flask, address: str) -> dict[str, Any]:
    """The API of an application whose views are all there, with examples that ask an address."""
    settings: Settings = app.config["HAR"]
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "HAR",
            "version": __version__,
            "summary": "Tells what people do in a video, and when.",
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"key": []}],
        "tags": [{"name": name, "description": told} for name, told in GROUPS.items()],
        "paths": _paths(app, settings, address),
        "components": {"schemas": schemas.components(), "securitySchemes": {"key": _KEY}},
    }


def _paths(app: Flask, settings: Settings, address: str) -> dict[str, dict[str, Any]]:
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for endpoint, operation in operations(settings).items():
        for rule in app.url_map.iter_rules(endpoint):
            methods = rule.methods or set()
            for method in methods - _IMPLIED or methods - {"OPTIONS"}:
                path = re.sub(r"<(?:[^<>]+:)?(\w+)>", r"{\1}", rule.rule)
                paths[path][method.lower()] = {
                    "operationId": endpoint.replace(".", "_"),
                    "tags": [group(endpoint)],
                    "summary": _summary(app, endpoint),
                    **operation,
                    "x-codeSamples": samples(endpoint, address, "security" in operation),
                }
    return paths


def _summary(app: Flask, endpoint: str) -> str:
    """The first line of the view's docstring."""
    told = inspect.getdoc(app.view_functions[endpoint]) or ""
    return told.partition("\n")[0].rstrip(".")
