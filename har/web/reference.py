"""The OpenAPI document as ``/docs`` shows it: what the template only has to write down."""

from __future__ import annotations

import http
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from har.web.json_schema import Schema
from har.web.kinds import kind, limits
from har.web.members import Document, Member, members, resolved
from har.web.prose import prose, spans

_PROBLEM = "application/problem+json"
_CODE = re.compile(r"^- `(\w+)`: (.+)\.$", re.MULTILINE)
_MERE = re.compile(r"\[\n\s*([^][{}]+?)\n\s*\]")
_BREAK = re.compile(r",\n\s*")


@dataclass(frozen=True)
class Body:
    """What a request brings."""

    told: Markup
    media_types: list[str]
    kind: Markup
    """The type as a whole, where it has no members."""
    members: list[Member]


@dataclass(frozen=True)
class Answer:
    """What comes under one status."""

    status: int
    phrase: str
    told: Markup
    content: list[tuple[list[str], Markup]]
    """Media types that have one schema, and it."""
    headers: list[Member]
    codes: list[str]
    """Of the problems that it may be."""


@dataclass(frozen=True)
class Example:
    """A file that an answer might be."""

    media_type: str
    text: str


@dataclass(frozen=True)
class Operation:
    """A method of an address."""

    id: str
    method: str
    path: str
    summary: str
    told: Markup
    keyed: bool
    parameters: list[Member]
    body: Body | None
    answers: list[Answer]
    samples: list[dict[str, str]]
    examples: list[Example]


@dataclass(frozen=True)
class Group:
    """Operations that belong together."""

    name: str
    id: str
    told: Markup
    operations: list[Operation]


@dataclass(frozen=True)
class Named:
    """A schema with a name."""

    name: str
    told: Markup
    members: list[Member]


@dataclass(frozen=True)
class Problem:
    """An error by its code."""

    code: str
    status: int
    title: Markup


@dataclass(frozen=True)
class Reference:
    """All of a document."""

    told: Markup
    key: Markup
    keyed: bool
    """Whether anything asks for a key."""
    groups: list[Group]
    schemas: list[Named]
    problems: list[Problem]

    def sample(self, id: str, label: str) -> dict[str, str]:
        """An example of an operation."""
        return next(
            sample
            for group in self.groups
            for operation in group.operations
            for sample in operation.samples
            if (operation.id, sample["label"]) == (id, label)
        )


def reference(document: Document) -> Reference:
    """What there is to show of a document."""
    found = [_operation(document, *each) for each in _operations(document)]
    parts = document["components"]
    return Reference(
        told=prose(document["info"]["description"]),
        key=prose(parts["securitySchemes"]["key"]["description"]),
        keyed=any(operation.keyed for _, operation in found),
        groups=[
            Group(
                tag["name"],
                tag["name"].lower().replace(" ", "-"),
                prose(tag["description"]),
                [operation for group, operation in found if group == tag["name"]],
            )
            for tag in document["tags"]
        ],
        schemas=[
            Named(name, prose(each.get("description", "")), list(members(document, each)))
            for name, each in parts["schemas"].items()
        ],
        problems=_problems(document),
    )


def _operations(document: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of each operation."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _operation(
    document: Document, method: str, path: str, told: dict[str, Any]
) -> tuple[str, Operation]:
    """An operation, after the name of its group."""
    operation = Operation(
        id=told["operationId"],
        method=method,
        path=path,
        summary=told["summary"],
        told=prose(told.get("description", "")),
        keyed=told.get("security") == [{"key": []}],
        parameters=[_parameter(each) for each in told.get("parameters", [])],
        body=_body(document, told["requestBody"]) if "requestBody" in told else None,
        answers=[_answer(*each) for each in sorted(told["responses"].items())],
        samples=told["x-codeSamples"],
        examples=list(_examples(document, told["responses"])),
    )
    return told["tags"][0], operation


def _parameter(parameter: Schema) -> Member:
    schema = parameter["schema"]
    facts = [Markup.escape(parameter["in"]), kind(schema), *limits(schema)]
    if parameter.get("required") and parameter["in"] != "path":
        facts.insert(1, Markup("required"))
    return Member(parameter["name"], facts, prose(parameter["description"]))


def _body(document: Document, body: dict[str, Any]) -> Body:
    schemas = [each["schema"] for each in body["content"].values()]
    # The others are the same with less in them.
    fullest = max(schemas, key=lambda each: len(each.get("properties", {})))
    return Body(
        prose(body.get("description", "")),
        list(body["content"]),
        kind(fullest),
        list(members(document, fullest, asks=True)),
    )


def _answer(status: str, response: dict[str, Any]) -> Answer:
    content = response.get("content", {})
    told = response["description"]
    codes = [name for name, _ in _CODE.findall(told)] if _PROBLEM in content else []
    headers = response.get("headers", {}).items()
    return Answer(
        int(status),
        http.HTTPStatus(int(status)).phrase,
        prose(_CODE.sub("", told) if codes else told),
        _content(content),
        [Member(name, [kind(h["schema"])], prose(h["description"])) for name, h in headers],
        codes,
    )


def _content(content: dict[str, Any]) -> list[tuple[list[str], Markup]]:
    types = defaultdict(list)
    for name, each in content.items():
        if name != _PROBLEM:
            types[kind(each["schema"])].append(name)
    return [(names, schema) for schema, names in types.items()]


def _examples(document: Document, responses: dict[str, Any]) -> Iterator[Example]:
    """Of the answers that are no errors."""
    for status, response in responses.items():
        if status.startswith("2"):
            for media_type, content in response.get("content", {}).items():
                for each in resolved(document, content["schema"]).get("examples", []):
                    yield Example(media_type, _written(media_type, each))


def _written(media_type: str, example: Any) -> str:
    if isinstance(example, str):
        return example
    if media_type == "text/event-stream":
        return "\n".join(f"{name}: {value}" for name, value in example.items())
    text = json.dumps(example, indent=2, ensure_ascii=False)
    # A list of mere values is easier to read on one line.
    return _MERE.sub(lambda found: f"[{_BREAK.sub(', ', found[1])}]", text)


def _problems(document: Document) -> list[Problem]:
    """Every error that is answered, by status and code."""
    found = {
        Problem(name, int(status), spans(title))
        for _, _, operation in _operations(document)
        for status, response in operation["responses"].items()
        if _PROBLEM in response.get("content", {})
        for name, title in _CODE.findall(response["description"])
    }
    return sorted(found, key=lambda each: (each.status, each.code))
