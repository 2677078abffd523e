"""What Prometheus reads, parsed as it does."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from har.errors import TooLong
from har.jobs.queue import Queue
from tests.jobs.test_record import UPLOAD

Samples = dict[tuple[str, str], float]


def scrape(client: FlaskClient) -> Samples:
    """Each number by its name and the value of its label."""
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.content_type.startswith("text/plain; version=")
    return {
        (sample.name, "".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def add(queue: Queue, id: str, size: int = 1000) -> None:
    assert queue.records.add(id, dataclasses.replace(UPLOAD, bytes=size))


def finish(queue: Queue, id: str, seconds: float, work: float, sources: list[str]) -> None:
    """Do what a worker does."""
    add(queue, id)
    result: dict[str, Any] = {
        "video": {"duration": seconds},
        "segment_predictions": [{"source": source} for source in sources],
        "timings": {"fetch": 0.5, "decode": work / 2, "total": work},
    }
    assert queue.records.begin(id, "w")
    assert queue.records.finish(id, "w", result, "source.mp4", "video/mp4")


def test_a_new_service_has_no_shares_of_nothing(client: FlaskClient) -> None:
    samples = scrape(client)
    states = {label: value for (name, label), value in samples.items() if name == "har_jobs"}
    assert states == {"queued": 0, "running": 0, "done": 0, "failed": 0}
    assert samples["har_queue_age_seconds", ""] == 0
    assert samples["har_spooled_bytes", ""] == 0
    assert samples["har_free_bytes", ""] > 0
    names = {name for name, _ in samples}
    assert not names & {"har_fallback_share", "har_real_time_factor", "har_phase_seconds_sum"}


def test_jobs_that_wait_and_that_are_worked_on(client: FlaskClient, queue: Queue) -> None:
    add(queue, "a", 700)
    age = scrape(client)["har_queue_age_seconds", ""]
    for id in ("b", "c"):
        add(queue, id, 50)
    queue.records.begin("b", "w")
    samples = scrape(client)
    assert [samples["har_jobs", state] for state in ("queued", "running")] == [2, 1]
    assert samples["har_spooled_bytes", ""] == 800
    assert 0 <= age < samples["har_queue_age_seconds", ""] < 60


def test_workers_by_their_readiness(client: FlaskClient, queue: Queue) -> None:
    for name, ready in (("one", True), ("two", True), ("three", False)):
        queue.records.beat(name, ready)
    samples = scrape(client)
    assert (samples["har_workers", "true"], samples["har_workers", "false"]) == (2, 1)


def test_what_ended_is_counted_also_when_it_is_gone(client: FlaskClient, queue: Queue) -> None:
    finish(queue, "a", seconds=10, work=2, sources=["bilstm", "bilstm", "clip"])
    finish(queue, "b", seconds=30, work=6, sources=["semantic"])
    add(queue, "c")
    queue.records.begin("c", "w")
    queue.records.fail("c", "w", TooLong("Cut it."))
    before = scrape(client)
    for id in "abc":
        queue.records.remove(id)
    after = scrape(client)
    assert (before["har_jobs", "done"], after["har_jobs", "done"]) == (2, 0)
    for samples in (before, after):
        assert samples["har_jobs_ended_total", "done"] == 2
        assert samples["har_jobs_ended_total", "too_long"] == 1
        sources = [samples["har_segments_total", s] for s in ("bilstm", "clip", "semantic")]
        assert sources == [2, 1, 1]
        assert samples["har_fallback_share", ""] == pytest.approx(0.5)
        assert samples["har_real_time_factor", ""] == pytest.approx(8 / 40)
        assert samples["har_phase_seconds_count", "decode"] == 2
        assert samples["har_phase_seconds_sum", "decode"] == pytest.approx(4)
        assert samples["har_phase_seconds_sum", "fetch"] == pytest.approx(1)


def test_numbers_of_a_share_that_is_none_are_left_out(client: FlaskClient, queue: Queue) -> None:
    finish(queue, "a", seconds=0, work=1, sources=[])
    names = {name for name, _ in scrape(client)}
    assert "har_jobs_ended_total" in names
    assert not names & {"har_fallback_share", "har_real_time_factor"}
