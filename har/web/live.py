"""``/live``: a stream of pictures from a browser, recognised while it runs, over one WebSocket.

The web passes messages on between a browser and a worker; what they are, docs/api.md tells.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from flask import Blueprint, current_app, request

from config import Settings
from har.errors import BadOption, HarError, Restarting, StreamLost
from har.jobs.live import messages
from har.jobs.live.channel import LONGEST, Channel
from har.jobs.live.entry import enter
from har.jobs.queue import Queue
from har.jobs.record import problem
from har.options import parse_options
from har.web import keys, limits, problems, security
from har.web.forms import parse_sender
from har.web.found import all_jobs
from har.web.places import hold
from har.web.websocket import Spoken, WebSocket

live = Blueprint("live", __name__)

_LOOK = 0.5
_MOST_PIXELS = 100_000
_LAST = ("ended", "refused", "problem")
"""Of a worker's messages, those that nothing follows."""

_log = logging.getLogger(__name__)


# The one is for sockets alone; the other tells everybody else what to do.
@live.get("/live", websocket=True)
@live.get("/live")
def stream() -> Spoken:
    """Actions as they happen: pictures in, answers out, over a WebSocket."""
    security.refuse_other_sites()
    hold()
    socket = WebSocket(request, LONGEST)
    said = socket.messages()
    try:
        channel = _entered(next(said, None))
    except Exception as error:
        # No HTTP can be spoken any more.
        refused = problems.public(error)
        refusal = {**problem(refused), "retry_after": refused.retry_after}
        socket.send(json.dumps({"type": "refused", "problem": refusal}))
        socket.close()
    else:
        _relay(socket, said, channel)
    return Spoken(status=101)


def _entered(hello: str | bytes | None) -> Channel:
    """The channel to a worker for a client who began with this. Raises HarError."""
    settings: Settings = current_app.config["HAR"]
    asked = _asked(hello)
    keys.identify(asked.get("key") or None)
    limits.count()
    form = {str(k): str(v) for k, v in asked.get("options", {}).items()}
    if not asked.get("record"):
        # There will be nothing to write on.
        form["annotate"] = "0"
    options = parse_options(form, settings)
    if len(options.models) > 1:
        raise BadOption("A live stream is scored by one model. Name it as model, or leave it out.")
    size = {side: asked[side] for side in ("width", "height")}
    return enter(all_jobs(), settings, options, parse_sender(request), size)


def _asked(hello: str | bytes | None) -> dict[str, Any]:
    try:
        asked = json.loads(hello or "")
        sides = [asked["width"], asked["height"]]
        good = all(type(side) is int and 0 < side <= _MOST_PIXELS for side in sides)
        good &= isinstance(asked.get("options", {}), dict)
        if good and isinstance(asked.get("key") or "", str):
            return dict(asked)
    except (ValueError, LookupError, TypeError, RecursionError):
        pass
    raise BadOption(
        "Begin with a JSON object that has the width and the height of the pictures, and perhaps "
        "options, key and record."
    )


def _relay(socket: WebSocket, said: Iterator[str | bytes], channel: Channel) -> None:
    """Pass everything on, until both sides have ended."""
    queue = all_jobs()
    answering = threading.Thread(target=_answer, args=(channel, socket, queue))
    answering.start()
    try:
        for message in said:
            channel.send(message if isinstance(message, bytes) else _order(message))
        channel.send(messages.STOP)
    except OSError:
        # The worker is gone, or has said all; who answers tells.
        _log.debug("a message was left")
    answering.join()
    channel.close()


def _order(text: str) -> bytes:
    """What a text means to a worker: nothing but that it is enough."""
    with suppress(ValueError, LookupError, TypeError, RecursionError):
        if json.loads(text)["type"] == "stop":
            return messages.STOP
    return b""


def _answer(channel: Channel, socket: WebSocket, queue: Queue) -> None:
    """Pass a worker's messages on, to the last."""
    last = ""
    with suppress(EOFError, OSError):
        while last not in _LAST and not queue.stopped(0):
            if channel.waits(_LOOK):
                said = channel.receive()
                last = json.loads(said)["type"]
                socket.send(said.decode())
    if last not in _LAST:
        told = {"type": "problem", "problem": problem(_cut(is_stopping=queue.stopped(0)))}
        socket.send(json.dumps(told))
    # Nobody is to send any more.
    channel.end()
    socket.close()


def _cut(*, is_stopping: bool) -> HarError:
    if is_stopping:
        return Restarting("The service is stopped or restarted. Go live again in a minute.")
    return StreamLost(
        "The worker that followed the stream has stopped. What was recognised is kept; go live "
        "again."
    )
