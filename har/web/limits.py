"""How much one client may ask for, and how many requests may hold a thread for long."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import limits
from flask import Flask, Request, Response, current_app, request
from flask_limiter import Limiter, RateLimitExceeded

from config import Settings
from har.errors import Busy, ConfigError, TooManyRequests
from har.web import problems

_LIMITED = ("jobs.create", "jobs.predict")
"""The endpoints that take videos; all of them count together."""

_FREE_THREADS = 8
"""Threads that no request may hold for long, so that the quick ones are always answered."""

_BUSY_SECONDS = 5
_REDIS_TIMEOUT = {"socket_connect_timeout": 1, "socket_timeout": 1}


def register(app: Flask, settings: Settings) -> None:
    """Limit an application whose views are all there. Raises ConfigError for a bad rate."""
    rate = check_rate(settings.rate_limit)
    shared = settings.broker_url.startswith(("redis://", "rediss://"))
    limiter = Limiter(
        lambda: client(request),
        app=app,
        storage_uri=settings.broker_url if shared else "memory://",
        storage_options={**_REDIS_TIMEOUT} if shared else {},
        in_memory_fallback_enabled=shared,
        key_prefix="har",
    )
    limit = limiter.shared_limit(rate, scope="videos")
    views: dict[str, Any] = app.view_functions
    for endpoint in _LIMITED:
        views[endpoint] = limit(views[endpoint])

    @app.errorhandler(RateLimitExceeded)
    def refuse(_: RateLimitExceeded) -> Response:
        return problems.respond_to(_too_many(limiter))

    holders = max(1, settings.web_threads - _FREE_THREADS)
    app.extensions["har.holders"] = threading.BoundedSemaphore(holders)


def check_rate(text: str) -> str:
    """A rate such as ``120/minute`` or ``5/second;1000/day``. Raises ConfigError for another."""
    try:
        rates = limits.parse_many(text)
    except ValueError:
        rates = []
    if not rates or any(rate.amount < 1 for rate in rates):
        raise ConfigError(
            f"HAR_RATE_LIMIT must be like 120/minute or 5/second;1000/day, not '{text}'."
        )
    return text


def client(request: Request) -> str:
    """The address of who asks, behind as many proxies as HAR_TRUSTED_PROXIES says."""
    # There is none where a proxy of this machine asks through a socket in the file system.
    return request.remote_addr or "local"


@contextmanager
def held() -> Iterator[ExitStack]:
    """Let the request hold its thread for long, until the block is left.

    A stream is held until it is closed with
    ``with held() as hold: ...; response.call_on_close(hold.pop_all().close)``.
    Raises Busy where too many are held already.
    """
    holders: threading.BoundedSemaphore = current_app.extensions["har.holders"]
    if not holders.acquire(blocking=False):
        raise Busy(
            "Too many requests wait for their results. Send the video to /jobs, which does not "
            "wait, or try again in a moment.",
            retry_after=_BUSY_SECONDS,
        )
    with ExitStack() as hold:
        hold.callback(holders.release)
        yield hold


def _too_many(limiter: Limiter) -> TooManyRequests:
    limit = limiter.current_limit
    assert limit is not None
    return TooManyRequests(
        f"One address may send {limit.limit}. Send the next video later.",
        retry_after=max(1, math.ceil(limit.reset_at - time.time())),
    )
