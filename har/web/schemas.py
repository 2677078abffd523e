"""The documents that the API answers with, as JSON Schema."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, get_args

from har.jobs.storage import ID
from har.jobs.tables import State
from har.types import UNKNOWN, Phase, Source
from har.web.examples import EXAMPLES

Schema = dict[str, Any]

ID_PATTERN = f"^{ID.pattern}$"

_STATES = list(get_args(State))
_ORIGINS = ["upload", "url"]


def ref(name: str) -> Schema:
    """The schema of that name in the document's components."""
    return {"$ref": f"#/components/schemas/{name}"}


def components() -> dict[str, Schema]:
    """All schemas that have names, by their names, with examples of some."""
    return {
        name: {**schema, "examples": [EXAMPLES[name]]} if name in EXAMPLES else schema
        for name, schema in _named().items()
    }


def _named() -> dict[str, Schema]:
    return {
        "Result": _result(),
        "Video": _video(),
        "Segment": _segment(),
        "Frames": _frames(),
        "Scores": _object("What one model says of one clip.", {"source": _source(), **_scores()}),
        "Top": _top(),
        "Action": _action(),
        "Summary": _object("A job as lists have it.", _summary()),
        "Job": _object("All that is told of a job.", {**_summary(), **_particulars()}),
        "Jobs": _jobs(),
        "Upload": _object(
            "A file that is sent in parts.",
            {"id": _id(), "url": _text("The upload's address.", format="uri-reference")},
        ),
        "Event": _event(),
        "Failure": _object("Why a job has no result.", _failure()),
        "Problem": _object(
            "An error (RFC 9457).",
            {"type": _text("`urn:har:problem:` and the code.", format="uri"), **_failure()},
        ),
        "Health": _object("", {"status": {"const": "ok"}, "version": _text("")}),
        "Readiness": _readiness(),
    }


def _result() -> Schema:
    return _object(
        "What was recognised in a video.",
        {
            "id": _id(),
            "video": ref("Video"),
            "labels": _or_null(
                _list(_text(""), ""), "The zero-shot labels asked for. Null for the usual ones."
            ),
            "segment_predictions": _list(ref("Segment"), "The scored clips, which overlap."),
            "timeline": _list(ref("Action"), "One label for each moment."),
            "models": _object(
                "The models at work, and why CLIP is not used where it is not.",
                {"trained": _text(""), "zero_shot": _text("")},
            ),
            "thresholds": _object(
                "Confidences below which a model is not believed.",
                {"trained": _share(""), "zero_shot": _share("")},
            ),
            "frames": _or_null(ref("Frames"), ""),
            "timings": {
                **_map(_number("", minimum=0)),
                "description": "Seconds per stage. Stages overlap.",
            },
            "video_url": _text("Where the video is served.", format="uri-reference"),
            "annotated_url": _or_null(
                _text("Where the annotated video is served.", format="uri-reference"),
                "Null with `annotate=0`, and for other labels than it has.",
            ),
        },
    )


def _video() -> Schema:
    return _object(
        "What the container says about the video.",
        {
            "start": _number("The first frame's time, in seconds; not always 0."),
            "duration": _number("Seconds.", minimum=0),
            "width": _whole("Pixels, as displayed.", minimum=1),
            "height": _whole("", minimum=1),
            "fps": _number("Mean frame rate.", minimum=0),
            "codec": _text(""),
            "origin": {"enum": _ORIGINS},
        },
    )


def _segment() -> Schema:
    return _object(
        "A scored clip. Times are seconds on the video's own clock.",
        {
            **_span(),
            "top5": ref("Top"),
            "source": _source(),
            "reason": _or_null(_text("Why the trained model was not believed."), ""),
            "attention": _list(
                _share(""), "Weights of the clip's steps in the trained model; they add up to 1."
            ),
            "trained": ref("Scores"),
            "corrected": _object(
                "What a model had said, where a person corrected it.",
                {**_best(), "source": _source()},
            ),
        },
        optional={"trained", "corrected"},
    )


def _frames() -> Schema:
    return _object(
        "The sampled frames, on sheets that they fill row by row.",
        {
            "fps": _number("Frames per second of video.", exclusiveMinimum=0),
            "size": _whole("Side in pixels; frames are squashed to squares.", minimum=1),
            "columns": _whole("", minimum=1),
            "rows": _whole("", minimum=1),
            "count": _whole("Frames in all.", minimum=1),
            "sheets": _whole("", minimum=1),
        },
    )


