"""What a JSON Schema allows, in the words of the API's documentation."""

from __future__ import annotations

import json
from typing import Any

from markupsafe import Markup

from har.web.json_schema import Schema
from har.web.prose import code

_REF = "#/components/schemas/"


def kind(schema: Schema) -> Markup:
    """The type: ``list of Segment``, with links to the schemas that have names."""
    if name := named(schema):
        return Markup('<a href="#schema-{0}">{0}</a>').format(name)
    if either := schema.get("anyOf"):
        return Markup(" or ").join(kind(each) for each in either)
    if "const" in schema:
        return _value(schema["const"])
    if choices := schema.get("enum"):
        return Markup("one of ") + Markup(", ").join(map(_value, choices))
    return _container(schema) or _plain(schema)


def limits(schema: Schema) -> list[Markup]:
    """What else is asked of a value, and what holds without one."""
    told = [
        _range(schema, "minimum", "maximum", ""),
        _range(schema, "minLength", "maxLength", " characters"),
        _range(schema, "minItems", "maxItems", " items") if "prefixItems" not in schema else "",
    ]
    if "exclusiveMinimum" in schema:
        told.append(f"more than {_number(schema['exclusiveMinimum'])}")
    words = [Markup.escape(each) for each in told if each]
    if pattern := schema.get("pattern"):
        words.append(Markup("like ") + code(pattern))
    if "default" in schema:
        words.append(Markup("without it ") + _value(schema["default"]))
    return words


def named(schema: Schema) -> str:
    """The name of the component that a schema refers to; empty where it is one itself."""
    return str(schema.get("$ref", "")).removeprefix(_REF)


def _container(schema: Schema) -> Markup | None:
    if pair := schema.get("prefixItems"):
        return Markup("[{}]").format(Markup(", ").join(map(kind, pair)))
    if "items" in schema:
        return Markup("list of ") + kind(schema["items"])
    if isinstance(values := schema.get("additionalProperties"), dict):
        return Markup("map of ") + kind(values)
    return None


def _plain(schema: Schema) -> Markup:
    told = schema.get("type", "anything")
    form = schema.get("format")
    if form == "binary":
        return Markup("file")
    words = " or ".join(told) if isinstance(told, list) else told
    return Markup.escape(f"{words} ({form})" if form else words)


def _range(schema: Schema, low: str, high: str, unit: str) -> str:
    least, most = schema.get(low), schema.get(high)
    if least is None and most is None:
        return ""
    if most is None:
        return f"at least {_number(least)}{unit}"
    if least is None:
        return f"at most {_number(most)}{unit}"
    return f"{_number(least)} to {_number(most)}{unit}"


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _value(value: Any) -> Markup:
    return code(value if isinstance(value, str) else json.dumps(value))
