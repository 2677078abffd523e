"""Whether there is room for another job: a bound on what waits, and on what the disk holds."""

from __future__ import annotations

import math

from config import Settings
from har.errors import DiskFull, QueueFull
from har.jobs.questions import Questions
from har.jobs.storage import Storage

_UNKNOWN_SECONDS = 30
"""When to ask again before any job has told how long one takes."""


def check(records: Questions, storage: Storage, settings: Settings, coming: int = 0) -> None:
    """Raises QueueFull, with the seconds after which it is worth asking again, and DiskFull.

    ``coming`` are the bytes of uploads that are no jobs yet.
    """
    if is_full(records, settings, coming):
        raise QueueFull(
            "Too many videos wait already. Send yours again later.",
            retry_after=seconds_per_place(records),
        )
    if is_short(storage, settings):
        raise none()


def is_full(records: Questions, settings: Settings, coming: int = 0) -> bool:
    """Whether as many jobs or bytes wait as may."""
    waiting = records.counts()["queued"] >= settings.max_queued_jobs
    return waiting or records.spooled() + coming >= settings.max_spool_mb * 1_000_000


def is_short(storage: Storage, settings: Settings) -> bool:
    """Whether the disk has less free space than is to be left."""
    free = storage.free_bytes()
    return free is not None and free < settings.min_free_mb * 1_000_000


def none() -> DiskFull:
    """The error for want of room."""
    return DiskFull("The service has no room for another video. Tell whoever runs it.")


def seconds_per_place(records: Questions) -> int:
    """Seconds until a waiting job is begun and leaves its place: what the latest jobs took, divided
    among the workers that are there."""
    seconds = records.seconds_per_job()
    if seconds is None:
        return _UNKNOWN_SECONDS
    return max(1, math.ceil(seconds / max(1, len(records.workers()))))
