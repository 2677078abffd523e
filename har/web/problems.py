"""Errors as ``application/problem+json`` (RFC 9457), whatever they are."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, current_app
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from har.errors import HarError, InternalError, RecordsAway, TooLarge
from har.jobs import disk, room
from har.jobs.record import problem

_AWAY_SECONDS = 60
_log = logging.getLogger(__name__)


def register(app: Flask) -> None:
    """Have every error answered with a problem document."""
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, lambda error: respond_to(public(error)))


def public(error: Exception) -> HarError:
    """What the client is told of an error; one that we did not foresee goes to the log."""
    if isinstance(error, HarError):
        return error
    if disk.is_full(error):
        _log.warning("the disk is full: %s", error)
        return room.none()
    if isinstance(error, OperationalError):
        _log.warning("the database does not answer: %s", error)
        sentence = "The service cannot reach its database. Try again in a minute."
        return RecordsAway(sentence, retry_after=_AWAY_SECONDS)
    _log.error("a request failed", exc_info=error)
    return InternalError("Something unforeseen happened. Try again; the log has the particulars.")


def respond(members: Mapping[str, Any]) -> Response:
    """The response for a problem's ``title``, ``status``, ``detail`` and ``code``."""
    document = {"type": f"urn:har:problem:{members['code']}", **members}
    return Response(
        json.dumps(document), status=members["status"], content_type="application/problem+json"
    )


def respond_to(error: HarError) -> Response:
    """The response for an error, with Retry-After where it is known."""
    response = respond(problem(error))
    response.retry_after = error.retry_after
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _too_large(error: RequestEntityTooLarge) -> Response:
    limit = current_app.config["HAR"].max_upload_mb
    sentence = (
        f"A request may bring one video of {limit} MB at most, and a few short fields. Send a "
        "smaller copy."
    )
    return respond_to(TooLarge(sentence))


def _http(error: HTTPException) -> Response:
    response = respond(
        {
            "title": error.name,
            "status": error.code,
            "detail": error.description,
            "code": error.name.lower().replace(" ", "_"),
        }
    )
    for name, value in error.get_headers():
        response.headers.setdefault(name, value)
    return response
