"""Whatever a request says, it is understood or refused by name, and never a fault of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing

import limits
import pytest
from flask import Flask, Request, request
from hypothesis import example, given
from hypothesis import strategies as st

from config import Settings
from har.errors import BadOption
from har.jobs.keys import is_rate
from har.jobs.questions import Place
from har.jobs.queue import Queue
from har.jobs.storage import ID
from har.web import create_app
from har.web.events import stream
from har.web.forms import MOST_JOBS, cursor, parse_cursor, parse_limit, parse_sender
from tests.fuzz.inputs import NUMBERS
from tests.jobs.test_record import LINK, RESULT

HEADER = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = create_app(Settings(data_dir=tmp_path_factory.mktemp("requests") / "var"))
    with closing(app.extensions["har.queue"]):
        yield app


@given(NUMBERS)
def test_a_limit(text: str) -> None:
    try:
        assert 1 <= parse_limit(Request.from_values(query_string={"limit": text})) <= MOST_JOBS
    except BadOption:
        assert text not in map(str, range(1, MOST_JOBS + 1))


@given(st.text() | st.text(st.sampled_from("MTc5NTI2OTIyNS4wIGFiYw=")))
@example("MS4wIAA=")
def test_a_cursor_is_a_place_or_refused(text: str) -> None:
    try:
        place = parse_cursor(Request.from_values(query_string={"cursor": text}))
    except BadOption:
        return
    assert place is not None
    assert ID.fullmatch(place.id)
    assert 0 <= place.created < 1e12


@given(st.floats(1e9, 1e11), st.from_regex(ID, fullmatch=True))
def test_a_cursor_leads_back_to_its_place(created: float, id: str) -> None:
    place = Place(created, id)
    assert parse_cursor(Request.from_values(query_string={"cursor": cursor(place)})) == place


@given(HEADER)
def test_an_idempotency_key(app: Flask, text: str) -> None:
    with app.test_request_context(headers={"Idempotency-Key": text}):
        app.preprocess_request()
        try:
            assert parse_sender(request).key == text.strip()
        except BadOption:
            assert not re.fullmatch("[!-~]{1,200}", text)


SEGMENTS = [{"label": str(n), "source": "bilstm"} for n in range(3)]


def add_done(queue: Queue) -> None:
    """Have a job that its first attempt has done."""
    queue.records.remove("done")
    queue.records.add("done", LINK)
    queue.records.begin("done", "w")
    result = {**RESULT, "segment_predictions": SEGMENTS}
    queue.records.finish("done", "w", result, "source.mp4", "video/mp4")


@pytest.fixture(scope="module")
def done(app: Flask) -> Queue:
    """The jobs, with one that is done."""
    queue: Queue = app.extensions["har.queue"]
    add_done(queue)
    return queue


@given(HEADER | st.builds("{}-{}".format, st.integers(0, 10**12), st.integers(0, 10**12)))
@example("1-2")
@example("1-0")
@example("2-1")
@example("\u0661-\u0661")
def test_who_comes_back_gets_what_is_missing(done: Queue, last: str) -> None:
    told = [dict(re.findall(r"(\w+): (.*)", event)) for event in stream(done, "done", last)]
    known = re.fullmatch("([0-9]{1,9})-([0-9]{1,9})", last)
    attempt, had = (int(known[1]), int(known[2])) if known else (0, 0)
    restarted = had > 0 and attempt != 1
    had = 0 if restarted else had
    kinds = ["restart"] * restarted + ["segment"] * len(SEGMENTS[had:]) + ["done"]
    assert [event["event"] for event in told] == kinds
    segments = [event for event in told if event["event"] == "segment"]
    assert [json.loads(event["data"]) for event in segments] == SEGMENTS[had:]
    assert [event["id"] for event in segments] == [f"1-{n + 1}" for n in range(len(SEGMENTS))][had:]


@given(st.text() | st.builds("{}/{}".format, NUMBERS, st.sampled_from(["second", "day", "x"])))
@example("9" * 5000 + "/day")
def test_a_rate_is_one_that_can_be_counted_by_or_none(text: str) -> None:
    if is_rate(text):
        for rate in limits.parse_many(text):
            assert rate.amount >= 1
            assert rate.get_expiry() >= 1


NAMES = [
    "CONTENT_TYPE",
    "HTTP_ACCEPT",
    "HTTP_AUTHORIZATION",
    "HTTP_COOKIE",
    "HTTP_FORWARDED",
    "HTTP_HOST",
    "HTTP_IDEMPOTENCY_KEY",
    "HTTP_IF_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_RANGE",
    "HTTP_LAST_EVENT_ID",
    "HTTP_ORIGIN",
    "HTTP_RANGE",
    "HTTP_SEC_FETCH_SITE",
    "HTTP_X_FORWARDED_FOR",
]
SAID = [
    "Basic x",
    "Bearer " + "9" * 5000,
    "Bearer x",
    "[::1]",
    "cross-site",
    "localhost",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "none",
    "text/plain; charset=x",
    '"x"',
]
PLACES = [
    "/",
    "/healthz",
    "/jobs",
    "/jobs/done",
    "/jobs/done/events",
    "/jobs/done/video",
    "/openapi.json",
    "/predict",
    "/static/css/base.css",
]
PATHS = st.sampled_from(PLACES) | st.binary().map(lambda path: f"/{path.decode('latin-1')}")


@given(
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]),
    PATHS,
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E)),
    st.dictionaries(st.sampled_from(NAMES), HEADER | st.sampled_from(SAID), max_size=3),
    st.binary(max_size=200),
)
@example("DELETE", "/jobs/a.b", "", {}, b"")
@example("GET", "/jobs/\0", "", {}, b"")
@example("DELETE", f"/jobs/{'x' * 300}", "", {}, b"")
@example("GET", "/jobs", f"limit={'9' * 5000}", {}, b"")
def test_any_request_has_an_answer(
    app: Flask,
    done: Queue,
    method: str,
    path: str,
    query: str,
    headers: dict[str, str],
    body: bytes,
) -> None:
    said = {"PATH_INFO": path, "QUERY_STRING": query, **headers}
    answer = app.test_client().open("/", method=method, data=body, environ_overrides=said)
    answer.get_data()
    answer.close()
    assert answer.status_code < 500
    # Of a mere file in static/, a condition that is not met is werkzeug's to answer.
    if answer.status_code >= 400 and (answer.status_code != 412 or "static" not in path):
        assert answer.content_type == "application/problem+json"
        assert method == "HEAD" or answer.get_json()["detail"].endswith(".")
    if (method, path) == ("DELETE", "/jobs/done"):
        add_done(done)
