"""What each view takes and answers, as OpenAPI has it; the keys are Flask's endpoints."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from config import Settings
from har import errors
from har.errors import HarError
from har.export.formats import FORMATS
from har.web import parameters
from har.web.schemas import Schema, ref

Operation = dict[str, Any]

_ANY = {
    errors.RequestError,
    errors.BadHost,
    errors.KeyWrong,
    errors.TooSlow,
    errors.TooLarge,
    errors.RecordsAway,
    errors.InternalError,
}
_LONG = {*_ANY, errors.Busy, errors.TooManyRequests}
"""Of what may hold a thread for long."""

_JOB = {*_LONG, errors.NotFound}
_SENT = {
    *_LONG,
    errors.NoSource,
    errors.TwoSources,
    errors.BadOption,
    errors.BadLabels,
    errors.UrlError,
    errors.KeyNeeded,
    errors.CrossSite,
    errors.KeyReused,
    errors.QueueFull,
    errors.DiskFull,
}


def _with_those_below(error: type[HarError]) -> set[type[HarError]]:
    return {error}.union(*(_with_those_below(below) for below in error.__subclasses__()))


_WAITED = {
    *_with_those_below(errors.MediaError) - {errors.MediaError},
    *_with_those_below(errors.UrlError),
    errors.TookTooLong,
    errors.Interrupted,
    errors.WorkerUnavailable,
    errors.Restarting,
    errors.ToolMissing,
    errors.NotFound,
}
"""Of the work, and of waiting for it."""


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
                **_problems({*_ANY, errors.NotFound, errors.CrossSite}),
            },
        },
        "jobs.events": _events(),
        "jobs.video": _file("video/*", "A job that is done has one."),
        "jobs.annotated": _file(
            "video/mp4", "A job that is done has one, unless it was sent with `annotate=0`."
        ),
        "jobs.export": _export(),
        "health.healthz": _asked(_json("It does.", ref("Health")), _ANY),
        "health.readyz": _readyz(),
        "metrics.show": _asked(_content("For Prometheus.", "text/plain", _TEXT), _ANY),
        "openapi.show": _asked(_json("OpenAPI 3.1.", {"type": "object"}), _LONG),
    }


def _predict(settings: Settings) -> Operation:
    return {
        "description": "The same job as of `POST /jobs`, waited for. Who hangs up loses nothing: "
        "`GET /jobs` lists it.",
        "parameters": [parameters.IDEMPOTENCY_KEY],
        "requestBody": parameters.video(settings),
        **_keyed(settings),
        "responses": {
            "200": _json("What was recognised.", ref("Result")),
            **_problems(_SENT | _WAITED),
        },
    }


def _create(settings: Settings) -> Operation:
    follow = {name: f"jobs_{name}" for name in ("show", "events", "cancel", "video", "annotated")}
    return {
        "description": "Does not wait for the result: ask for the job, or listen to its events.",
        "parameters": [parameters.IDEMPOTENCY_KEY],
        "requestBody": parameters.video(settings),
        **_keyed(settings),
        "responses": {
            "202": {
                **_json("The job, which waits for a worker.", ref("Job")),
                "headers": {
                    "Location": _header("The job's address.", "string"),
                    "Retry-After": _RETRY_AFTER,
                },
                "links": {
                    name: {"operationId": id, "parameters": {"id": "$response.body#/id"}}
                    for name, id in follow.items()
                },
            },
            **_problems(_SENT),
        },
    }


def _index(settings: Settings) -> Operation:
    return {
        "description": "They are told to who sends a key, and without one on the service's own "
        "machine alone.",
        "parameters": [parameters.LIMIT, parameters.CURSOR],
        **_keyed(settings),
        "responses": {
            "200": _json("A page of them.", ref("Jobs")),
            **_problems({*_ANY, errors.BadOption, errors.KeyNeeded}),
        },
    }


def _show() -> Operation:
    told = _json("The job. `Retry-After` is there until it has ended.", ref("Job"))
    return {
        "parameters": [parameters.ID],
        "responses": {"200": {**told, "headers": {"Retry-After": _RETRY_AFTER}}, **_problems(_JOB)},
    }


def _events() -> Operation:
    return {
        "description": "Server-sent events: `progress` with the job's `state`, `phase` and "
        "`phases`, `segment` with a member of `segment_predictions`, `restart` where all of them "
        "are void, and one of `done`, `failed` with the error, and `removed`.",
        "parameters": [parameters.ID, parameters.LAST_EVENT_ID],
        "responses": {
            "200": _content("The events, until the job's end.", "text/event-stream", ref("Event")),
            **_problems(_JOB),
        },
    }


def _file(media_type: str, description: str) -> Operation:
    headers = {
        "Accept-Ranges": _header("`bytes`", "string"),
        "ETag": _header("For `If-None-Match`, `If-Match` and `If-Range`.", "string"),
    }
    part = {"Content-Range": _header("Which bytes of how many.", "string")}
    whole = {**_content("The whole file.", media_type, {}), "headers": headers}
    beyond = _problem(416, {"requested_range_not_satisfiable": "The file ends before that"})
    return {
        "description": description,
        "parameters": [parameters.ID, parameters.RANGE],
        "responses": {
            "200": whole,
            "206": {**_content("The part.", media_type, {}), "headers": {**headers, **part}},
            "304": {"description": "It is as `If-None-Match` says."},
            "412": _problem(412, {"precondition_failed": "It is not as `If-Match` says"}),
            "416": {**beyond, "headers": part},
            **_problems(_JOB),
        },
    }


def _export() -> Operation:
    names = [each.media_type.partition(";")[0] for each in FORMATS.values()]
    types: Operation = {name: {"schema": {}} for name in names}
    return {
        "description": "A job that is done has one. Captions leave out what is `Unknown`.",
        "parameters": [parameters.ID, parameters.FORMAT, *parameters.VIEW],
        "responses": {
            "200": {"description": "The file.", "content": types},
            **_problems({*_JOB, errors.BadOption}),
        },
    }


def _readyz() -> Operation:
    answer = _asked(_json("A video can be taken on now.", ref("Readiness")), _ANY)
    away = answer["responses"]["503"]
    away["description"] = (
        "None can be taken on now, for what the checks say, or\n" + away["description"]
    )
    away["content"]["application/json"] = {"schema": ref("Readiness")}
    return answer


def _asked(answer: Operation, refusals: set[type[HarError]]) -> Operation:
    return {"responses": {"200": answer, **_problems(refusals)}}


def _keyed(settings: Settings) -> Operation:
    return {"security": [{"key": []}]} if settings.require_key else {}


def _problems(refusals: set[type[HarError]]) -> Operation:
    """The responses of errors, by their status."""
    titles: dict[int, dict[str, str]] = defaultdict(dict)
    for error in sorted(refusals, key=lambda each: (each.status, each.code)):
        titles[error.status][error.code] = error.title
    return {str(status): _problem(status, codes) for status, codes in titles.items()}


def _problem(status: int, titles: dict[str, str]) -> Operation:
    told = "\n".join(f"- `{code}`: {title}." for code, title in titles.items())
    named = {"properties": {"status": {"const": status}, "code": {"enum": list(titles)}}}
    schema = {"allOf": [ref("Problem"), named]}
    headers = {"headers": {"Retry-After": _RETRY_AFTER}} if status in (429, 503) else {}
    return {**_content(told, "application/problem+json", schema), **headers}


def _json(description: str, schema: Schema) -> Operation:
    return _content(description, "application/json", schema)


def _content(description: str, media_type: str, schema: Schema) -> Operation:
    return {"description": description, "content": {media_type: {"schema": schema}}}


def _header(description: str, kind: str) -> Operation:
    return {"description": description, "schema": {"type": kind}}


_TEXT = {"type": "string"}
_RETRY_AFTER = _header("Seconds after which it is worth asking (again).", "integer")
