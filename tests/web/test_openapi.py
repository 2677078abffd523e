"""The OpenAPI document: it is one, it says all of the API, and what it says is so."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from config import Settings
from har import errors
from har.errors import HarError, TooLong
from har.jobs.queue import Queue
from har.models.choices import choices
from har.web import create_app
from tests.web.worker import finish

LINK = {"url": "https://example.org/a.mp4"}


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    response = client.get("/openapi.json")
    assert response.status_code == 200
    read: dict[str, Any] = response.get_json()
    return read


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of each operation."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_it_is_an_openapi_document(document: dict[str, Any]) -> None:
    validate(document)
    told = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(told)) == len(told)
    assert all(operation["summary"] for _, _, operation in operations(document))


def documented(methods: set[str]) -> set[str]:
    """Those of a route that are not implied; OPTIONS tells what this document does."""
    return methods - {"HEAD", "OPTIONS"} or methods - {"OPTIONS"}


def test_it_has_every_route_and_no_other(app: Flask, document: dict[str, Any]) -> None:
    routes = {
        (method, re.sub(r"<(?:[^<>]+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in documented(rule.methods or set())
        if rule.endpoint.split(".")[0] not in ("static", "pages")
    }
    assert {(method, path) for method, path, _ in operations(document)} == routes


def codes(operation: dict[str, Any]) -> set[tuple[str, int]]:
    """Codes of an operation's problems, each with the status that it comes under."""
    found = set()
    for status, response in operation["responses"].items():
        if content := response.get("content", {}).get("application/problem+json"):
            named = content["schema"]["allOf"][1]["properties"]
            assert named["status"] == {"const": int(status)}
            found |= {(code, int(status)) for code in named["code"]["enum"]}
    return found


NOT_ANSWERED = {
    "bad_video",
    "file_missing",
    "bad_setting",
    "bad_manifest",
    "live_full",
    "stream_lost",
}
"""A family, what only the command line and the start can meet with, and what a WebSocket tells."""


def every(error: type[HarError]) -> Iterator[type[HarError]]:
    yield error
    for below in error.__subclasses__():
        yield from every(below)


def test_it_has_every_code_under_its_status(document: dict[str, Any]) -> None:
    told = set().union(*(codes(operation) for _, _, operation in operations(document)))
    real = {(each.code, each.status) for each in every(HarError) if each.code not in NOT_ANSWERED}
    ofwerkzeug = {("requested_range_not_satisfiable", 416), ("precondition_failed", 412)}
    assert told == real | ofwerkzeug


def test_its_limits_are_those_of_the_settings(settings: Settings) -> None:
    changed = dataclasses.replace(settings, max_upload_mb=7, max_labels=13, require_key=True)
    document = create_app(changed).test_client().get("/openapi.json").get_json()
    sent = document["paths"]["/jobs"]["post"]
    fields = sent["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    assert "7 MB" in fields["video"]["description"]
    assert "13" in fields["labels"]["description"]
    assert sent["security"] == [{"key": []}]


def closed(schema: Any) -> Any:
    """A schema by which objects have no other members than those it names."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    only = {"additionalProperties": False} if "properties" in schema and "type" in schema else {}
    return {key: closed(value) for key, value in schema.items()} | only


def check(document: dict[str, Any], value: Any, name: str) -> None:
    """Fail where a value is not by the named schema, member by member."""
    schema = {**closed(document), "$ref": f"#/components/schemas/{name}"}
    Draft202012Validator(schema).validate(value)


def test_its_examples_are_by_their_schemas(document: dict[str, Any]) -> None:
    examples = [
        (example, name)
        for name, schema in document["components"]["schemas"].items()
        for example in schema.get("examples", [])
    ]
    assert {"Result", "Job", "Jobs", "Problem"} <= {name for _, name in examples}
    for example, name in examples:
        check(document, example, name)
    (problem,) = (example for example, name in examples if name == "Problem")
    assert (problem["title"], problem["code"]) == (errors.NoSource.title, errors.NoSource.code)


def test_jobs_are_told_by_their_schemas(
    client: FlaskClient, queue: Queue, tmp_path: Path, document: dict[str, Any]
) -> None:
    ids = [client.post("/jobs", data=LINK).get_json()["id"] for _ in range(4)]
    for id in ids[1:]:
        queue.records.begin(id, "w")
    queue.records.advance(ids[1], "w", "recognise", {"probe": 1.0, "recognise": 0.5})
    queue.records.fail(ids[2], "w", TooLong("Cut it."))
    finish(queue, ids[3], tmp_path, b"video")
    told = [client.get(f"/jobs/{id}").get_json() for id in ids]
    assert [job["state"] for job in told] == ["queued", "running", "failed", "done"]
    for job in told:
        check(document, job, "Job")
    check(document, client.get("/jobs?limit=3").get_json(), "Jobs")
    for id in ids[2:]:
        for event in client.get(f"/jobs/{id}/events").text.strip().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in event.splitlines())
            check(document, fields, "Event")
            if fields["event"] == "segment":
                check(document, json.loads(fields["data"]), "Segment")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/healthz", "Health"),
        ("/readyz", "Readiness"),
        ("/models", "Models"),
        ("/jobs/none", "Problem"),
    ],
)
def test_others_are_told_by_their_schemas(
    client: FlaskClient,
    queue: Queue,
    settings: Settings,
    document: dict[str, Any],
    path: str,
    name: str,
) -> None:
    queue.records.beat("w", ready=True)
    queue.records.offer("w", choices(settings, "bilstm"))
    check(document, client.get(path).get_json(), name)
