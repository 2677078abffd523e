"""How a live stream finds a worker: the web's end of the channel."""

from __future__ import annotations

import logging
import random
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from config import Settings
from har.errors import LiveFull, WorkerUnavailable
from har.jobs import room
from har.jobs.live.channel import Channel, connect
from har.jobs.queue import Queue, Sender
from har.jobs.record import LIVE, Request
from har.types import Options

_AGAIN_SECONDS = 30
_log = logging.getLogger(__name__)


def enter(
    queue: Queue, settings: Settings, options: Options, sender: Sender, size: Mapping[str, int]
) -> Channel:
    """The channel to a worker that follows a stream from now on, as a job of its own; it answers
    ``started`` or ``refused`` first. ``size`` has the ``width`` and ``height`` of the pictures.

    Raises DiskFull, WorkerUnavailable where no worker takes any, and LiveFull.
    """
    if room.is_short(queue.storage, settings):
        raise room.none()
    channel = _place(queue)
    id = secrets.token_urlsafe(16)
    try:
        queue.records.add(id, request_of(id, settings, options, sender))
        channel.tell(job=id, size=dict(size))
    except BaseException:
        channel.close()
        queue.records.remove(id)
        raise
    return channel


def _place(queue: Queue) -> Channel:
    workers = [worker for worker in queue.records.workers() if worker.ready and worker.live]
    random.shuffle(workers)
    full = False
    for worker in workers:
        channel = _asked(worker.live or {})
        if channel is None:
            continue
        with suppress(OSError, EOFError):
            if channel.heard()["place"]:
                return channel
            full = True
        channel.close()
    if full:
        raise LiveFull(
            "As many people are live as the service can follow. Try again when one has stopped, or "
            "record a video and send it.",
            retry_after=_AGAIN_SECONDS,
        )
    raise WorkerUnavailable(
        "Nothing is there to follow a live stream. Start a worker with `python -m har worker`, or "
        "all of the service with `make serve`; HAR_LIVE_STREAMS must not be 0."
    )


def _asked(place: Mapping[str, Any]) -> Channel | None:
    try:
        return connect(place)
    except OSError as error:
        _log.warning("a worker cannot be reached for a live stream: %s", error)
        return None


def request_of(id: str, settings: Settings, options: Options, sender: Sender) -> Request:
    """The request behind the job of a live stream."""
    return Request(
        client=sender.client,
        key=None,
        fingerprint=id,
        origin=LIVE,
        source="",
        options=options,
        bytes=0,
        # What is made of it at the end takes time as well.
        limit=settings.live_seconds + settings.job_timeout_seconds,
    )
