"""Who asks: keys that are right, wrong and missing, and lists that are their owners' own."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config import Settings
from har.jobs import keys
from har.jobs.database import connect
from har.jobs.queue import Queue
from har.web import create_app
from tests.serving import eventually
from tests.web.test_problems import problem
from tests.web_alone import web_alone

LINK = {"url": "https://example.org/a.mp4"}
FAR = {"REMOTE_ADDR": "192.0.2.7"}
WRONG = "har_" + "a" * 43


def add(app: Flask, name: str, rate: str | None = None) -> dict[str, str]:
    """The headers of who has a new key."""
    queue: Queue = app.extensions["har.queue"]
    return bearer(keys.add(queue.records.engine, name, rate))


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def submit(client: FlaskClient, **request: Any) -> str:
    """The id of a new job."""
    response = client.post("/jobs", data=LINK, environ_base=FAR, **request)
    assert response.status_code == 202, response.text
    return str(response.get_json()["id"])


def listed(client: FlaskClient, **request: Any) -> list[str]:
    response = client.get("/jobs", **request)
    assert response.status_code == 200, response.text
    return [job["id"] for job in response.get_json()["jobs"]]


def refused(response: TestResponse, code: str) -> bool:
    assert response.headers["WWW-Authenticate"] == "Bearer"
    return (response.status_code, problem(response)["code"]) == (401, code)


@pytest.fixture
def closed(settings: Settings) -> Flask:
    """An application that takes videos only from who has a key."""
    return create_app(dataclasses.replace(settings, require_key=True))


def test_without_a_key_no_video_is_taken(closed: Flask) -> None:
    client = closed.test_client()
    for response in (client.post("/jobs", data=LINK), client.post("/predict", data=LINK)):
        assert refused(response, "key_needed")
    assert refused(client.get("/jobs"), "key_needed"), "not even on this machine"
    alice = add(closed, "alice")
    id = submit(client, headers=alice)
    for address in (f"/jobs/{id}", "/", "/healthz", "/metrics"):
        assert client.get(address).status_code == 200, "the link is the secret"
    assert client.delete(f"/jobs/{id}").status_code == 204
    assert listed(client, headers=alice) == []


@pytest.mark.parametrize(
    "given", [f"Bearer {WRONG}", "Bearer", "bearer x", "Bearer a=b", "Bearer \xe4", "Bearer " * 99]
)
@pytest.mark.parametrize("address", ["/jobs", "/jobs/unknown", "/nothing", "/healthz"])
def test_a_wrong_key_is_always_told(client: FlaskClient, given: str, address: str) -> None:
    headers = {"Authorization": given}
    assert refused(client.get(address, headers=headers), "key_wrong")
    assert refused(client.post("/jobs", data=LINK, headers=headers), "key_wrong")


def test_a_removed_key_is_wrong(app: Flask, client: FlaskClient, queue: Queue) -> None:
    alice = add(app, "alice")
    submit(client, headers=alice)
    keys.remove(queue.records.engine, "alice")
    assert refused(client.get("/jobs", headers=alice), "key_wrong")


def test_the_password_of_a_proxy_is_no_key(client: FlaskClient) -> None:
    submit(client, auth=("alice", "secret"))


def test_a_key_is_told_from_another_person_at_its_address(app: Flask, client: FlaskClient) -> None:
    alice, bob = add(app, "alice"), add(app, "bob")
    of_alice, of_bob, of_nobody = (
        submit(client, headers=headers) for headers in (alice, bob, {})
    )  # fmt: skip
    assert listed(client, headers=alice) == [of_alice]
    assert listed(client, headers={**bob, "X-Forwarded-For": "192.0.2.9"}) == [of_bob]
    key = {"Idempotency-Key": "k"}
    ids = {submit(client, headers={**headers, **key}) for headers in (alice, bob, {})}
    assert len(ids) == 3
    assert submit(client, headers={**alice, **key}) in ids - {of_nobody}


def test_an_address_cannot_be_taken_for_a_key(settings: Settings) -> None:
    app = create_app(dataclasses.replace(settings, trusted_proxies=1))
    client, alice = app.test_client(), add(app, "alice")
    submit(client, headers={"X-Forwarded-For": "@alice"})
    assert listed(client, headers=alice) == []


def test_a_key_brings_its_own_rate(settings: Settings) -> None:
    app = create_app(dataclasses.replace(settings, rate_limit="1/minute"))
    client = app.test_client()
    more, same = add(app, "more", "3/minute"), add(app, "same")

    def statuses(**request: Any) -> list[int]:
        answers = [client.post("/jobs", environ_base=FAR, **request) for _ in range(4)]
        assert "one key" in answers[-1].get_json()["detail"] or not request
        return [answer.status_code for answer in answers]

    assert statuses() == [400, 429, 429, 429]
    assert statuses(headers=more) == [400, 400, 400, 429]
    assert statuses(headers=same) == [400, 429, 429, 429]


def test_without_a_key_the_database_is_not_asked_for_one(app: Flask, queue: Queue) -> None:
    asked: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    sa.event.listen(queue.records.engine, "before_cursor_execute", note)
    client = app.test_client()
    client.get("/")
    client.get("/static/js/main.js", buffered=True)
    assert asked == []
    client.get("/healthz", headers=bearer("no key"))
    assert asked == [], "what has not a key's form is none"
    client.get("/healthz", headers=bearer(WRONG))
    assert [statement for statement in asked if "keys" in statement]


@pytest.mark.parametrize(
    ("proxies", "address", "host", "headers", "here"),
    [
        (0, "127.0.0.1", "localhost", {}, True),
        (0, "127.8.8.8", "127.0.0.1:5000", {}, True),
        (0, "::1", "[::1]:5000", {}, True),
        (0, "::ffff:127.0.0.1", "localhost", {}, True),
        (0, "192.0.2.7", "localhost", {}, False),
        (0, "", "localhost", {}, False),
        (0, "127.0.0.1", "har.example.org", {}, False),
        (0, "127.0.0.1", "localhost", {"X-Forwarded-For": "192.0.2.7"}, False),
        (0, "127.0.0.1", "localhost", {"X-Forwarded-For": "127.0.0.1"}, False),
        (0, "127.0.0.1", "localhost", {"Forwarded": "for=192.0.2.7"}, False),
        (0, "127.0.0.1", "localhost", {"X-Real-IP": "192.0.2.7"}, False),
        (1, "127.0.0.1", "localhost", {}, True),
        (1, "127.0.0.1", "localhost", {"X-Forwarded-For": "127.0.0.1"}, True),
        (1, "127.0.0.1", "localhost", {"X-Forwarded-For": "192.0.2.7"}, False),
        (1, "127.0.0.1", "localhost", {"X-Forwarded-For": "192.0.2.7, 127.0.0.1"}, False),
        (1, "127.0.0.1", "localhost", {"X-Forwarded-For": "127.0.0.1", "Forwarded": ""}, False),
        (2, "127.0.0.1", "localhost", {"X-Forwarded-For": "192.0.2.7"}, False),
        (2, "127.0.0.1", "localhost", {"X-Forwarded-For": '"a,b", 192.0.2.7'}, False),
    ],
)
def test_links_of_others_at_an_address_are_not_told(
    settings: Settings, proxies: int, address: str, host: str, headers: dict[str, str], here: bool
) -> None:
    changes: dict[str, Any] = {"trusted_proxies": proxies, "host": "0.0.0.0"}
    client = create_app(dataclasses.replace(settings, **changes)).test_client()
    headers = {"Host": host, **headers}
    response = client.get("/jobs", headers=headers, environ_base={"REMOTE_ADDR": address})
    if here:
        assert response.get_json() == {"jobs": [], "next": None}
    else:
        assert refused(response, "key_needed")
        assert "share your address" in response.get_json()["detail"]


@pytest.mark.service
def test_no_key_is_logged(tmp_path: Path, settings: Settings) -> None:
    engine = connect(settings)
    key = keys.add(engine, "alice", None)
    engine.dispose()
    with web_alone(tmp_path) as (url, errors):
        for given in (key, WRONG, f"{key}\x01"):
            requests.post(f"{url}/jobs", data=LINK, headers=bearer(given), timeout=30)
        requests.get(f"{url}/jobs?key={key}", timeout=30)
        eventually(lambda: errors.read_text().count('"request"') >= 3, "the log", 30)
        said = errors.read_text()
    assert key not in said
    assert WRONG not in said
