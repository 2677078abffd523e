"""What browsers are told and refused, and that no answer tells more than it must."""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config import Settings
from har.errors import ConfigError
from har.jobs.queue import Queue
from har.web import create_app
from tests.web.test_jobs import finish
from tests.web.test_problems import problem

LINK = {"url": "https://example.org/a.mp4"}


@pytest.fixture
def done(client: FlaskClient, tmp_path: Path, queue: Queue) -> str:
    """The address of a job that is done; what was sent is a web page."""
    page = io.BytesIO(b"<!doctype html><script>alert(1)</script>")
    id = client.post("/jobs", data={"video": (page, "page.html.mov")}).get_json()["id"]
    finish(tmp_path, queue, id)
    return f"/jobs/{id}"


ASKED = [
    ("GET", "/", {}),
    ("GET", "/?job=x", {}),
    ("GET", "/static/js/main.js", {}),
    ("GET", "/static/no.js", {}),
    ("GET", "/nothing", {}),
    ("GET", "/healthz", {}),
    ("GET", "/readyz", {}),
    ("GET", "/metrics", {}),
    ("GET", "/jobs", {}),
    ("GET", "/jobs", {"Host": "evil.example"}),
    ("GET", "/jobs", {"Authorization": "Bearer x"}),
    ("GET", "/jobs/unknown", {}),
    ("PUT", "/jobs", {}),
    ("OPTIONS", "/jobs", {"Origin": "https://example.org"}),
    ("POST", "/predict", {}),
    ("GET", "JOB", {}),
    ("GET", "JOB/events", {}),
    ("GET", "JOB/nothing", {}),
    ("GET", "JOB/annotated.mp4", {}),
    ("GET", "JOB/video", {}),
    ("GET", "JOB/video", {"Range": "bytes=0-9"}),
    ("GET", "JOB/video", {"Range": "bytes=9999999-"}),
    ("HEAD", "JOB/video", {"Origin": "null"}),
    ("DELETE", "JOB", {}),
]
"""Requests of every kind."""


def answers(client: FlaskClient, job: str) -> Iterator[tuple[str, TestResponse]]:
    """What they get, by what was asked."""
    for method, path, headers in ASKED:
        address = path.replace("JOB", job)
        answer = client.open(address, method=method, headers=headers, buffered=True)
        yield f"{method} {path}", answer
    yield "DELETE with a body", client.delete(job, data=bytes(100_000))


def test_every_answer_is_guarded(client: FlaskClient, done: str) -> None:
    seen = set()
    for asked, answer in answers(client, done):
        seen.add(answer.status_code)
        headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; "), asked
        assert not re.search(r"unsafe|data:|blob:|\*|http", policy)
        for rule in ("base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"):
            assert rule in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=(self)" in headers["Permissions-Policy"]
        assert "fullscreen=(self)" in headers["Permissions-Policy"]
        names = {name.lower() for name in headers.keys()}  # noqa: SIM118
        assert not names & {"set-cookie", "server", "x-powered-by"}, asked
        assert not [name for name in names if name.startswith("access-control")], asked
    assert seen >= {200, 204, 206, 400, 401, 404, 405, 413, 416}


def test_no_answer_about_jobs_is_kept_by_others(client: FlaskClient, done: str) -> None:
    cached = {
        asked: answer.headers["Cache-Control"]
        for asked, answer in answers(client, done)
        if answer.status_code < 300
    }
    assert cached.pop("GET JOB/video") == "no-cache, private"
    assert cached.pop("HEAD JOB/video") == "no-cache, private"
    assert cached.pop("GET JOB/annotated.mp4") == "no-cache, private"
    public = {"GET /", "GET /?job=x", "GET /static/js/main.js"}
    assert {cached.pop(asked) for asked in public} == {"no-cache"}
    assert set(cached.values()) == {"no-store"}
    assert "GET JOB" in cached


def test_what_a_stranger_sent_is_no_page(client: FlaskClient, done: str) -> None:
    sent = client.get(f"{done}/video", buffered=True)
    assert b"<script>" in sent.data
    assert sent.content_type == "video/quicktime"
    assert sent.headers["Content-Disposition"] == "attachment; filename=source.mov"
    ours = client.get(f"{done}/annotated.mp4", buffered=True)
    assert ours.content_type == "video/mp4"
    assert ours.headers["Content-Disposition"] == "inline; filename=annotated.mp4"


