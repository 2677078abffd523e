"""What requests bring, as OpenAPI has it: parameters, and the form of a video."""

from __future__ import annotations

from typing import get_args

from config import Settings
from har.export.formats import FORMATS
from har.export.view import MEMBERS
from har.models.labels import MAX_LABEL_LENGTH
from har.models.registry import HUB_NAME, NAMES
from har.options import MAX_STRIDE
from har.types import Source
from har.web.forms import MOST_JOBS
from har.web.json_schema import ID_PATTERN, Schema


def _parameter(place: str, name: str, description: str, schema: Schema) -> Schema:
    return {"name": name, "in": place, "description": description, "schema": schema}


_TEXT = {"type": "string"}

ID = {
    **_parameter("path", "id", "The job's.", {"type": "string", "pattern": ID_PATTERN}),
    "required": True,
}
LIMIT = _parameter(
    "query",
    "limit",
    "How many.",
    {"type": "integer", "minimum": 1, "maximum": MOST_JOBS, "default": 20},
)
CURSOR = _parameter("query", "cursor", "Where to go on: `next` has it.", _TEXT)
IDEMPOTENCY_KEY = _parameter(
    "header",
    "Idempotency-Key",
    "A text of your own, such as a UUID: the same request under it gives the same job.",
    {"type": "string", "pattern": "^[!-~]{1,200}$"},
)
LAST_EVENT_ID = _parameter(
    "header", "Last-Event-ID", "The id of the last segment that was had; the others come.", _TEXT
)
RANGE = {
    **_parameter("header", "Range", "The part to send, in bytes.", _TEXT),
    "example": "bytes=0-999",
}

SHEET = {
    **_parameter("path", "number", "The sheet's.", {"type": "integer", "minimum": 0}),
    "required": True,
}
START, END = (
    {
        **_parameter("query", name, "Seconds on the video's own clock.", {"type": "number"}),
        "required": True,
        "example": example,
    }
    for name, example in (("start", 1.0), ("end", 3.0))
)
UPLOAD = {
    **_parameter("path", "id", "The upload's.", {"type": "string", "pattern": ID_PATTERN}),
    "required": True,
}
TUS = {
    **_parameter("header", "Tus-Resumable", "The protocol's version.", {"const": "1.0.0"}),
    "required": True,
}
_BYTES = {"type": "integer", "minimum": 0, "maximum": 999_999_999_999_999}
UPLOAD_OFFSET = {
    **_parameter("header", "Upload-Offset", "The bytes that are there already.", _BYTES),
    "required": True,
}
UPLOAD_METADATA = {
    **_parameter(
        "header",
        "Upload-Metadata",
        "Keys, each with a space and a value in base64, and commas between them: `filename`.",
        _TEXT,
    ),
    "example": "filename Y2xpcC5tcDQ=",
}
PART: Schema = {
    "required": True,
    "description": "The bytes that follow, up to all that are left.",
    "content": {
        "application/offset+octet-stream": {"schema": {"type": "string", "format": "binary"}}
    },
}

FORMAT = {
    **_parameter(
        "path",
        "format",
        "\n".join(f"- `{f.name}`: {f.help}." for f in FORMATS.values()),
        {"type": "string", "enum": list(FORMATS)},
    ),
    "required": True,
}
VIEW = (
    _parameter(
        "query",
        "what",
        "One label for each moment, or the scored clips, which overlap.",
        {"type": "string", "enum": list(MEMBERS), "default": "timeline"},
    ),
    _parameter(
        "query",
        "min",
        "The least confidence.",
        {"type": "number", "minimum": 0, "maximum": 1, "default": 0},
    ),
    _parameter(
        "query",
        "label",
        "The only labels; several times for several.",
        {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 100}},
    ),
    _parameter(
        "query",
        "source",
        "The only models; several times for several.",
        {"type": "array", "items": {"type": "string", "enum": list(get_args(Source))}},
    ),
    _parameter(
        "query",
        "model",
        "Where two models were compared, the one whose actions are exported; JSON has those of "
        "both. The first without it.",
        _TEXT,
    ),
)


def upload_length(settings: Settings) -> Schema:
    """The header of the file's size."""
    most = {**_BYTES, "maximum": settings.max_upload_mb * 1_000_000}
    return {**_parameter("header", "Upload-Length", "The file's bytes.", most), "required": True}


