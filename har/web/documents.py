"""Jobs as JSON documents; ``docs/api.md`` describes each key."""

from __future__ import annotations

from typing import Any

from flask import url_for

from har.export.corrected import corrected
from har.jobs.storage import PLAYABLE
from har.jobs.tables import Job


def summary(job: Job) -> dict[str, Any]:
    """A job as lists have it."""
    return {
        "id": job.id,
        "state": job.state,
        "phase": job.phase,
        "progress": _reached(job).get(job.phase or "", 0.0),
        "origin": job.origin,
        "created": round(job.created, 3),
        "url": url_for("jobs.show", id=job.id),
    }


def whole(job: Job) -> dict[str, Any]:
    """All that is told of a job."""
    return {
        **summary(job),
        "phases": _phases(job),
        "attempts": job.attempts,
        "timings": _timings(job),
        **_watched(job),
        "result": result(job),
        "error": job.error,
    }


def result(job: Job) -> dict[str, Any] | None:
    """What came of a job, with the labels that people gave; None before it is done."""
    return corrected(job.result, job.corrections) if job.result else None


def progress(job: Job) -> dict[str, Any]:
    """What changes while a job runs."""
    return {"state": job.state, "phase": job.phase, "phases": _phases(job), **_watched(job)}


def _watched(job: Job) -> dict[str, Any]:
    """What can be watched of it so far."""
    copied = job.playable == PLAYABLE
    url = f"/jobs/{job.id}/{PLAYABLE if copied else 'video'}" if job.playable else None
    return {"video": job.facts, "playable_url": url, "picture_url": picture_url(job)}


def picture_url(job: Job) -> str | None:
    """Where the current picture of a stream is, while it runs."""
    return (job.outline or {}).get("picture_url") if job.state == "running" else None


def _phases(job: Job) -> list[dict[str, Any]]:
    return [{"phase": name, "progress": done} for name, done in _reached(job).items()]


def _reached(job: Job) -> dict[str, float]:
    """How far each phase came. A worker tells it from time to time only, its end among what is
    left out."""
    return dict.fromkeys(job.progress, 1.0) if job.state == "done" else job.progress


def _timings(job: Job) -> dict[str, float]:
    """Seconds that it waited, and that its latest attempt took."""
    timings = {}
    if job.started is not None:
        timings["waited"] = round(job.started - job.created, 3)
        if job.finished is not None:
            timings["worked"] = round(job.finished - job.started, 3)
    return timings
