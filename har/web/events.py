"""Server-sent events: what happens to a job, as it happens.

https://html.spec.whatwg.org/multipage/server-sent-events.html. Whoever comes late, or comes back
with a ``Last-Event-ID``, gets the segments that they have not had.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from har.errors import NotFound
from har.jobs.queue import Queue
from har.jobs.tables import Job
from har.web import documents

_LOOK = 0.2
_SILENCE = 15.0
"""Seconds after which a comment is sent, lest somebody on the way takes the line for dead."""

_ID = re.compile(r"(\d{1,9})-(\d{1,9})", re.ASCII)


def stream(
    queue: Queue, id: str, last: str, is_gone: Callable[[], bool] = lambda: False
) -> Iterator[str]:
    """The events of a job until its end: ``progress``, ``segment``, ``restart``, and one of
    ``done``, ``failed`` and ``removed``.

    ``last`` is the id of the last event that the client has had, or anything else; once it is gone,
    so is the stream.
    """
    had = _ID.fullmatch(last)
    attempt, count = (int(had[1]), int(had[2])) if had else (0, 0)
    told: dict[str, Any] | None = None
    spoken = time.monotonic()
    while True:
        try:
            job = queue.records.get(id)
        except NotFound:
            yield _event("removed", {})
            return
        if count and job.attempts != attempt:
            count = 0
            yield _event("restart", {})
        attempt = job.attempts
        for segment in _segments(queue, job, count):
            count += 1
            yield _event("segment", segment, f"{attempt}-{count}")
        if job.ended:
            yield _event(job.state, job.error or {})
            return
        progress = documents.progress(job)
        if progress != told:
            told, spoken = progress, time.monotonic()
            yield _event("progress", progress)
        elif time.monotonic() - spoken > _SILENCE:
            spoken = time.monotonic()
            yield ":\n\n"
        if queue.stopped(_LOOK) or is_gone():
            return


def _segments(queue: Queue, job: Job, first: int) -> list[dict[str, Any]]:
    """Those that were scored since; of a job that is done, the rest."""
    if result := documents.result(job):
        rest: list[dict[str, Any]] = result["segment_predictions"][first:]
        return rest
    return queue.records.segments(job.id, first)


def _event(kind: str, data: dict[str, Any], id: str | None = None) -> str:
    named = f"id: {id}\n" if id else ""
    return f"event: {kind}\n{named}data: {json.dumps(data)}\n\n"