def video(settings: Settings) -> Schema:
    """The body of a request that brings a video."""
    fields = _fields(settings)
    file: Schema = {
        "type": "string",
        "format": "binary",
        "description": "MP4, MOV, MKV, WebM, AVI, MPEG-TS, FLV or OGG, of at most "
        f"{settings.max_upload_mb} MB, {settings.max_duration_seconds:g} s and "
        f"{settings.max_pixels} pixels.",
    }
    either = [{"required": [source]} for source in ("video", "url", "upload")]
    one: Schema = {
        "type": "object",
        "dependentSchemas": {"model": {"properties": {"models": False}}},
    }
    sent = {**one, "properties": {"video": file, **fields}, "oneOf": either}
    linked = {**one, "properties": fields, "oneOf": either[1:]}
    example = {"url": "https://example.org/clip.mp4", "labels": "juggling,playing chess"}
    return {
        "required": True,
        "description": "A video, as a file or as a link, and what to do with it.",
        "content": {
            "multipart/form-data": {"schema": sent},
            "application/x-www-form-urlencoded": {"schema": linked, "example": example},
        },
    }


def vocabulary(settings: Settings) -> Schema:
    """The body of a request for other labels."""
    labels = _labels(settings, "Those that the job was sent with, where it is empty.")
    either = {"oneOf": [{"required": ["labels"]}, {"maxProperties": 0}]}
    return _form({"labels": labels}, either, {"labels": "juggling,playing chess"}, required=False)


def _labels(settings: Settings, default: str) -> Schema:
    return {
        "type": "string",
        "description": "Comma-separated names, the zero-shot vocabulary: at most "
        f"{settings.max_labels}, each of at most {MAX_LABEL_LENGTH} printable characters. "
        "Double quotes keep a comma. A name that is known becomes its label, as `push up` becomes "
        "`PushUps`, and each action counts once. "
        f"{default}",
    }


def _form(fields: Schema, needed: Schema, example: Schema, *, required: bool) -> Schema:
    schema = {"type": "object", "properties": fields, **needed}
    content = {"schema": schema, "example": example}
    return {"required": required, "content": {"application/x-www-form-urlencoded": content}}


_POSITION = {"type": "integer", "minimum": 0, "maximum": 999_999_999}
CORRECTION = _form(
    {
        "first": {**_POSITION, "description": "Position in `segment_predictions`, from 0."},
        "last": {**_POSITION, "description": "The last of several; `first` without it."},
        "label": {
            "type": "string",
            "maxLength": MAX_LABEL_LENGTH,
            "description": "What is done there; a name that is known becomes its label. Without "
            "it, the models' labels come back.",
        },
    },
    {"required": ["first"]},
    {"first": 0, "last": 1, "label": "SitDown"},
    required=True,
)
"""The body of a request that corrects segments."""


_MODEL = f"({'|'.join(NAMES)}|{HUB_NAME})"


def _fields(settings: Settings) -> dict[str, Schema]:
    return {
        "url": {
            "type": "string",
            "format": "iri",
            "pattern": "^https?://[^/]",
            "description": "Instead of a file: a link to a video, or to a page that yt-dlp knows. "
            "`youtube_url` is its older name.",
        },
        "upload": {
            "type": "string",
            "pattern": ID_PATTERN,
            "description": "Instead of either: the id of a file that was sent to `/uploads`.",
        },
        "labels": _labels(settings, "UCF101's actions without it."),
        "stride": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_STRIDE,
            "description": "Sampled frames (12.5 a second) from one clip to the next; the "
            "checkpoint's own without it.",
        },
        "threshold": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "description": "Trained confidence below which the zero-shot model is asked; the "
            "checkpoint's own without it.",
        },
        "annotate": {
            "enum": ["0", "1"],
            "default": "1",
            "description": "`0` makes no annotated video.",
        },
        "model": {
            "type": "string",
            "pattern": f"^{_MODEL}$",
            "description": "The model to ask, as `GET /models` names it; the service's own "
            "without it.",
        },
        "models": {
            "type": "string",
            "pattern": rf"^{_MODEL}(,(?!\1$){_MODEL})?$",
            "description": "Instead of `model`: two names that differ with a comma between them. "
            "What the second model finds is the result's `comparison`.",
        },
    }
