"""The job that a request is about, and who waits for it."""

from __future__ import annotations

from collections.abc import Callable

from flask import current_app, request

from har.errors import NotFound
from har.jobs import storage
from har.jobs.queue import Queue
from har.jobs.tables import Job
from har.web.pace import Paced


def check_id() -> None:
    """Raises NotFound for what can be no job's id, which storage and PostgreSQL would choke on."""
    id = (request.view_args or {}).get("id")
    if id is not None and not storage.ID.fullmatch(id):
        raise NotFound("There is no such job. Jobs are found by the id they were given.")


def all_jobs() -> Queue:
    """The application's queue."""
    queue: Queue = current_app.extensions["har.queue"]
    return queue


def done(id: str) -> Job:
    """A job that is done. Raises NotFound for any other."""
    job = all_jobs().records.get(id)
    if job.state != "done":
        raise NotFound(f"This job is {job.state}; what came of it is there once it is done.")
    return job


def listener() -> Callable[[], bool]:
    """What tells whether who asks has gone; the tests' own clients never do."""
    connection = request.environ.get("gunicorn.socket")
    return connection.is_gone if isinstance(connection, Paced) else lambda: False
