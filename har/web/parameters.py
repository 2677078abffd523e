"""What requests bring, as OpenAPI has it: parameters, and the form of a video."""

from __future__ import annotations

from typing import get_args

from config import Settings
from har.export.formats import FORMATS
from har.export.view import MEMBERS
from har.models.labels import MAX_LABEL_LENGTH
from har.options import MAX_STRIDE
from har.types import Source
from har.web.forms import MOST_JOBS
from har.web.schemas import ID_PATTERN, Schema


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

FORMAT = {
    **_parameter(
        "path",
        "format",
        "; ".join(f"`{f.name}`: {f.help}" for f in FORMATS.values()),
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
)


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
    either = [{"required": ["video"]}, {"required": ["url"]}]
    sent = {"type": "object", "properties": {"video": file, **fields}, "oneOf": either}
    linked = {"type": "object", "properties": fields, "required": ["url"]}
    example = {"url": "https://example.org/clip.mp4", "labels": "juggling,playing chess"}
    return {
        "required": True,
        "description": "A video, as a file or as a link, and what to do with it.",
        "content": {
            "multipart/form-data": {"schema": sent},
            "application/x-www-form-urlencoded": {"schema": linked, "example": example},
        },
    }


def _fields(settings: Settings) -> dict[str, Schema]:
    return {
        "url": {
            "type": "string",
            "format": "iri",
            "pattern": "^https?://[^/]",
            "description": "Instead of a file: a link to a video, or to a page that yt-dlp knows. "
            "`youtube_url` is its older name.",
        },
        "labels": {
            "type": "string",
            "description": "Comma-separated names, the zero-shot vocabulary: at most "
            f"{settings.max_labels}, each of at most {MAX_LABEL_LENGTH} printable characters. "
            "UCF101's 101 actions without it.",
        },
        "stride": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_STRIDE,
            "description": "Sampled frames (8 a second) from one clip to the next; the "
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
    }
