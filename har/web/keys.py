"""Who asks: the owner of a key, or else somebody at an address."""

from __future__ import annotations

from flask import Flask, Request, current_app, g, request
from werkzeug.http import parse_list_header

from config import Settings
from har.errors import KeyNeeded, KeyWrong
from har.jobs import keys
from har.jobs.queue import Queue
from har.jobs.tables import Key
from har.web.security import asked_host, is_here

TAKING = ("jobs.create", "jobs.predict")
"""The endpoints that take videos."""

BEGINNING = ("uploads.create",)
"""Those that begin with a video whose bytes come by other requests."""

_RELAYED = ("Forwarded", "Via", "X-Forwarded-For", "X-Real-IP")
"""Headers of a request that somebody passes on for another."""


def register(app: Flask) -> None:
    """Have an application tell keys; before anything that asks who sends."""
    app.before_request(_identify)


def sent_key() -> Key | None:
    """The key that came with the request."""
    key: Key | None = g.get("key")
    return key


def client(request: Request) -> str:
    """Who asks: ``@`` and the key's name, or the address.

    That is the address behind as many proxies as HAR_TRUSTED_PROXIES says.
    """
    key = sent_key()
    if key is not None:
        return f"@{key.name}"
    # There is none where a proxy of this machine asks through a socket in the file system. What a
    # stranger may have forged must not be taken for a key's name.
    return (request.remote_addr or "local").replace("@", "")


def lister(request: Request) -> str:
    """Who asks for the list of their jobs.

    Raises KeyNeeded where others may have the same address: they would be told links that are
    nobody's but the sender's.
    """
    if sent_key() is None and not _asks_here(request):
        raise KeyNeeded(
            "Jobs are listed to who sends a key, or asks for localhost on the service's own "
            "machine: others may share your address. Send `Authorization: Bearer` and a key, or "
            "ask for each job by its link."
        )
    return client(request)


def identify(token: str | None) -> None:
    """Take the request for one of the key's owner. Raises KeyWrong, and KeyNeeded for want of one
    where videos are taken only with a key."""
    settings: Settings = current_app.config["HAR"]
    if token is not None:
        queue: Queue = current_app.extensions["har.queue"]
        g.key = keys.find(queue.records.engine, token)
        if g.key is None:
            raise KeyWrong("This key is not known here. Check it, or ask for a new one.")
    elif settings.require_key:
        raise KeyNeeded(
            "Videos are taken only from who has a key. Ask whoever runs this service for one, and "
            "send it as `Authorization: Bearer` and the key."
        )


def _identify() -> None:
    """Raises KeyWrong, and KeyNeeded where videos are taken only with a key."""
    g.key = None
    given = request.authorization
    # Another scheme is for a proxy on the way.
    if given is not None and given.type == "bearer":
        identify(given.token or "")
    elif request.endpoint in (*TAKING, *BEGINNING, "jobs.index"):
        identify(None)


def _asks_here(request: Request) -> bool:
    """Whether the request comes from this machine, by no proxy but those that we know of."""
    settings: Settings = current_app.config["HAR"]
    if not is_here(request.remote_addr or "") or not is_here(asked_host()):
        return False
    if not settings.trusted_proxies:
        return not any(name in request.headers for name in _RELAYED)
    hops = parse_list_header(request.headers.get("X-Forwarded-For", ""))
    return "Forwarded" not in request.headers and len(hops) in (0, settings.trusted_proxies)
