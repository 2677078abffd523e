"""Videos in, results out: ``/predict``, which waits, and ``/jobs``, which does not."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, request, url_for
from werkzeug.exceptions import ClientDisconnected

from har import logs
from har.jobs.questions import Place
from har.jobs.tables import Job
from har.options import parse_options
from har.web import documents, problems
from har.web.events import stream
from har.web.forms import cursor, parse_cursor, parse_limit, parse_sender, parse_source
from har.web.found import all_jobs, check_id, listener
from har.web.keys import lister
from har.web.places import hold

jobs = Blueprint("jobs", __name__)

jobs.before_request(check_id)

_POLL_SECONDS = 1


@jobs.post("/predict")
def predict() -> Response:
    """The result of a video, when it is there."""
    hold()
    job = all_jobs().wait(_submit().id, listener())
    if not job.ended:
        raise ClientDisconnected
    return problems.respond(job.error) if job.error else jsonify(documents.result(job))


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
    found = all_jobs().records.latest(lister(request), limit + 1, parse_cursor(request))
    shown = found[:limit]
    more = None
    if len(found) > limit:
        place = cursor(Place(shown[-1].created, shown[-1].id))
        more = url_for(".index", limit=limit, cursor=place)
    return jsonify(jobs=[documents.summary(job) for job in shown], next=more)


@jobs.get("/jobs/<id>")
def show(id: str) -> Response:
    """How far a job is, and what came of it."""
    job = all_jobs().records.get(id)
    response = jsonify(documents.whole(job))
    if not job.ended:
        response.headers["Retry-After"] = str(_POLL_SECONDS)
    return response


@jobs.get("/jobs/<id>/events")
def events(id: str) -> Response:
    """What happens to a job, as it happens."""
    queue = all_jobs()
    queue.records.get(id)
    hold()
    news = stream(queue, id, request.headers.get("Last-Event-ID", ""), listener())
    response = Response(news, content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    # Or nginx would keep what comes until it is worth sending.
    response.headers["X-Accel-Buffering"] = "no"
    return response


@jobs.delete("/jobs/<id>")
def cancel(id: str) -> tuple[str, int]:
    """Stop a job and remove all of it; one that is not there is removed already."""
    all_jobs().cancel(id)
    return "", 204


def _submit() -> Job:
    options = parse_options(request.form, current_app.config["HAR"])
    job = all_jobs().submit(parse_source(request), options, parse_sender(request))
    logs.bind_job(job.id)
    return job
