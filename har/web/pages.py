"""The page for people; everything in it goes through the same API as curl."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, render_template, request

from har.export.formats import FORMATS
from har.web.openapi import document
from har.web.reference import reference
from har.web.security import asked_address

pages = Blueprint("pages", __name__)


@pages.get("/")
def index() -> Response:
    """The one page; ``?job=<id>`` shows that job instead of the form."""
    settings = current_app.config["HAR"]
    page = render_template(
        "index.html",
        settings=settings,
        job="job" in request.args,
        formats=FORMATS.values(),
    )
    response = make_response(page)
    # Nothing in it is anybody's; a form that is gone back to keeps what was typed.
    response.cache_control.no_cache = True
    return response


@pages.get("/docs")
def docs() -> Response:
    """The API's documentation, made of its OpenAPI document."""
    told = document(current_app, asked_address())
    page = render_template("docs.html", reference=reference(told), version=told["info"]["version"])
    response = make_response(page)
    response.cache_control.no_cache = True
    return response
