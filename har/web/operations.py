"""What each view takes and answers, as OpenAPI has it; the keys are Flask's endpoints."""

from __future__ import annotations

from config import Settings
from har import errors
from har.export.formats import FORMATS
from har.export.view import View
from har.web import parameters, upload_operations
from har.web.answers import (
    RETRY_AFTER,
    Operation,
    as_json,
    asked,
    content,
    header,
    keyed,
    problem,
    problems,
)
from har.web.examples import EXAMPLES
from har.web.json_schema import Schema, ref
from har.web.refusals import ANY, JOB, LONG, SENT, UNUSABLE, UPLOAD, WAITED


def operations(settings: Settings) -> dict[str, Operation]:
    """All of the API."""
    return {
        "jobs.predict": _predict(settings),
        "jobs.create": _create(settings),
        "jobs.index": _index(settings),
        "jobs.show": _show(),
        "jobs.cancel": {
            "parameters": [parameters.ID],
            "responses": {
                "204": {"description": "It is gone."},
                **problems({*ANY, errors.NotFound, errors.CrossSite}),
            },
        },
        "jobs.events": _events(),
        "files.video": _file("video/*", "It is there as soon as the job's `video` is known."),
        "files.playable": _file(
            "video/mp4", "There is one where browsers do not play the video: see `playable_url`."
        ),
        "files.annotated": _file(
            "video/mp4", "A job that is done has one, unless it was sent with `annotate=0`."
        ),
        "files.picture": _file(
            "image/jpeg",
            "Of a stream that `har live --serve` follows, while it runs: the job's `picture_url`. "
            "Another one at most twice a second.",
        ),
        "files.frames": _file("image/jpeg", "The result's `frames` tells more.", parameters.SHEET),
        "files.cut": _made(
            "video/*",
            "Copied as it is, so that it begins at a key frame: at `start` or somewhat before. Of "
            "the video's own kind; there as soon as the job's `video` is known.",
            parameters.START,
            parameters.END,
        ),
        "files.training": _made(
            "application/zip",
            "A job that is done has one once a label was corrected. It holds `manifest.csv` and a "
            "clip for each stretch of neighbours with the same label, as `har train` reads them.",
        ),
        "files.export": _export(),
        "asking.labels": _labels(settings),
        "asking.corrections": _corrections(),
        "uploads.create": upload_operations.begin(settings),
        "uploads.show": upload_operations.offset(),
        "uploads.append": upload_operations.append(),
        "uploads.remove": {
            "parameters": [parameters.UPLOAD, parameters.TUS],
            "responses": {
                "204": {"description": "It is gone."},
                **problems({*UPLOAD, errors.CrossSite}),
            },
        },
        "live.stream": _live(),
        "models.index": _models(),
        "health.healthz": asked(as_json("It does.", ref("Health")), ANY),
        "health.readyz": _readyz(),
        "metrics.show": asked(content("For Prometheus.", "text/plain", _METRICS), ANY),
        "openapi.show": asked(as_json("OpenAPI 3.1.", {"type": "object"}), LONG),
    }


def _predict(settings: Settings) -> Operation:
    return {
        "description": "The same job as of `POST /jobs`, waited for. Who hangs up loses nothing: "
        "`GET /jobs` lists it.",
        "parameters": [parameters.IDEMPOTENCY_KEY],
        "requestBody": parameters.video(settings),
        **keyed(settings),
        "responses": {
            "200": as_json("What was recognised.", ref("Result")),
            **problems(SENT | WAITED),
        },
    }


def _create(settings: Settings) -> Operation:
    follow = {name: f"jobs_{name}" for name in ("show", "events", "cancel")}
    follow |= {name: f"files_{name}" for name in ("video", "annotated", "playable", "training")}
    return {
        "description": "Does not wait for the result: ask for the job, or listen to its events.",
        "parameters": [parameters.IDEMPOTENCY_KEY],
        "requestBody": parameters.video(settings),
        **keyed(settings),
        "responses": {
            "202": {
                **as_json("The job, which waits for a worker.", ref("Job")),
                "headers": {
                    "Location": header("The job's address.", "string"),
                    "Retry-After": RETRY_AFTER,
                },
                "links": {
                    name: {"operationId": id, "parameters": {"id": "$response.body#/id"}}
                    for name, id in follow.items()
                },
            },
            **problems(SENT),
        },
    }


def _index(settings: Settings) -> Operation:
    return {
        "description": "They are told to who sends a key, and without one on the service's own "
        "machine alone.",
        "parameters": [parameters.LIMIT, parameters.CURSOR],
        **keyed(settings),
        "responses": {
            "200": as_json("A page of them.", ref("Jobs")),
            **problems({*ANY, errors.BadOption, errors.KeyNeeded}),
        },
    }


def _show() -> Operation:
    told = as_json("The job. `Retry-After` is there until it has ended.", ref("Job"))
    return {
        "parameters": [parameters.ID],
        "responses": {"200": {**told, "headers": {"Retry-After": RETRY_AFTER}}, **problems(JOB)},
    }


