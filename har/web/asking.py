"""What may be asked of a job that is done, and said about it: other labels, and corrections."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, request

from har.errors import BadOption
from har.jobs.asking import ask, wait
from har.jobs.corrections import correct
from har.options import parse_correction, parse_vocabulary
from har.web import documents, problems
from har.web.found import all_jobs, check_id, done, listener
from har.web.places import hold

asking = Blueprint("asking", __name__)
asking.before_request(check_id)


@asking.put("/jobs/<id>/labels")
def labels(id: str) -> Response:
    """The result with other zero-shot labels, scored anew without the video."""
    if request.content_length and "labels" not in request.form:
        raise BadOption("labels must be a field of a form; with curl that is -d labels=a,b.")
    wanted = parse_vocabulary(request.form, current_app.config["HAR"])
    hold()
    queue, job = all_jobs(), done(id)
    problem = wait(queue, job.id, ask(queue.records, job.id, wanted), listener())
    if problem is not None:
        return problems.respond(problem)
    return jsonify(documents.result(done(id)))


@asking.put("/jobs/<id>/corrections")
def corrections(id: str) -> Response:
    """The result with a label of your own for one segment or several."""
    positions, label = parse_correction(request.form)
    job = correct(all_jobs().records, done(id).id, positions, label)
    return jsonify(documents.result(job))
