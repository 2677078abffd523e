"""What one client may ask for, and that requests which wait leave room for those that do not."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import pytest
from flask import request
from flask.testing import FlaskClient

from config import Settings
from har.errors import ConfigError
from har.web import create_app, limits
from tests import servers

US = {"REMOTE_ADDR": "198.51.100.1"}
THEM = {"REMOTE_ADDR": "198.51.100.2"}


def limited(settings: Settings, **changes: Any) -> FlaskClient:
    """The client of an application that takes two videos a minute from each address."""
    changes = {"rate_limit": "2/minute", **changes}
    return create_app(dataclasses.replace(settings, **changes)).test_client()


def statuses(client: FlaskClient, count: int, **options: Any) -> list[int]:
    """What requests without a video get: 400 as long as they are taken."""
    return [client.post("/jobs", **options).status_code for _ in range(count)]


class Unread(io.BytesIO):
    """A body that must not be asked for."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError("the body was read")

    read1 = readline = readinto = read  # type: ignore[assignment]


def test_what_is_too_much_is_refused_before_it_is_read(settings: Settings) -> None:
    client = limited(settings)
    answers = [client.post(path, environ_base=US) for path in ("/jobs", "/predict")]
    assert [answer.status_code for answer in answers] == [400, 400]
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": "1000"}
    refused = client.post("/jobs", environ_base=US, headers=headers, input_stream=Unread(b"x"))
    assert (refused.status_code, refused.get_json()["code"]) == (429, "too_many_requests")
    assert "2 per 1 minute" in refused.get_json()["detail"]
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert statuses(client, 1, environ_base=THEM) == [400]
    assert client.get("/jobs/unknown", environ_base=US).status_code == 404, "asking is free"


def test_who_asks_is_told_by_trusted_proxies_only(settings: Settings) -> None:
    forged = {"X-Forwarded-For": "203.0.113.9, 203.0.113.1"}

    def asked(proxies: int) -> str:
        app = create_app(dataclasses.replace(settings, trusted_proxies=proxies))
        app.add_url_rule("/who", view_func=lambda: limits.client(request))
        return app.test_client().get("/who", headers=forged, environ_base=US).text

    assert [asked(n) for n in range(3)] == ["198.51.100.1", "203.0.113.1", "203.0.113.9"]


def test_a_proxy_passes_the_limit_on_to_its_clients(settings: Settings) -> None:
    client = limited(settings, trusted_proxies=1)
    one, other = ({"X-Forwarded-For": f"203.0.113.{n}"} for n in (1, 2))
    assert statuses(client, 3, headers=one) == [400, 400, 429]
    assert statuses(client, 1, headers=other) == [400]


def test_a_client_without_an_address_has_a_name(settings: Settings) -> None:
    assert statuses(limited(settings), 3, environ_base={"REMOTE_ADDR": ""}) == [400, 400, 429]


@pytest.mark.parametrize("rate", ["", "often", "2", "0/minute", "2/fortnight", "2/minute;x"])
def test_a_rate_that_means_nothing_is_refused_at_the_start(settings: Settings, rate: str) -> None:
    with pytest.raises(ConfigError, match="HAR_RATE_LIMIT"):
        limited(settings, rate_limit=rate)


def test_several_webs_count_in_redis_and_without_it_by_themselves(settings: Settings) -> None:
    with servers.redis() as url:
        one, other = (limited(settings, broker_url=url) for _ in range(2))
        assert statuses(one, 1) == [400]
        assert statuses(other, 2) == [400, 429]
        assert statuses(one, 1) == [429]
    assert statuses(one, 3) == [400, 400, 429]
