"""What the record of a job allows, and what it tells."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from config import Settings
from har.errors import NotFound, TooLong
from har.jobs.record import SILENCE, Records, Worker
from har.types import Options

RESULT = {"timeline": [], "id": "a"}


@pytest.fixture
def records(settings: Settings) -> Records:
    records = Records(settings)
    records.add("a", "upload", "source.mp4", Options(labels=("Sit Down", "Yoga"), stride=4))
    return records


def last_seen(settings: Settings, worker: str, seconds_ago: float) -> None:
    """Make a worker's last heartbeat this long ago."""
    engine = sa.create_engine(f"sqlite:///{settings.data_dir / 'har.sqlite'}")
    with engine.begin() as connection:
        seen = time.time() - seconds_ago
        connection.execute(sa.update(Worker).where(Worker.name == worker).values(seen=seen))
    engine.dispose()


def test_a_new_job_waits(records: Records) -> None:
    job = records.get("a")
    assert (job.state, job.phase, job.progress, job.ended) == ("queued", None, 0.0, False)
    assert job.chosen_options() == Options(labels=("Sit Down", "Yoga"), stride=4)


def test_a_job_that_nobody_added(records: Records) -> None:
    with pytest.raises(NotFound):
        records.get("b")


def test_a_job_runs_and_is_done(records: Records) -> None:
    job = records.begin("a", "w")
    assert job is not None
    assert job.state == "running"
    records.advance("a", "recognise", 0.25)
    assert (records.get("a").phase, records.get("a").progress) == ("recognise", 0.25)
    assert records.finish("a", RESULT, "source.mp4", "video/mp4")
    job = records.get("a")
    assert (job.state, job.result, job.error, job.ended) == ("done", RESULT, None, True)
    assert job.created <= job.started <= job.finished  # type: ignore[operator]


def test_a_job_is_given_to_one_worker_only(settings: Settings, records: Records) -> None:
    others = [Records(settings) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        jobs = list(pool.map(lambda records: records.begin("a", "w"), others))
    assert sum(job is not None for job in jobs) == 1


def test_a_failure_is_kept_with_its_reason(records: Records) -> None:
    records.begin("a", "w")
    assert records.fail("a", "running", TooLong("Cut it."))
    job = records.get("a")
    assert job.state == "failed"
    assert job.error == {
        "title": TooLong.title,
        "status": 413,
        "detail": "Cut it.",
        "code": "too_long",
    }


def test_what_has_ended_stays_as_it_is(records: Records) -> None:
    records.begin("a", "w")
    records.fail("a", "running", TooLong("Cut it."))
    records.advance("a", "annotate", 0.5)
    assert not records.finish("a", RESULT, "source.mp4", "video/mp4")
    assert not records.fail("a", "running", TooLong("Again."))
    assert records.begin("a", "w") is None
    job = records.get("a")
    assert (job.state, job.phase, job.result) == ("failed", None, None)


def test_workers_are_seen_and_ready(records: Records) -> None:
    assert records.worker_seen() == 0
    before = time.time()
    records.beat("w", ready=False)
    assert before <= records.worker_seen() <= time.time()
    assert records.worker_seen(ready=True) == 0
    records.beat("w", ready=True)
    assert records.worker_seen(ready=True) >= before


def test_a_job_whose_worker_is_gone_is_an_orphan(settings: Settings, records: Records) -> None:
    records.add("b", "url", "http://example.org/b.mp4", Options())
    records.add("c", "url", "http://example.org/c.mp4", Options())
    records.begin("a", "gone")
    records.begin("b", "alive")
    records.beat("gone", ready=True)
    records.beat("alive", ready=True)
    assert records.orphans() == []
    last_seen(settings, "gone", SILENCE + 1)
    assert records.orphans() == ["a"]


def test_workers_long_gone_are_forgotten(settings: Settings, records: Records) -> None:
    records.beat("gone", ready=True)
    last_seen(settings, "gone", 1000 * SILENCE)
    records.beat("w", ready=False)
    assert records.worker_seen(ready=True) == 0


def test_many_may_open_new_records_at_once(settings: Settings) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: Records(settings), range(16)))
    opened[0].add("x", "upload", "source", Options())
    assert opened[-1].get("x").id == "x"
