"""Videos in, results out: ``/predict``, which waits, and ``/jobs``, which does not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from flask import Blueprint, Response, current_app, jsonify, request, send_file, url_for
from werkzeug.exceptions import ClientDisconnected

from har import logs
from har.errors import NotFound
from har.export.formats import FORMATS
from har.export.view import parse_view
from har.jobs import storage
from har.jobs.questions import Place
from har.jobs.queue import Queue
from har.jobs.tables import Job
from har.options import parse_options
from har.web import documents, problems
from har.web.events import stream
from har.web.forms import cursor, parse_cursor, parse_limit, parse_sender, parse_source
from har.web.keys import lister
from har.web.pace import Paced
from har.web.places import hold
from har.web.ranges import narrow

jobs = Blueprint("jobs", __name__)

_POLL_SECONDS = 1


@jobs.before_request
def check_id() -> None:
    """Raises NotFound for what can be no job's id, which storage and PostgreSQL would choke on."""
    id = (request.view_args or {}).get("id")
    if id is not None and not storage.ID.fullmatch(id):
        raise NotFound("There is no such job. Jobs are found by the id they were given.")


@jobs.post("/predict")
def predict() -> Response:
    """The result of a video, when it is there."""
    hold()
    job = _queue().wait(_submit().id, _listener())
    if not job.ended:
        raise ClientDisconnected
    return problems.respond(job.error) if job.error else jsonify(job.result)


@jobs.post("/jobs")
def create() -> tuple[Response, int, dict[str, str]]:
    """A job of its own for a video."""
    hold()
    job = _submit()
    headers = {"Location": url_for(".show", id=job.id), "Retry-After": str(_POLL_SECONDS)}
    return jsonify(documents.whole(job)), 202, headers


@jobs.get("/jobs")
def index() -> Response:
    """The jobs of who asks, the latest first."""
    limit = parse_limit(request)
    found = _queue().records.latest(lister(request), limit + 1, parse_cursor(request))
    shown = found[:limit]
    more = None
    if len(found) > limit:
        place = cursor(Place(shown[-1].created, shown[-1].id))
        more = url_for(".index", limit=limit, cursor=place)
    return jsonify(jobs=[documents.summary(job) for job in shown], next=more)


@jobs.get("/jobs/<id>")
def show(id: str) -> Response:
    """How far a job is, and what came of it."""
    job = _queue().records.get(id)
    response = jsonify(documents.whole(job))
    if not job.ended:
        response.headers["Retry-After"] = str(_POLL_SECONDS)
    return response


@jobs.get("/jobs/<id>/events")
def events(id: str) -> Response:
    """What happens to a job, as it happens."""
    queue = _queue()
    queue.records.get(id)
    hold()
    news = stream(queue, id, request.headers.get("Last-Event-ID", ""), _listener())
    response = Response(news, content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    # Or nginx would keep what comes until it is worth sending.
    response.headers["X-Accel-Buffering"] = "no"
    return response


@jobs.delete("/jobs/<id>")
def cancel(id: str) -> tuple[str, int]:
    """Stop a job and remove all of it; one that is not there is removed already."""
    _queue().cancel(id)
    return "", 204


@jobs.get("/jobs/<id>/video")
def video(id: str) -> Response:
    """The video as it was sent."""
    job = _done(id)
    response = _send(job, str(job.video), str(job.media_type))
    return _private(response, "attachment", str(job.video))


@jobs.get("/jobs/<id>/annotated.mp4")
def annotated(id: str) -> Response:
    """The video with what was recognised written into it."""
    job = _done(id)
    if not job.options["annotate"]:
        raise NotFound("This job was sent with annotate=0, so it made no annotated video.")
    response = _send(job, storage.ANNOTATED, "video/mp4")
    return _private(response, "inline", storage.ANNOTATED)


@jobs.get("/jobs/<id>/export/<any(json,csv,vtt,srt,eaf,chapters):format>")
def export(id: str, format: str) -> Response:
    """The result in a format of others."""
    job = _done(id)
    written = FORMATS[format]
    text = written.write(job.result or {}, parse_view(request.args.to_dict(flat=False)))
    response = Response(text.encode(), content_type=written.media_type)
    return _private(response, "attachment", f"actions{written.extension}")


def _queue() -> Queue:
    queue: Queue = current_app.extensions["har.queue"]
    return queue


def _listener() -> Callable[[], bool]:
    """What tells whether who asks has gone; the tests' own clients never do."""
    connection = request.environ.get("gunicorn.socket")
    return connection.is_gone if isinstance(connection, Paced) else lambda: False


def _submit() -> Job:
    options = parse_options(request.form, current_app.config["HAR"])
    job = _queue().submit(parse_source(request), options, parse_sender(request))
    logs.bind_job(job.id)
    return job


def _done(id: str) -> Job:
    job = _queue().records.get(id)
    if job.state != "done":
        raise NotFound(f"This job is {job.state}; what came of it is there once it is done.")
    return job


def _private(response: Response, disposition: str, name: str) -> Response:
    """Keep a file out of caches that others share; ``attachment`` also from opening as a page."""
    response.cache_control.private = True
    response.headers.set("Content-Disposition", disposition, filename=name)
    return response


def _send(job: Job, name: str, media_type: str) -> Response:
    """A file of a job, or the part of it that the request's Range asks for."""
    files = _queue().storage
    try:
        size = files.size(job.id, name)
        file = files.open(job.id, name)
    except FileNotFoundError:
        raise NotFound("The videos of this job are no longer kept.") from None
    with ExitStack() as unsent:
        unsent.callback(file.close)
        response = send_file(file, mimetype=media_type)
        response.content_length = size
        response.set_etag(f"{job.id}-{name}")
        narrow(response, request, size)
        response.call_on_close(unsent.pop_all().close)
    return response
