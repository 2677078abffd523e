"""The documents that the API answers with, as JSON Schema."""

from __future__ import annotations

from typing import get_args

from har.jobs.tables import State
from har.types import Phase
from har.web import json_schema as s
from har.web import result_schemas
from har.web.examples import EXAMPLES
from har.web.result_schemas import ORIGINS


def components() -> dict[str, s.Schema]:
    """All schemas that have names, by their names, with examples of some."""
    return {
        name: {**schema, "examples": [EXAMPLES[name]]} if name in EXAMPLES else schema
        for name, schema in _named().items()
    }


def _named() -> dict[str, s.Schema]:
    return {
        **result_schemas.named(),
        "Summary": s.object_("A job as lists have it.", _summary()),
        "Job": s.object_("All that is told of a job.", {**_summary(), **_particulars()}),
        "Jobs": _jobs(),
        "Upload": s.object_(
            "A file that is sent in parts.",
            {"id": s.job_id(), "url": s.address("The upload's address.")},
        ),
        "Event": _event(),
        "Failure": s.object_("Why a job has no result.", _failure()),
        "Problem": s.object_(
            "An error (RFC 9457).",
            {"type": s.text("`urn:har:problem:` and the code.", format="uri"), **_failure()},
        ),
        "Models": s.object_(
            "The models that a request can name.", {"models": s.list_(s.ref("Model"), "")}
        ),
        "Model": _model(),
        "Health": s.object_("", {"status": {"const": "ok"}, "version": s.text("")}),
        "Readiness": _readiness(),
    }


def _model() -> s.Schema:
    return s.object_(
        "A model that a request can name.",
        {
            "name": s.text("By which a request chooses it."),
            "title": s.text("As people have it."),
            "kind": s.text("What it is, or which library brings it."),
            "labels": s.or_null(
                s.whole("", minimum=1), "How many actions it knows. Null where that is not known."
            ),
            "clip_seconds": s.or_null(
                s.number("", exclusiveMinimum=0), "What it looks at at once. Null likewise."
            ),
            "here": s.described("boolean", "Whether its weights are."),
            "default": s.described("boolean", "Whether it is asked where no model is named."),
        },
    )


def _summary() -> dict[str, s.Schema]:
    return {
        "id": s.job_id(),
        "state": {"enum": list(get_args(State))},
        "phase": s.or_null({"enum": list(get_args(Phase))}, "Null before the first."),
        "progress": s.share("Fraction of the phase that is done."),
        "origin": {"enum": ORIGINS},
        "created": s.number("Seconds since 1970."),
        "url": s.address("The job's address."),
    }


def _particulars() -> dict[str, s.Schema]:
    phase = s.object_("", {"phase": {"enum": list(get_args(Phase))}, "progress": s.share("")})
    timings = {"waited": s.number("Until the latest attempt."), "worked": s.number("In it.")}
    return {
        "phases": s.list_(phase, "Those that were begun, in their order."),
        "attempts": s.whole("How often a worker began with it.", minimum=0),
        "timings": s.object_("Seconds.", timings, optional=timings),
        "video": s.or_null(s.ref("Video"), "Null until the file was looked into."),
        "playable_url": s.or_null(
            s.address("Where what browsers play of the video is served."),
            "Null until it is there.",
        ),
        "picture_url": s.or_null(
            s.address("Where the current picture of a stream is served."),
            "Null but for a stream of `har live --serve` that runs.",
        ),
        "result": s.or_null(s.ref("Result"), "Of a job that is done."),
        "error": s.or_null(s.ref("Failure"), "Of a job that has failed."),
    }


def _jobs() -> s.Schema:
    return s.object_(
        "A page of the jobs of who asks.",
        {
            "jobs": s.list_(s.ref("Summary"), "The latest first."),
            "next": s.or_null(s.address("Address of the next page."), "Null on the last page."),
        },
    )


def _event() -> s.Schema:
    return s.object_(
        "Each event, as an EventSource tells it.",
        {
            "event": {"enum": ["progress", "segment", "restart", "done", "failed", "removed"]},
            "id": s.text("Of a segment; for `Last-Event-ID`."),
            "data": s.text("What it tells.", contentMediaType="application/json"),
        },
        optional={"id"},
    )


def _failure() -> dict[str, s.Schema]:
    return {
        "title": s.text("What is wrong, the same for every error of a code."),
        "status": s.whole("The HTTP status.", minimum=400, maximum=599),
        "detail": s.text("What is wrong here, and what to do."),
        "code": s.text("Names the error; it stays the same.", pattern="^[a-z0-9_]+$"),
    }


def _readiness() -> s.Schema:
    check = s.object_("", {"ok": {"type": "boolean"}, "detail": s.or_null(s.text(""), "")})
    return s.object_(
        "Whether a video can be taken on now, and what is the matter where not.",
        {"ready": {"type": "boolean"}, "checks": s.map_(check)},
    )
