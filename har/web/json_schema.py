"""JSON Schema in few words. A description that says nothing is left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from har.jobs.storage import ID

Schema = dict[str, Any]

ID_PATTERN = f"^{ID.pattern}$"


def ref(name: str) -> Schema:
    """The schema of that name in the document's components."""
    return {"$ref": f"#/components/schemas/{name}"}


def object_(
    description: str, properties: Mapping[str, Schema], optional: Collection[str] = ()
) -> Schema:
    """An object with these properties, all of which it has but for the ``optional``."""
    required = [name for name in properties if name not in optional]
    return described("object", description, properties=dict(properties), required=required)


def list_(items: Schema, description: str) -> Schema:
    """An array of such items."""
    return described("array", description, items=items)


def map_(values: Schema) -> Schema:
    """An object that has such values, whatever their names."""
    return {"type": "object", "additionalProperties": values}


def or_null(schema: Schema, description: str) -> Schema:
    """What may be null too."""
    either: Schema = {"anyOf": [schema, {"type": "null"}]}
    return {**either, "description": description} if description else either


def text(description: str, **more: Any) -> Schema:
    """A string."""
    return described("string", description, **more)


def address(description: str) -> Schema:
    """Where something is served."""
    return text(description, format="uri-reference")


def number(description: str, **more: Any) -> Schema:
    """A number."""
    return described("number", description, **more)


def whole(description: str, **more: Any) -> Schema:
    """An integer."""
    return described("integer", description, **more)


def share(description: str) -> Schema:
    """A number, 0..1."""
    return number(description, minimum=0, maximum=1)


def described(kind: str, description: str, **more: Any) -> Schema:
    """Any type of JSON's."""
    told = {"description": description} if description else {}
    return {"type": kind, **told, **more}


def job_id() -> Schema:
    """The id of a job."""
    return text("The job's id.", pattern=ID_PATTERN)
