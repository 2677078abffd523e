"""Videos to try the service with, and the pictures that the page shows of them."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from har.errors import NotFound
from har.media import examples

example_clips = Blueprint("examples", __name__)

_KEPT_SECONDS = 24 * 3600


@example_clips.get("/examples/<name>.jpg")
def picture(name: str) -> Response:
    """A picture of an example."""
    path = examples.find(name)
    if path is None:
        raise NotFound("There is no such example here. The page shows those that there are.")
    moment = examples.EXAMPLES[name].moment
    jpeg = examples.picture(path, moment, current_app.config["HAR"])
    response = Response(jpeg, content_type="image/jpeg")
    response.cache_control.public = True
    response.cache_control.max_age = _KEPT_SECONDS
    return response
