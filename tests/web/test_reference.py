"""``/docs``: all of the API's document is on it, and its words are those of the schemas."""

from __future__ import annotations

import dataclasses
import json
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import Markup

from config import Settings
from har.web import create_app
from har.web.kinds import kind, limits
from har.web.openapi import document
from har.web.prose import prose, spans
from har.web.reference import Operation, reference
from har.web.schemas import components
from tests.web.test_pages import Inline

ADDRESS = "http://127.0.0.1:5050"


class Outline(HTMLParser):
    """Collects anchors, links to them, and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if name := given.get("id"):
            self.ids.append(name)
        if tag == "a" and (address := given.get("href") or "").startswith("#"):
            self.links.append(address[1:])

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def told(app: Flask) -> dict[str, Any]:
    with app.test_request_context():
        return document(app, ADDRESS)


def operations(told: dict[str, Any]) -> dict[str, Operation]:
    return {each.id: each for group in reference(told).groups for each in group.operations}


def test_the_page_has_all_of_the_document(client: FlaskClient, told: dict[str, Any]) -> None:
    response = client.get("/docs", base_url=ADDRESS)
    assert (response.status_code, response.mimetype) == (200, "text/html")
    page = Outline(response.text)
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            assert operation["operationId"] in page.ids
            assert f"{method.upper()} {path}" in page.text
            assert all(sample["source"] in page.text for sample in operation["x-codeSamples"])
    assert {f"schema-{name}" for name in told["components"]["schemas"]} <= set(page.ids)
    codes = [each.code for each in reference(told).problems]
    assert {"too_large", "no_source", "internal"} <= set(codes)
    assert {f"code-{code}" for code in codes} <= set(page.ids)


def test_its_links_lead_somewhere_and_its_anchors_are_one_each(client: FlaskClient) -> None:
    page = Outline(client.get("/docs").text)
    assert len(page.links) > 100
    assert set(page.links) <= set(page.ids)
    assert len(set(page.ids)) == len(page.ids)


def test_it_has_nothing_inline(client: FlaskClient) -> None:
    parser = Inline()
    parser.feed(client.get("/docs").text)
    assert (parser.found, parser.scripts) == ([], ["/static/js/copy.js"])


def test_commands_on_it_ask_the_address_that_was_asked(client: FlaskClient) -> None:
    page = client.get("/docs", base_url="https://[::1]:8443").text
    assert "https://[::1]:8443/predict" in Outline(page).text
    assert "localhost" not in page
    assert client.get("/docs").headers["Cache-Control"] == "no-cache"


def test_a_key_is_told_of_where_one_is_needed(settings: Settings, client: FlaskClient) -> None:
    keyed = create_app(dataclasses.replace(settings, require_key=True)).test_client()
    assert "KEY=har_…" in keyed.get("/docs").text
    assert "KEY=har_…" not in client.get("/docs").text


def test_each_operation_is_in_one_group(told: dict[str, Any]) -> None:
    groups = reference(told).groups
    shown = [each.id for group in groups for each in group.operations]
    paths = told["paths"].values()
    assert sorted(shown) == sorted(o["operationId"] for p in paths for o in p.values())
    assert all(group.operations for group in groups)


def test_fields_tell_what_is_needed(told: dict[str, Any]) -> None:
    body = operations(told)["jobs_predict"].body
    assert body is not None
    facts = {each.name: [str(fact) for fact in each.facts] for each in body.members}
    assert "multipart/form-data" in body.media_types
    assert facts["video"][0].startswith("this or <code>url</code>")
    assert facts["video"][1] == "file"
    assert facts["stride"] == ["integer", "1 to 32"]
    assert facts["annotate"][-1] == "without it <code>1</code>"


def test_parameters_tell_where_they_stand(told: dict[str, Any]) -> None:
    [limit, cursor] = operations(told)["jobs_index"].parameters
    assert [str(fact) for fact in limit.facts] == [
        "query",
        "integer",
        "1 to 100",
        "without it <code>20</code>",
    ]
    assert [str(fact) for fact in cursor.facts] == ["query", "string"]


def test_answers_have_their_codes_and_no_list_of_them(told: dict[str, Any]) -> None:
    answers = {each.status: each for each in operations(told)["jobs_show"].answers}
    assert answers[200].content == [(["application/json"], Markup('<a href="#schema-Job">Job</a>'))]
    assert answers[200].headers[0].name == "Retry-After"
    assert (answers[404].phrase, answers[404].codes) == ("Not Found", ["not_found"])
    assert answers[404].told == ""
    ready = {each.status: each for each in operations(told)["health_readyz"].answers}
    assert ready[503].codes == ["records_away"]
    assert "for what the checks say" in ready[503].told


def test_examples_are_written_as_they_come(told: dict[str, Any]) -> None:
    found = operations(told)
    [result] = found["jobs_predict"].examples
    assert json.loads(result.text)["timeline"][0]["label"] == "ParallelBars"
    assert '["ParallelBars", 0.41],' in result.text, "pairs on one line"
    [event] = found["jobs_events"].examples
    assert event.text.startswith("event: progress\ndata: {")
    captions = {each.media_type: each.text for each in found["files_export"].examples}
    assert captions["text/vtt"].startswith("WEBVTT\n")


def test_members_of_objects_without_a_name_are_told(told: dict[str, Any]) -> None:
    named = {each.name: each for each in reference(told).schemas}
    assert set(named) == set(components())
    members = {each.name: each for each in named["Job"].members}
    assert [str(fact) for fact in members["phases[].progress"].facts] == ["number", "0 to 1"]
    assert "may be absent" in members["timings.worked"].facts
    assert members["result"].told == "<p>Of a job that is done.</p>"
    assert "checks.*.ok" in {each.name for each in named["Readiness"].members}
    result = {each.name: each for each in named["Result"].members}
    assert result["video"].told == prose(components()["Video"]["description"])


KINDS = {
    '{"$ref": "#/components/schemas/Job"}': '<a href="#schema-Job">Job</a>',
    '{"type": "array", "items": {"type": "number"}}': "list of number",
    '{"anyOf": [{"type": "string"}, {"type": "null"}]}': "string or null",
    '{"enum": ["a", "<b>"]}': "one of <code>a</code>, <code>&lt;b&gt;</code>",
    '{"const": 3}': "<code>3</code>",
    '{"prefixItems": [{"type": "string"}, {"type": "number"}]}': "[string, number]",
    '{"type": "object", "additionalProperties": {"type": "number"}}': "map of number",
    '{"type": "string", "format": "binary"}': "file",
    '{"type": "string", "format": "uri"}': "string (uri)",
    "{}": "anything",
}


@pytest.mark.parametrize(("schema", "words"), KINDS.items())
def test_types_in_words(schema: str, words: str) -> None:
    assert kind(json.loads(schema)) == words


LIMITS = {
    '{"minimum": 0, "maximum": 1}': ["0 to 1"],
    '{"minimum": 1}': ["at least 1"],
    '{"maximum": 1000000}': ["at most 1,000,000"],
    '{"exclusiveMinimum": 0}': ["more than 0"],
    '{"minLength": 1, "maxLength": 100}': ["1 to 100 characters"],
    '{"maxItems": 5}': ["at most 5 items"],
    '{"pattern": "^<+$", "default": "<"}': [
        "like <code>^&lt;+$</code>",
        "without it <code>&lt;</code>",
    ],
    '{"default": false}': ["without it <code>false</code>"],
    "{}": [],
}


@pytest.mark.parametrize(("schema", "words"), LIMITS.items())
def test_limits_in_words(schema: str, words: list[str]) -> None:
    assert limits(json.loads(schema)) == words


PROSE = {
    "One `<b>` & `c`.": "<p>One <code>&lt;b&gt;</code> &amp; <code>c</code>.</p>",
    "A.\n- `b`: c\n- d\n\nE.": "<p>A.</p><ul><li><code>b</code>: c</li><li>d</li></ul><p>E.</p>",
    "By [tus](https://tus.io/a) [1].": '<p>By <a href="https://tus.io/a">tus</a> [1].</p>',
    "[x](javascript:alert)": "<p>[x](javascript:alert)</p>",
    "A ` alone, 2 - 1": "<p>A ` alone, 2 - 1</p>",
    "": "",
}


@pytest.mark.parametrize(("text", "html"), PROSE.items())
def test_prose_is_html_and_nothing_else_of_it_is(text: str, html: str) -> None:
    assert prose(text) == html


def test_code_spans_hold_what_looks_like_a_link() -> None:
    assert spans("`[a](https://b.org)`") == "<code>[a](https://b.org)</code>"
