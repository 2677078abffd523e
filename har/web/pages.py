"""The page for people; everything in it goes through the same API as curl."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template, request

pages = Blueprint("pages", __name__)


@pages.get("/")
def index() -> str:
    """The one page; ``?job=<id>`` shows that job instead of the form."""
    settings = current_app.config["HAR"]
    return render_template("index.html", settings=settings, job="job" in request.args)
