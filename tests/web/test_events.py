"""The events of a job, while the part of the worker is played through its records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from har.errors import TooLong
from har.jobs.queue import Queue
from tests.jobs.test_record import RESULT

SEGMENTS = [{"label": name, "source": "bilstm"} for name in ("Walk", "SitDown", "Yoga")]


@pytest.fixture
def id(client: FlaskClient) -> str:
    """Of a job."""
    response = client.post("/jobs", data={"url": "https://example.org/a.mp4"})
    return str(response.get_json()["id"])


class Listener:
    """Reads a job's events one by one, as a browser does."""

    def __init__(self, client: FlaskClient, id: str, last: str = "") -> None:
        self.response = client.get(f"/jobs/{id}/events", headers={"Last-Event-ID": last})
        self._pieces: Iterator[bytes] = self.response.iter_encoded()
        self.last = last

    def __call__(self) -> tuple[str, Any]:
        """Kind and data of the next event."""
        piece = next(self._pieces).decode()
        fields = dict(line.split(": ", 1) for line in piece.strip().splitlines())
        self.last = fields.get("id", self.last)
        return fields["event"], json.loads(fields["data"])

    def ends(self) -> bool:
        return next(self._pieces, None) is None


def test_segments_come_as_they_are_scored(client: FlaskClient, queue: Queue, id: str) -> None:
    hear = Listener(client, id)
    assert hear.response.content_type == "text/event-stream"
    watched = {"video": None, "playable_url": None, "picture_url": None}
    assert hear() == ("progress", {"state": "queued", "phase": None, "phases": [], **watched})
    queue.records.begin(id, "w")
    queue.records.score(id, "w", 0, SEGMENTS[:2])
    queue.records.advance(id, "w", "recognise", {"recognise": 0.5})
    assert [hear(), hear()] == [("segment", segment) for segment in SEGMENTS[:2]]
    kind, progress = hear()
    assert (kind, progress["state"]) == ("progress", "running")
    assert progress["phases"] == [{"phase": "recognise", "progress": 0.5}]
    queue.records.finish(id, "w", {**RESULT, "segment_predictions": SEGMENTS}, "v.mp4", "video/mp4")
    assert hear() == ("segment", SEGMENTS[2]), "what was scored last comes with the result"
    assert hear() == ("done", {})
    assert hear.ends()


def test_who_comes_back_gets_the_rest(client: FlaskClient, queue: Queue, id: str) -> None:
    queue.records.begin(id, "w")
    queue.records.score(id, "w", 0, SEGMENTS)
    first = Listener(client, id)
    assert [first(), first()] == [("segment", segment) for segment in SEGMENTS[:2]]
    first.response.close()
    again = Listener(client, id, first.last)
    assert again() == ("segment", SEGMENTS[2])


def test_a_second_attempt_begins_anew(client: FlaskClient, queue: Queue, id: str) -> None:
    queue.records.begin(id, "w")
    queue.records.score(id, "w", 0, SEGMENTS)
    hear = Listener(client, id)
    assert [hear()[0] for _ in range(4)] == ["segment"] * 3 + ["progress"]
    queue.records.retry(id, "w", TooLong("Cut it."))
    queue.records.begin(id, "other")
    queue.records.score(id, "other", 0, SEGMENTS[:1])
    assert hear() == ("restart", {})
    assert hear() == ("segment", SEGMENTS[0])
    assert hear.last == "2-1"


def test_a_failure_comes_with_its_reason(client: FlaskClient, queue: Queue, id: str) -> None:
    queue.records.begin(id, "w")
    queue.records.fail(id, "w", TooLong("Cut it."))
    hear = Listener(client, id)
    kind, error = hear()
    assert (kind, error["code"], error["detail"]) == ("failed", "too_long", "Cut it.")
    assert hear.ends()


def test_a_removed_job_is_told(client: FlaskClient, id: str) -> None:
    hear = Listener(client, id)
    assert hear()[0] == "progress"
    client.delete(f"/jobs/{id}")
    assert hear() == ("removed", {})
    assert hear.ends()
    assert client.get(f"/jobs/{id}/events").status_code == 404


def test_streams_end_when_the_service_stops(client: FlaskClient, queue: Queue, id: str) -> None:
    hear = Listener(client, id)
    assert hear()[0] == "progress"
    queue.stop()
    assert hear.ends()


@pytest.mark.parametrize("last", ["x", "9999999999-1", "1", "-1-1", "1-99999999"])
def test_a_last_event_that_is_none_of_ours(
    client: FlaskClient, queue: Queue, id: str, last: str
) -> None:
    queue.records.begin(id, "w")
    queue.records.fail(id, "w", TooLong("Cut it."))
    assert Listener(client, id, last)()[0] == "failed"
