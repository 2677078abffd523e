"""How much one client may ask for, and how much a request may bring."""

from __future__ import annotations

import math
import time
from typing import Any

from flask import Flask, current_app, request
from flask_limiter import Limiter, RateLimitExceeded
from werkzeug.exceptions import RequestEntityTooLarge

from config import Settings
from har.errors import ConfigError, TooLarge, TooManyRequests
from har.jobs.keys import is_rate
from har.web import problems
from har.web.keys import BEGINNING, TAKING, client, sent_key

_FORM_BYTES = 1_000_000
"""What a request may have beside its video."""

_FIELD_BYTES = 256_000
"""Of one field, which is read into memory; 500 labels are no longer."""

_FIELDS = 20

_BODY_BYTES = 64_000
"""What a request may have that brings no video."""

_REDIS_TIMEOUT = {"socket_connect_timeout": 1, "socket_timeout": 1}


def register(app: Flask, settings: Settings) -> None:
    """Limit an application whose views are all there. Raises ConfigError for a bad rate."""
    if not is_rate(settings.rate_limit):
        raise ConfigError(
            "HAR_RATE_LIMIT must be like 120/minute or 5/second;1000/day, "
            f"not '{settings.rate_limit}'."
        )
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_upload_mb * 1_000_000 + _FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=_FIELD_BYTES,
        MAX_FORM_PARTS=_FIELDS,
    )
    app.before_request(_limit_body)
    shared = settings.broker_url.startswith(("redis://", "rediss://"))
    limiter = Limiter(
        lambda: client(request),
        app=app,
        storage_uri=settings.broker_url if shared else "memory://",
        storage_options={**_REDIS_TIMEOUT} if shared else {},
        in_memory_fallback_enabled=shared,
        key_prefix="har",
    )
    # All that have a worker or an encoder do something count together.
    limit = limiter.shared_limit(lambda: _rate(settings), scope="videos")
    views: dict[str, Any] = app.view_functions
    for endpoint in (*TAKING, "asking.labels", "files.cut", "files.training"):
        views[endpoint] = limit(views[endpoint])
    app.extensions["har.count"] = limit(_counted)
    # Apart from those: a video that comes in parts must not count twice.
    begun = limiter.shared_limit(lambda: _rate(settings), scope="uploads")
    for endpoint in BEGINNING:
        views[endpoint] = begun(views[endpoint])

    app.extensions["har.limiter"] = limiter
    app.register_error_handler(RateLimitExceeded, lambda _: problems.respond_to(_too_many()))


def count() -> None:
    """Count the request as one that brings a video, where it turns out to be that late.

    Raises TooManyRequests.
    """
    try:
        current_app.extensions["har.count"]()
    except RateLimitExceeded:
        raise _too_many() from None


def _counted() -> None:
    """There is nothing to do but to be counted."""


def _limit_body() -> None:
    """Refuse a body that is too large before any of it is read.

    Parts with a video may come without their length; there Flask refuses as it reads.
    """
    taking = request.endpoint in TAKING
    if taking and request.mimetype == "multipart/form-data":
        if (request.content_length or 0) > current_app.config["MAX_CONTENT_LENGTH"]:
            raise RequestEntityTooLarge
        return
    most = _FORM_BYTES if taking else _BODY_BYTES
    if request.endpoint == "uploads.append":
        most = current_app.config["MAX_CONTENT_LENGTH"]
    if (request.content_length or 0) > most or "Transfer-Encoding" in request.headers:
        raise TooLarge(
            f"Without a video, send at most {most // 1000} kB, and tell their length. A video is "
            "sent to /predict or /jobs as multipart/form-data."
        )


def _rate(settings: Settings) -> str:
    key = sent_key()
    return key.rate if key and key.rate else settings.rate_limit


def _too_many() -> TooManyRequests:
    limit = current_app.extensions["har.limiter"].current_limit
    assert limit is not None
    who = "With one key" if sent_key() else "From one address"
    return TooManyRequests(
        f"{who} you may send {limit.limit}. Send the next video later.",
        retry_after=max(1, math.ceil(limit.reset_at - time.time())),
    )