def _action() -> Schema:
    return _object("A stretch of the timeline with one label.", {**_span(), "source": _source()})


def _span() -> dict[str, Schema]:
    return {"start": _number("Seconds."), "end": _number("Seconds."), **_best()}


def _best() -> dict[str, Schema]:
    return {"label": _text(f"`{UNKNOWN}` where no model is sure."), "confidence": _share("")}


def _scores() -> dict[str, Schema]:
    return {**_best(), "top5": ref("Top")}


def _top() -> Schema:
    pair = {
        "type": "array",
        "prefixItems": [_text("Label."), _share("Its probability.")],
        "minItems": 2,
        "maxItems": 2,
    }
    return {**_list(pair, "Labels with their probabilities, the likeliest first."), "maxItems": 5}


def _source() -> Schema:
    return {
        "enum": list(get_args(Source)),
        "description": "The model that gave the label, or a `person`.",
    }


def _summary() -> dict[str, Schema]:
    return {
        "id": _id(),
        "state": {"enum": _STATES},
        "phase": _or_null({"enum": list(get_args(Phase))}, "Null before the first."),
        "progress": _share("Fraction of the phase that is done."),
        "origin": {"enum": _ORIGINS},
        "created": _number("Seconds since 1970."),
        "url": _text("The job's address.", format="uri-reference"),
    }


def _particulars() -> dict[str, Schema]:
    phase = _object("", {"phase": {"enum": list(get_args(Phase))}, "progress": _share("")})
    timings = {"waited": _number("Until the latest attempt."), "worked": _number("In it.")}
    return {
        "phases": _list(phase, "Those that were begun, in their order."),
        "attempts": _whole("How often a worker began with it.", minimum=0),
        "timings": _object("Seconds.", timings, optional=timings),
        "video": _or_null(ref("Video"), "Null until the file was looked into."),
        "playable_url": _or_null(
            _text("Where what browsers play of the video is served.", format="uri-reference"),
            "Null until it is there.",
        ),
        "result": _or_null(ref("Result"), "Of a job that is done."),
        "error": _or_null(ref("Failure"), "Of a job that has failed."),
    }


def _jobs() -> Schema:
    address = _text("Address of the next page.", format="uri-reference")
    return _object(
        "A page of the jobs of who asks.",
        {
            "jobs": _list(ref("Summary"), "The latest first."),
            "next": _or_null(address, "Null on the last page."),
        },
    )


def _event() -> Schema:
    return _object(
        "Each event, as an EventSource tells it.",
        {
            "event": {"enum": ["progress", "segment", "restart", "done", "failed", "removed"]},
            "id": _text("Of a segment; for `Last-Event-ID`."),
            "data": _text("What it tells.", contentMediaType="application/json"),
        },
        optional={"id"},
    )


def _failure() -> dict[str, Schema]:
    return {
        "title": _text("What is wrong, the same for every error of a code."),
        "status": _whole("The HTTP status.", minimum=400, maximum=599),
        "detail": _text("What is wrong here, and what to do."),
        "code": _text("Names the error; it stays the same.", pattern="^[a-z0-9_]+$"),
    }


def _readiness() -> Schema:
    check = _object("", {"ok": {"type": "boolean"}, "detail": _or_null(_text(""), "")})
    return _object(
        "Whether a video can be taken on now, and what is the matter where not.",
        {"ready": {"type": "boolean"}, "checks": _map(check)},
    )


def _id() -> Schema:
    return _text("The job's id.", pattern=ID_PATTERN)


def _object(
    description: str, properties: Mapping[str, Schema], optional: Collection[str] = ()
) -> Schema:
    required = [name for name in properties if name not in optional]
    return _described("object", description, properties=dict(properties), required=required)


def _list(items: Schema, description: str) -> Schema:
    return _described("array", description, items=items)


def _map(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def _or_null(schema: Schema, description: str) -> Schema:
    either: Schema = {"anyOf": [schema, {"type": "null"}]}
    return {**either, "description": description} if description else either


def _text(description: str, **more: Any) -> Schema:
    return _described("string", description, **more)


def _number(description: str, **more: Any) -> Schema:
    return _described("number", description, **more)


def _whole(description: str, **more: Any) -> Schema:
    return _described("integer", description, **more)


def _share(description: str) -> Schema:
    return _number(description, minimum=0, maximum=1)


def _described(kind: str, description: str, **more: Any) -> Schema:
    told = {"description": description} if description else {}
    return {"type": kind, **told, **more}
