"""Every error is a problem document with a stable code, and shows nothing of the machine."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from urllib3 import encode_multipart_formdata
from werkzeug.test import TestResponse

from config import Settings
from har.errors import QueueFull
from har.jobs.database import migrate
from har.web import create_app
from tests import servers
from tests.serving import PATIENCE
from tests.web.going_live import going_live
from tests.web_alone import web_alone

MEMBERS = ["type", "title", "status", "detail", "code"]


def problem(response: TestResponse) -> dict[str, Any]:
    """The members of a response that must be a problem."""
    assert response.content_type == "application/problem+json"
    document: dict[str, Any] = response.get_json()
    assert list(document) == MEMBERS
    assert document["status"] == response.status_code
    assert document["type"] == f"urn:har:problem:{document['code']}"
    assert document["title"]
    assert document["detail"].endswith(".")
    return document


VIDEO = ("clip.mp4", b"bytes")


@pytest.mark.parametrize("path", ["/predict", "/jobs"])
@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({}, 400, "no_source"),
        ({"url": " "}, 400, "no_source"),
        ({"video": "clip.mp4"}, 400, "no_source"),
        ({"video": ("", b"")}, 400, "no_source"),
        ({"example": "bikes"}, 400, "no_source"),
        ({"video": VIDEO, "url": "http://example.org/a.mp4"}, 400, "two_sources"),
        ({"video": VIDEO, "youtube_url": "http://example.org/a.mp4"}, 400, "two_sources"),
        ({"video": VIDEO, "stride": "0"}, 400, "bad_option"),
        ({"video": VIDEO, "stride": "33"}, 400, "bad_option"),
        ({"video": VIDEO, "stride": "2.5"}, 400, "bad_option"),
        ({"video": VIDEO, "threshold": "1.1"}, 400, "bad_option"),
        ({"video": VIDEO, "threshold": "nan"}, 400, "bad_option"),
        ({"video": VIDEO, "threshold": "high"}, 400, "bad_option"),
        ({"video": VIDEO, "annotate": "yes"}, 400, "bad_option"),
        ({"video": VIDEO, "labels": ""}, 400, "bad_labels"),
        ({"video": VIDEO, "labels": "a,,b"}, 400, "bad_labels"),
        ({"video": VIDEO, "labels": "a,b,c,d"}, 400, "bad_labels"),
        ({"video": VIDEO, "labels": "a" * 101}, 400, "bad_labels"),
        ({"video": ("big.mp4", bytes(2_100_000))}, 413, "too_large"),
        ({"labels": "a" * 1_500_000}, 413, "too_large"),
        ({f"field{n}": "x" for n in range(200)}, 413, "too_large"),
    ],
)
def test_forms_that_are_refused(
    client: FlaskClient, settings: Settings, path: str, form: Any, status: int, code: str
) -> None:
    body, content_type = encode_multipart_formdata(form)
    response = client.post(path, data=body, content_type=content_type)
    assert response.status_code == status
    assert problem(response)["code"] == code
    assert list((settings.data_dir / "jobs").iterdir()) == []


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/static/nothing.js", 404, "not_found"),
        ("GET", "/static/../config.py", 404, "not_found"),
        ("GET", "/jobs/unknown", 404, "not_found"),
        ("GET", "/jobs/unknown/video", 404, "not_found"),
        ("GET", "/jobs/unknown/annotated.mp4", 404, "not_found"),
        ("GET", "/jobs/..%2F..%2Fetc/video", 404, "not_found"),
        ("GET", "/predict", 405, "method_not_allowed"),
        ("PUT", "/jobs/unknown", 405, "method_not_allowed"),
    ],
)
def test_addresses_where_nothing_is(
    client: FlaskClient, method: str, path: str, status: int, code: str
) -> None:
    response = client.open(path, method=method)
    assert response.status_code == status
    assert problem(response)["code"] == code


def test_a_wrong_method_is_told_the_right_ones(client: FlaskClient) -> None:
    assert "POST" in client.get("/predict").headers["Allow"]


def test_a_fault_of_ours_shows_nothing(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise RuntimeError("/secret/path")

    app.add_url_rule("/fail", view_func=fail)
    response = app.test_client().get("/fail")
    assert response.status_code == 500
    assert problem(response)["code"] == "internal"
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    assert "/secret/path" in caplog.text
    caplog.clear()


@pytest.mark.parametrize("seconds", [None, 7])
def test_when_it_is_worth_another_try(app: Flask, seconds: int | None) -> None:
    def refuse() -> None:
        raise QueueFull("Send it again later.", retry_after=seconds)

    app.add_url_rule("/refuse", view_func=refuse)
    response = app.test_client().get("/refuse")
    assert problem(response)["code"] == "queue_full"
    assert response.headers.get("Retry-After") == (str(seconds) if seconds else None)


def test_a_body_that_is_no_form(client: FlaskClient) -> None:
    assert problem(client.post("/predict", json={"url": "http://x.org"}))["code"] == "no_source"
    garbled = client.post("/predict", data=b"\xff" * 100, content_type="multipart/form-data")
    assert problem(garbled)["status"] == 400


def test_a_database_that_is_away_is_told(settings: Settings) -> None:
    with servers.postgresql() as server:
        settings = dataclasses.replace(settings, database_url=server.database())
        migrate(settings)
        app = create_app(settings)
        client = app.test_client()
        assert client.get("/jobs").status_code == 200
    response = client.get("/jobs")
    assert response.status_code == 503
    assert problem(response)["code"] == "records_away"
    assert int(response.headers["Retry-After"]) > 0
    app.extensions["har.queue"].close()


@pytest.mark.service
def test_who_goes_live_is_told_of_it_too(settings: Settings, tmp_path: Path) -> None:
    with ExitStack() as stack:
        url = stack.enter_context(servers.postgresql()).database()
        migrate(dataclasses.replace(settings, database_url=url))
        with web_alone(tmp_path, database_url=url) as (address, errors):
            requests.get(f"{address}/healthz", timeout=PATIENCE).raise_for_status()
            stack.close()
            with going_live(address) as live:
                assert live.first["type"] == "refused"
                assert live.first["problem"]["code"] == "records_away"
                assert live.first["problem"]["retry_after"] > 0
        assert "Traceback" not in errors.read_text()
