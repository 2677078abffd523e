"""The parts of an OpenAPI operation that several have."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from config import Settings
from har.errors import HarError
from har.web.json_schema import Schema, ref

Operation = dict[str, Any]


def asked(answer: Operation, refusals: set[type[HarError]]) -> Operation:
    return {"responses": {"200": answer, **problems(refusals)}}


def problems(refusals: set[type[HarError]]) -> Operation:
    """The responses of errors, by their status."""
    titles: dict[int, dict[str, str]] = defaultdict(dict)
    for error in sorted(refusals, key=lambda each: (each.status, each.code)):
        titles[error.status][error.code] = error.title
    return {str(status): problem(status, codes) for status, codes in titles.items()}


def problem(status: int, titles: dict[str, str]) -> Operation:
    told = "\n".join(f"- `{code}`: {title}." for code, title in titles.items())
    named = {"properties": {"status": {"const": status}, "code": {"enum": list(titles)}}}
    schema = {"allOf": [ref("Problem"), named]}
    headers = {"headers": {"Retry-After": RETRY_AFTER}} if status in (429, 503) else {}
    return {**content(told, "application/problem+json", schema), **headers}


def as_json(description: str, schema: Schema) -> Operation:
    return content(description, "application/json", schema)


def content(description: str, media_type: str, schema: Schema) -> Operation:
    return {"description": description, "content": {media_type: {"schema": schema}}}


def header(description: str, kind: str) -> Operation:
    return {"description": description, "schema": {"type": kind}}


def keyed(settings: Settings) -> Operation:
    return {"security": [{"key": []}]} if settings.require_key else {}


RETRY_AFTER = header("Seconds after which it is worth asking (again).", "integer")
