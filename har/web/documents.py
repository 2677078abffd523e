"""Jobs as JSON documents; ``docs/api.md`` describes each key."""

from __future__ import annotations

from typing import Any

from flask import url_for

from har.jobs.tables import Job


def summary(job: Job) -> dict[str, Any]:
    """A job as lists have it."""
    return {
        "id": job.id,
        "state": job.state,
        "phase": job.phase,
        "progress": job.progress.get(job.phase or "", 0.0),
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
        "result": job.result,
        "error": job.error,
    }


def progress(job: Job) -> dict[str, Any]:
    """What changes while a job runs."""
    return {"state": job.state, "phase": job.phase, "phases": _phases(job)}


def _phases(job: Job) -> list[dict[str, Any]]:
    return [{"phase": name, "progress": done} for name, done in job.progress.items()]


def _timings(job: Job) -> dict[str, float]:
    """Seconds that it waited, and that its latest attempt took."""
    timings = {}
    if job.started is not None:
        timings["waited"] = round(job.started - job.created, 3)
        if job.finished is not None:
            timings["worked"] = round(job.finished - job.started, 3)
    return timings