def _events() -> Operation:
    return {
        "description": "Server-sent events: `progress` with the job's `state`, `phase` and "
        "`phases`, `segment` with a member of `segment_predictions`, `restart` where all of them "
        "are void, and one of `done`, `failed` with the error, and `removed`.",
        "parameters": [parameters.ID, parameters.LAST_EVENT_ID],
        "responses": {
            "200": content("The events, until the job's end.", "text/event-stream", ref("Event")),
            **problems(JOB),
        },
    }


def _file(media_type: str, description: str, *which: Schema) -> Operation:
    headers = {
        "Accept-Ranges": header("`bytes`", "string"),
        "ETag": header("For `If-None-Match`, `If-Match` and `If-Range`.", "string"),
    }
    part = {"Content-Range": header("Which bytes of how many.", "string")}
    whole = {**content("The whole file.", media_type, {}), "headers": headers}
    beyond = problem(416, {"requested_range_not_satisfiable": "The file ends before that"})
    return {
        "description": description,
        "parameters": [parameters.ID, *which, parameters.RANGE],
        "responses": {
            "200": whole,
            "206": {**content("The part.", media_type, {}), "headers": {**headers, **part}},
            "304": {"description": "It is as `If-None-Match` says."},
            "412": problem(412, {"precondition_failed": "It is not as `If-Match` says"}),
            "416": {**beyond, "headers": part},
            **problems(JOB),
        },
    }


def _made(media_type: str, description: str, *which: Schema) -> Operation:
    ours: set[type[errors.HarError]] = {errors.BadOption, errors.DiskFull, errors.ToolMissing}
    return {
        "description": description,
        "parameters": [parameters.ID, *which],
        "responses": {
            "200": content("The file.", media_type, {}),
            **problems(JOB | UNUSABLE | ours),
        },
    }


def _export() -> Operation:
    types: Operation = {}
    for each in FORMATS.values():
        # JSON is as the result itself.
        text = {} if each.name == "json" else {"examples": [each.write(EXAMPLES["Result"], View())]}
        types[each.media_type.partition(";")[0]] = {"schema": text}
    return {
        "description": "A job that is done has one. Captions leave out what is `Unknown`.",
        "parameters": [parameters.ID, parameters.FORMAT, *parameters.VIEW],
        "responses": {
            "200": {"description": "The file.", "content": types},
            **problems({*JOB, errors.BadOption}),
        },
    }


def _live() -> Operation:
    return {
        "description": "Not for curl: a WebSocket, on which pictures go one way and answers the "
        "other. The messages, and the errors that come as messages, are described in docs/api.md. "
        "It makes a job, with the result of any other once the stream has ended.",
        "responses": {
            "101": {"description": "The connection is a WebSocket from now on."},
            **problems({*LONG, errors.NotASocket, errors.CrossSite}),
        },
    }


def _labels(settings: Settings) -> Operation:
    refusals = {
        errors.BadOption,
        errors.BadLabels,
        errors.CrossSite,
        errors.ModelGone,
        errors.Superseded,
        errors.WorkerUnavailable,
        errors.Restarting,
        errors.TookTooLong,
        errors.DiskFull,
    }
    return {
        "description": "Takes some tenths of a second: nothing is decoded. The job has the new "
        "result from then on, with the corrections that were made to it. Without a body, the "
        "labels are those that the job was sent with.",
        "parameters": [parameters.ID],
        "requestBody": parameters.vocabulary(settings),
        "responses": {
            "200": as_json("The result with those labels.", ref("Result")),
            **problems(JOB | refusals),
        },
    }


def _corrections() -> Operation:
    refusals = {errors.BadOption, errors.BadLabels, errors.CrossSite}
    return {
        "description": "Corrections are kept with the job, and outlast other labels.",
        "parameters": [parameters.ID],
        "requestBody": parameters.CORRECTION,
        "responses": {
            "200": as_json("The result with all corrections.", ref("Result")),
            **problems(JOB | refusals),
        },
    }


def _models() -> Operation:
    return {
        "description": "Any worker may take a video on: where there are several, each needs the "
        "weights of the models that are asked for.",
        **asked(as_json("The models that workers which are there know.", ref("Models")), ANY),
    }


def _readyz() -> Operation:
    answer = asked(as_json("A video can be taken on now.", ref("Readiness")), ANY)
    away = answer["responses"]["503"]
    away["description"] = (
        "None can be taken on now, for what the checks say, or\n" + away["description"]
    )
    away["content"]["application/json"] = {"schema": ref("Readiness")}
    return answer


_METRICS = {
    "type": "string",
    "examples": [
        "# HELP har_queue_age_seconds Age of the oldest waiting job\n"
        "# TYPE har_queue_age_seconds gauge\n"
        "har_queue_age_seconds 0.0\n"
    ],
}
