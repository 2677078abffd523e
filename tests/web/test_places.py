"""Requests that hold a thread for long leave room for those that do not, and for each other."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from flask import Flask, Response, send_file
from werkzeug.test import TestResponse

from config import Settings
from har.errors import Busy, TooManyRequests
from har.web import create_app
from har.web.places import Places, hold

LONG = b"x" * 100_000


@pytest.fixture
def app(settings: Settings) -> Flask:
    """An application in which two requests at once may hold a thread."""
    app = create_app(dataclasses.replace(settings, web_threads=10))

    def held(kind: str) -> Response | str:
        hold()
        if kind == "error":
            raise ValueError("a fault")
        return Response(iter("ab")) if kind == "stream" else kind

    app.add_url_rule("/held/<kind>", view_func=held)
    app.add_url_rule("/long", "long", view_func=lambda: LONG)
    app.add_url_rule("/file", "file", view_func=lambda: send_file(io.BytesIO(LONG), "video/mp4"))
    return app


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    """Closes responses at the end."""
    with ExitStack() as opened:
        yield opened


def ask(app: Flask, path: str, opened: ExitStack) -> TestResponse:
    response = app.test_client().get(path)
    opened.callback(response.close)
    return response


@pytest.mark.parametrize("path", ["/held/stream", "/long", "/file"])
def test_what_is_long_has_its_place_until_it_is_sent(
    app: Flask, opened: ExitStack, path: str
) -> None:
    first, _, refused = (ask(app, path, opened) for _ in range(3))
    assert (refused.status_code, refused.get_json()["code"]) == (503, "busy")
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.headers["X-Content-Type-Options"] == "nosniff"
    assert ask(app, "/healthz", opened).status_code == 200
    assert first.status_code == 200
    first.close()
    assert ask(app, path, opened).status_code == 200
    assert ask(app, path, opened).status_code == 503


def test_a_request_has_one_place_however_long_its_answer(app: Flask, opened: ExitStack) -> None:
    app.add_url_rule("/both", "both", view_func=lambda: hold() or LONG)
    assert [ask(app, "/both", opened).status_code for _ in range(3)] == [200, 200, 503]


def test_what_is_short_has_no_place_while_it_is_sent(
    app: Flask, opened: ExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    assert {ask(app, "/held/word", opened).status_code for _ in range(3)} == {200}
    assert {ask(app, "/held/error", opened).status_code for _ in range(3)} == {500}
    assert "a fault" in caplog.text
    caplog.clear()
    assert {ask(app, "/static/favicon.svg", opened).status_code for _ in range(3)} == {200}


def test_nobody_has_all_places() -> None:
    places = Places(56)
    taken = [places.take("192.0.2.1") for _ in range(14)]
    with pytest.raises(TooManyRequests) as refused:
        places.take("192.0.2.1")
    assert refused.value.retry_after
    others = [places.take("192.0.2.2") for _ in range(14)]
    for leave in taken:
        leave()
        leave()
    taken = [places.take("192.0.2.1") for _ in range(14)]
    for who in ("192.0.2.3", "@key"):
        others += [places.take(who) for _ in range(14)]
    with pytest.raises(Busy):
        places.take("192.0.2.4")


def test_a_browser_has_enough_places_where_there_are_few() -> None:
    places = Places(9)
    assert len([places.take("192.0.2.1") for _ in range(8)]) == 8
    with pytest.raises(TooManyRequests):
        places.take("192.0.2.1")


def test_who_comes_from_this_machine_may_be_many() -> None:
    places = Places(56)
    assert len([places.take("127.0.0.1") for _ in range(56)]) == 56
    with pytest.raises(Busy):
        places.take("127.0.0.1")


@pytest.mark.parametrize(
    ("some", "another", "status"),
    [
        ("2001:db8::{:x}", "2001:db8::1:0:0:1", 429),
        ("2001:db8::{:x}", "2001:db8:0:1::1", 200),
        ("::ffff:192.0.2.{}", "::ffff:192.0.2.99", 200),
    ],
)
def test_a_network_of_ipv6_is_one_client(
    settings: Settings, some: str, another: str, status: int
) -> None:
    app = create_app(dataclasses.replace(settings, web_threads=64))
    app.add_url_rule("/long", "long", view_func=lambda: LONG)
    client = app.test_client()
    asking = [some.format(number) for number in range(14)]
    opened = [client.get("/long", environ_base={"REMOTE_ADDR": who}) for who in asking]
    assert {response.status_code for response in opened} == {200}
    opened.append(client.get("/long", environ_base={"REMOTE_ADDR": another}))
    assert opened[-1].status_code == status
    for response in opened:
        response.close()


def test_one_request_may_wait_however_few_threads_there_are(
    settings: Settings, opened: ExitStack
) -> None:
    app = create_app(dataclasses.replace(settings, web_threads=1))
    app.add_url_rule("/long", "long", view_func=lambda: LONG)
    assert [ask(app, "/long", opened).status_code for _ in range(2)] == [200, 503]
