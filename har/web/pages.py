"""The page for people; everything in it goes through the same API as curl."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, render_template, request

from har.export.formats import FORMATS

pages = Blueprint("pages", __name__)


@pages.get("/")
def index() -> Response:
    """The one page; ``?job=<id>`` shows that job instead of the form."""
    settings = current_app.config["HAR"]
    # JSON is offered as the job has it.
    formats = [each for each in FORMATS.values() if each.name != "json"]
    page = render_template(
        "index.html", settings=settings, job="job" in request.args, formats=formats
    )
    response = make_response(page)
    # Nothing in it is anybody's; a form that is gone back to keeps what was typed.
    response.cache_control.no_cache = True
    return response
