"""Which requests may hold a thread for long: uploads, downloads, waits and streams.

Some threads are kept free of them, so that whatever is quick is always answered; and nobody may
have all of the others.
"""

from __future__ import annotations

import ipaddress
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack

from flask import Flask, Response, current_app, g, request

from config import Settings
from har.errors import Busy, HarError, TooManyRequests
from har.web import problems
from har.web.keys import client
from har.web.security import is_here

_FREE_THREADS = 8

_LEAST_SHARE = 8
"""Places that each client may have, or a quarter of all: a browser opens six connections."""

_SMALL = 24_000
"""Bytes of an answer that the kernel takes at once, however slowly the client reads them."""

_SECONDS = 5
"""When to ask again."""


class Places:
    """So many, taken by clients and left again."""

    def __init__(self, count: int) -> None:
        self._count, self._share = count, max(_LEAST_SHARE, count // 4)
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, who: str) -> Callable[[], None]:
        """What to call to leave the place again. Raises Busy and TooManyRequests."""
        with self._lock:
            if self._taken.total() >= self._count:
                raise Busy(
                    "Too many uploads, downloads and waiting requests are under way. Try again in "
                    "a moment.",
                    retry_after=_SECONDS,
                )
            # All who come through a proxy that is not told of have this machine's address.
            if self._taken[who] >= self._share and not is_here(who):
                raise TooManyRequests(
                    f"You have {self._share} uploads, downloads and waiting requests under way, as "
                    "many as one may. Wait for one to end.",
                    retry_after=_SECONDS,
                )
            self._taken[who] += 1
        taken = ExitStack()
        taken.callback(self._leave, who)
        return taken.close

    def _leave(self, who: str) -> None:
        with self._lock:
            self._taken[who] -= 1
            # Or there would be an entry for whoever came once.
            self._taken = +self._taken


def register(app: Flask, settings: Settings) -> None:
    """Count the places of an application; after whatever else looks at its responses."""
    app.extensions["har.places"] = Places(max(1, settings.web_threads - _FREE_THREADS))
    app.after_request(_settle)


def hold() -> None:
    """Let the request hold its thread for long, until its answer is sent.

    Raises Busy where too many do, and TooManyRequests where too many of the client's do.
    """
    if "leave" not in g:
        places: Places = current_app.extensions["har.places"]
        g.leave = places.take(household(client(request)))


def household(who: str) -> str:
    """Who asks, or, of an IPv6 address, the network that whoever has one has all of."""
    try:
        address = ipaddress.IPv6Address(who)
        one = address.is_loopback or address.ipv4_mapped
        return who if one else str(ipaddress.IPv6Network((who, 64), strict=False))
    except ValueError:
        return who


def _settle(response: Response) -> Response:
    """Keep a place for a long answer until it is sent, and leave it before a short one."""
    if _is_long(response):
        try:
            hold()
        except HarError as refusal:
            response.close()
            return problems.respond_to(refusal)
        # Of a response that is a mere file, gunicorn would close the file alone.
        response.direct_passthrough = False
        response.call_on_close(g.leave)
    elif "leave" in g:
        g.leave()
    return response


def _is_long(response: Response) -> bool:
    length = response.content_length
    return response.is_streamed if length is None else length > _SMALL
