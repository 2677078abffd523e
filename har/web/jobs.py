"""Videos in, results out: ``/predict``, which waits, and ``/jobs``, which does not."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request, send_file, url_for

from har.errors import NotFound
from har.jobs import storage
from har.jobs.queue import Queue
from har.jobs.record import Job
from har.options import parse_options
from har.web import problems
from har.web.forms import parse_source

jobs = Blueprint("jobs", __name__)

_POLL_SECONDS = 1


@jobs.post("/predict")
def predict() -> Response:
    """The result of a video, when it is there."""
    job = _queue().wait(_submit().id)
    return problems.respond(job.error) if job.error else jsonify(job.result)


@jobs.post("/jobs")
def create() -> tuple[Response, int, dict[str, str]]:
    """A job of its own for a video."""
    job = _submit()
    headers = {"Location": url_for(".show", id=job.id), "Retry-After": str(_POLL_SECONDS)}
    return jsonify(_document(job)), 202, headers


@jobs.get("/jobs/<id>")
def show(id: str) -> Response:
    """How far a job is, and what came of it."""
    return jsonify(_document(_queue().records.get(id)))


@jobs.get("/jobs/<id>/video")
def video(id: str) -> Response:
    """The video as it was sent."""
    job = _done(id)
    return _send(job, str(job.video), str(job.media_type))


@jobs.get("/jobs/<id>/annotated.mp4")
def annotated(id: str) -> Response:
    """The video with what was recognised written into it."""
    job = _done(id)
    if not job.options["annotate"]:
        raise NotFound("This job was sent with annotate=0, so it made no annotated video.")
    return _send(job, storage.ANNOTATED, "video/mp4")


def _queue() -> Queue:
    queue: Queue = current_app.extensions["har.queue"]
    return queue


def _submit() -> Job:
    options = parse_options(request.form, current_app.config["HAR"])
    return _queue().submit(parse_source(request), options)


def _done(id: str) -> Job:
    job = _queue().records.get(id)
    if job.state != "done":
        raise NotFound(f"This job is {job.state}; its videos are there once it is done.")
    return job


def _send(job: Job, name: str, media_type: str) -> Response:
    path = storage.folder(current_app.config["HAR"], job.id) / name
    return send_file(path.absolute(), mimetype=media_type, conditional=True)


def _document(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "state": job.state,
        "phase": job.phase,
        "progress": round(job.progress, 3),
        "result": job.result,
        "error": job.error,
    }