def ask(settings: Settings, name: str, address: str = "/", **changes: Any) -> int:
    """The status of an answer under a name; a refusal must say what to do."""
    client = create_app(dataclasses.replace(settings, **changes)).test_client()
    response = client.get(address, headers={"Host": name}, buffered=True)
    if response.status_code == 400:
        assert problem(response)["code"] == "bad_host"
        assert "HAR_TRUSTED_HOSTS" in response.get_json()["detail"]
        assert name not in response.text
    return response.status_code


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:5000", 200),
        ("127.0.0.1:5000", 200),
        ("[::1]:5000", 200),
        ("evil.example", 400),
        ("evil.example:5000", 400),
        ("localhost.evil.example", 400),
        ("evil.localhost", 400),
        ("evil@localhost", 400),
        ("localhost@evil.example", 400),
        ("localhost/evil", 400),
        ("localhost,evil.example", 400),
        ("192.0.2.7:5000", 400),
        ("0.0.0.0", 400),
        ("[::ffff:127.0.0.1]", 400),
        ("[::1", 400),
        (":5000", 400),
        ("\xe4", 400),
    ],
)
def test_a_local_service_answers_under_local_names(
    settings: Settings, host: str, status: int
) -> None:
    assert ask(settings, host) == status


def test_the_address_that_is_listened_on_is_answered(settings: Settings) -> None:
    assert ask(settings, "127.0.0.5:5000", host="127.0.0.5") == 200
    assert ask(settings, "[::1]:5000", host="[::1]") == 200
    for everywhere in ("0.0.0.0", "::", "", "192.0.2.7"):
        assert ask(settings, "any.example", host=everywhere) == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("har.example.org", 200),
        ("HAR.example.org:8443", 200),
        ("a.har.example.org", 400),
        ("example.net", 200),
        ("a.b.example.net", 200),
        ("badexample.net", 400),
        ("2001:db8::1", 400),
        ("[2001:db8::1]:5000", 200),
        ("my_host", 200),
        ("localhost", 400),
        ("127.0.0.1", 400),
    ],
)
def test_names_that_are_set_are_those_that_are_answered(
    settings: Settings, host: str, status: int
) -> None:
    names = "har.example.org, .example.net,[2001:db8::1],my_host"
    for listens in ("127.0.0.1", "0.0.0.0"):
        assert ask(settings, host, trusted_hosts=names, host=listens) == status


@pytest.mark.parametrize("names", ["https://a.org", "a.org:443", "a.org,", "*.a.org", "a b", "."])
def test_names_that_are_none_are_refused_at_the_start(settings: Settings, names: str) -> None:
    with pytest.raises(ConfigError, match="HAR_TRUSTED_HOSTS"):
        create_app(dataclasses.replace(settings, trusted_hosts=names))


@pytest.mark.parametrize(
    "address", ["/nothing", "/static/js/main.js", "/metrics", "/jobs/x", "/jobs"]
)
def test_a_foreign_name_gets_nothing_at_all(settings: Settings, address: str) -> None:
    assert ask(settings, "evil.example", address) == 400


def test_load_balancers_ask_by_address(settings: Settings) -> None:
    for host in ("192.0.2.7:5000", "[2001:db8::1]", "localhost", "127.0.0.1"):
        assert ask(settings, host, "/healthz", trusted_hosts="har.example.org") == 200
        assert ask(settings, host, "/metrics", trusted_hosts="har.example.org") == 400
    assert ask(settings, "evil.example", "/healthz", trusted_hosts="har.example.org") == 400


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://other.example"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": ""}, False),
        ({"Origin": "http://localhost:5000"}, True),
        ({"Origin": "https://localhost:5000"}, True),
        ({"Origin": "http://localhost:3000"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
    ],
)
@pytest.mark.parametrize(("method", "address"), [("POST", "/jobs"), ("DELETE", "/jobs/x")])
def test_another_site_cannot_send_for_the_user(
    client: FlaskClient, method: str, address: str, headers: dict[str, str], taken: bool
) -> None:
    given = {"Host": "localhost:5000", **headers}
    response = client.open(address, method=method, data=LINK, headers=given)
    if taken:
        assert response.status_code in (202, 204)
    else:
        assert response.status_code == 403
        assert problem(response)["code"] == "cross_site"
    assert client.get("/jobs/x", headers=given).status_code == 404, "to ask is free"


def test_debugging_cannot_be_switched_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    app: Flask = create_app(settings)
    assert not app.debug

    def fail() -> None:
        raise KeyError("secret")

    app.add_url_rule("/fail", view_func=fail)
    response = app.test_client().get("/fail")
    assert (response.status_code, problem(response)["code"]) == (500, "internal")
    assert "secret" not in response.text
    caplog.clear()
