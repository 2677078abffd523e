"""What a schema's objects hold, with the words for each member."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from har.web.json_schema import Schema
from har.web.kinds import kind, limits, named
from har.web.prose import code, prose

Document = dict[str, Any]


@dataclass(frozen=True)
class Member:
    """A parameter, a field of a form, a header or a member of a schema."""

    name: str
    facts: list[Markup]
    """Where it stands, its type, its limits."""
    told: Markup


def members(
    document: Document, schema: Schema, prefix: str = "", asks: bool = False
) -> Iterator[Member]:
    """The members of an object, and of objects in it that have no name of their own.

    ``asks`` tells which must be there; else which may be absent is told.
    """
    required = schema.get("required", [])
    for name, each in schema.get("properties", {}).items():
        facts = [kind(each), *limits(each)]
        if asks and (need := _need(schema, name)):
            facts.insert(0, need)
        if not asks and name not in required:
            facts.append(Markup("may be absent"))
        told = each.get("description") or resolved(document, each).get("description", "")
        yield Member(prefix + name, facts, prose(told))
        inner, step = _inner(each)
        yield from members(document, inner, f"{prefix}{name}{step}.", asks)


def resolved(document: Document, schema: Schema) -> Schema:
    """A schema, or the one that it refers to, null or not."""
    for each in (schema, *schema.get("anyOf", [])):
        if name := named(each):
            found: Schema = document["components"]["schemas"][name]
            return found
    return schema


def _need(schema: Schema, name: str) -> Markup | None:
    if name in schema.get("required", []):
        return Markup("required")
    either = [each["required"][0] for each in schema.get("oneOf", []) if "required" in each]
    if name not in either:
        return None
    return Markup(" or ").join([Markup("this"), *(code(each) for each in either if each != name)])


def _inner(schema: Schema) -> tuple[Schema, str]:
    """The objects that a member holds, and how a path goes on to theirs."""
    if "items" in schema:
        return schema["items"], "[]"
    if isinstance(values := schema.get("additionalProperties"), dict):
        return values, ".*"
    return schema, ""
