"""What the record of a job allows, and what it tells, on SQLite and on PostgreSQL."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any

import pytest
import sqlalchemy as sa

from config import Settings
from har.errors import Interrupted, NotFound, TooLong
from har.jobs.database import connect
from har.jobs.questions import Place
from har.jobs.record import ATTEMPTS, Records, Request
from har.jobs.tables import Job, Worker, now
from har.types import Options

RESULT = {
    "id": "a",
    "video": {"duration": 4.0},
    "timings": {"decode": 0.25, "backbone": 0.5, "total": 1.0},
    "segment_predictions": [{"source": "bilstm"}, {"source": "clip"}, {"source": "bilstm"}],
}
LINK = Request(
    client="192.0.2.7",
    key=None,
    fingerprint="f",
    origin="url",
    source="https://example.org/a.mp4",
    options=Options(labels=("Sit Down", "Yoga"), stride=4),
    bytes=0,
    limit=60.0,
)
UPLOAD = dataclasses.replace(LINK, origin="upload", source="source.mp4", bytes=1000)


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """Settings of an empty database."""
    if request.param == "sqlite":
        return settings
    url = request.getfixturevalue("migrated_postgresql")
    return dataclasses.replace(settings, database_url=url)


@pytest.fixture
def records(backend: Settings) -> Iterator[Records]:
    with closing(Records(backend)) as records:
        assert records.add("a", LINK)
        yield records


@pytest.fixture
def others(backend: Settings) -> Iterator[list[Records]]:
    """Those of other processes."""
    with ExitStack() as stack:
        yield [stack.enter_context(closing(Records(backend))) for _ in range(8)]


def change(settings: Settings, table: Any, **values: Any) -> None:
    """Play time or fate: change all rows of a table."""
    engine = connect(settings)
    with engine.begin() as connection:
        connection.execute(sa.update(table).values(**values))
    engine.dispose()


def silence(settings: Settings) -> None:
    """Let the last sign of life of all be longer ago than a worker may be silent."""
    change(settings, Job, beat=now() - settings.lost_after_seconds - 1)


def test_a_new_job_waits(records: Records) -> None:
    job = records.get("a")
    assert (job.state, job.phase, job.progress, job.ended) == ("queued", None, {}, False)
    assert (job.client, job.attempts, job.limit) == ("192.0.2.7", 0, 60.0)
    assert job.chosen_options() == Options(labels=("Sit Down", "Yoga"), stride=4)
    assert abs(job.created - time.time()) < 5


def test_a_job_that_nobody_added(records: Records) -> None:
    with pytest.raises(NotFound):
        records.get("b")


def test_a_job_runs_and_is_done(records: Records) -> None:
    job = records.begin("a", "w")
    assert job is not None
    assert (job.state, job.attempts) == ("running", 1)
    assert records.advance("a", "w", "recognise", {"probe": 1.0, "recognise": 0.25})
    job = records.get("a")
    assert (job.phase, job.progress) == ("recognise", {"probe": 1.0, "recognise": 0.25})
    assert records.finish("a", "w", RESULT, "source.mp4", "video/mp4")
    job = records.get("a")
    assert (job.state, job.result, job.error, job.ended) == ("done", RESULT, None, True)
    assert job.created <= job.started <= job.finished  # type: ignore[operator]


def test_a_job_is_given_to_one_worker_only(records: Records, others: list[Records]) -> None:
    with ThreadPoolExecutor(8) as pool:
        jobs = list(pool.map(lambda records: records.begin("a", "w"), others))
    assert sum(job is not None for job in jobs) == 1


def test_a_key_has_one_job(records: Records, others: list[Records]) -> None:
    keyed = dataclasses.replace(LINK, key="k")
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda i: others[i].add(f"k{i}", keyed), range(8)))
    assert added.count(True) == 1
    job = records.under_key("192.0.2.7", "k")
    assert job is not None
    assert job.id == f"k{added.index(True)}"
    assert records.under_key("192.0.2.8", "k") is None
    assert records.add("other", dataclasses.replace(keyed, client="192.0.2.8"))


def test_segments_are_there_as_they_are_scored(records: Records) -> None:
    records.begin("a", "w")
    assert records.score("a", "w", 0, [{"label": "Walk"}, {"label": "Yoga"}])
    assert records.score("a", "w", 2, [{"label": "SitDown"}])
    assert [s["label"] for s in records.segments("a", 0)] == ["Walk", "Yoga", "SitDown"]
    assert [s["label"] for s in records.segments("a", 2)] == ["SitDown"]
    records.finish("a", "w", RESULT, "source.mp4", "video/mp4")
    assert records.segments("a", 0) == [], "the result has them"


def test_a_worker_that_lost_its_job_can_do_nothing_to_it(
    backend: Settings, records: Records
) -> None:
    records.begin("a", "lost")
    silence(backend)
    assert records.reclaim() == []
    assert records.begin("a", "w")
    before = records.get("a")
    assert not records.hold("a", "lost")
    assert not records.advance("a", "lost", "annotate", {"annotate": 0.5})
    assert not records.score("a", "lost", 0, [{"label": "Walk"}])
    assert not records.finish("a", "lost", RESULT, "source.mp4", "video/mp4")
    assert not records.fail("a", "lost", TooLong("Cut it."))
    assert records.retry("a", "lost", Interrupted("Lost.")) is None
    assert not records.hand_back("a", "lost")
    after = records.get("a")
    assert (after.state, after.worker, after.progress) == ("running", "w", before.progress)
    assert records.segments("a", 0) == []
    assert records.tallies() == {}


def test_a_failure_is_kept_with_its_reason(records: Records) -> None:
    records.begin("a", "w")
    assert records.fail("a", "w", TooLong("Cut it."))
    job = records.get("a")
    assert job.state == "failed"
    assert job.error == {
        "title": TooLong.title,
        "status": 413,
        "detail": "Cut it.",
        "code": "too_long",
    }


def test_what_can_be_watched_is_told_until_its_files_go(records: Records) -> None:
    facts = {"start": 0.0, "duration": 4.0}
    shown: dict[str, Any] = {"video": "source.avi", "media_type": "video/avi", "facts": facts}
    records.begin("a", "w")
    assert records.show("a", "w", playable="playable.mp4", **shown)
    assert not records.show("a", "v", playable=None, **shown)
    records.hand_back("a", "w")
    job = records.begin("a", "v")
    assert job is not None
    assert (job.video, job.media_type) == ("source.avi", "video/avi")
    assert (job.facts, job.playable) == (facts, "playable.mp4")
    records.fail("a", "v", TooLong("Cut it."))
    job = records.get("a")
    assert (job.facts, job.video, job.playable) == (facts, None, None)


def test_what_has_ended_stays_as_it_is(records: Records) -> None:
    records.begin("a", "w")
    records.fail("a", "w", TooLong("Cut it."))
    assert not records.advance("a", "w", "annotate", {"annotate": 0.5})
    assert not records.finish("a", "w", RESULT, "source.mp4", "video/mp4")
    assert not records.fail("a", "w", TooLong("Again."))
    assert not records.abandon("a", TooLong("Again."))
    assert records.begin("a", "w") is None
    job = records.get("a")
    assert (job.state, job.phase, job.result) == ("failed", None, None)


def test_a_job_is_begun_a_second_time_and_no_more(backend: Settings, records: Records) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        job = records.begin("a", "w")
        assert job is not None
        assert job.attempts == attempt
        records.score("a", "w", 0, [{"label": "Walk"}])
        assert records.reclaim() == [], "its worker is alive"
        silence(backend)
        assert records.reclaim() == (["a"] if attempt == ATTEMPTS else [])
    job = records.get("a")
    assert (job.state, job.error and job.error["code"]) == ("failed", "interrupted")


def test_a_job_whose_time_is_over_is_not_begun_again(backend: Settings, records: Records) -> None:
    records.begin("a", "w")
    change(backend, Job, started=now() - 61)
    silence(backend)
    assert records.reclaim() == ["a"]
    error = records.get("a").error
    assert error is not None
    assert error["code"] == "timeout"


def test_a_job_that_is_handed_back_has_lost_no_attempt(records: Records) -> None:
    for _ in range(3):
        assert records.begin("a", "w")
        assert records.hand_back("a", "w")
    assert (records.get("a").state, records.get("a").attempts) == ("queued", 0)


def test_a_forgotten_job_is_told_of_once(backend: Settings, records: Records) -> None:
    assert records.forgotten(5.0) is None, "a message was sent just now"
    change(backend, Job, sent=now() - 6)
    assert records.forgotten(5.0) == "a"
    assert records.forgotten(5.0) is None
    records.begin("a", "w")
    records.hand_back("a", "w")
    assert records.forgotten(5.0) == "a", "no message was sent about it since"


def test_a_removed_job_is_gone_with_its_segments(records: Records) -> None:
    records.begin("a", "w")
    records.score("a", "w", 0, [{"label": "Walk"}])
    records.remove("a")
    records.remove("a")
    assert not records.hold("a", "w")
    assert records.ids() == set()
    records.add("a", LINK)
    assert records.segments("a", 0) == []


def test_jobs_are_listed_the_latest_first_and_page_by_page(records: Records) -> None:
    for name in "bcde":
        records.add(name, LINK)
    records.add("x", dataclasses.replace(LINK, client="192.0.2.8"))
    first = records.latest("192.0.2.7", 2, None)
    assert [job.id for job in first] == ["e", "d"]
    place = Place(first[-1].created, first[-1].id)
    records.add("f", LINK)
    rest = records.latest("192.0.2.7", 9, place)
    assert [job.id for job in rest] == ["c", "b", "a"], "what comes meanwhile moves nothing"


def test_the_records_are_counted(backend: Settings, records: Records) -> None:
    records.add("b", UPLOAD)
    records.add("c", UPLOAD)
    assert records.seconds_per_job() is None
    records.begin("c", "w")
    change(backend, Job, created=now() - 30)
    assert records.counts() == {"queued": 2, "running": 1, "done": 0, "failed": 0}
    assert records.spooled() == 2000
    assert records.running() == {"c"}
    assert 30 <= records.waited() < 35
    change(backend, Job, started=now() - 8)
    records.finish("c", "w", RESULT, "source.mp4", "video/mp4")
    seconds = records.seconds_per_job()
    assert seconds is not None
    assert 8 <= seconds < 12
    assert records.spooled() == 1000
    ((id, finished),) = records.ended()
    assert (id, finished) == ("c", records.get("c").finished)


def test_sums_outlive_the_jobs(records: Records) -> None:
    records.add("b", LINK)
    records.add("c", LINK)
    for id in "ab":
        records.begin(id, "w")
        records.finish(id, "w", RESULT, "source.mp4", "video/mp4")
        records.remove(id)
    records.abandon("c", TooLong("Cut it."))
    assert records.tallies() == {
        ("jobs", "done"): 2,
        ("jobs", "too_long"): 1,
        ("phase_seconds", "decode"): 0.5,
        ("phase_seconds", "backbone"): 1.0,
        ("phase_count", "decode"): 2,
        ("phase_count", "backbone"): 2,
        ("segments", "bilstm"): 4,
        ("segments", "clip"): 2,
        ("video_seconds", ""): 8.0,
        ("work_seconds", ""): 2.0,
    }


def test_workers_are_seen_ready_and_gone(backend: Settings, records: Records) -> None:
    job = records.get("a")
    assert records.workers() == []
    assert not records.is_deserted(job), "a worker may yet come"
    change(backend, Job, created=now() - backend.lost_after_seconds - 1)
    job = records.get("a")
    assert records.is_deserted(job)
    records.beat("w", ready=False)
    assert [(w.name, w.ready) for w in records.workers()] == [("w", False)]
    assert not records.is_deserted(job)
    records.beat("w", ready=True)
    assert [w.ready for w in records.workers()] == [True]
    change(backend, Worker, seen=now() - backend.lost_after_seconds - 1)
    assert records.workers() == []
    assert records.is_deserted(job)


def test_workers_long_gone_are_forgotten(backend: Settings, records: Records) -> None:
    records.beat("gone", ready=True)
    change(backend, Worker, seen=now() - 1000 * backend.lost_after_seconds)
    records.beat("w", ready=False)
    engine = connect(backend)
    with engine.connect() as connection:
        assert connection.scalars(sa.select(Worker.name)).all() == ["w"]
    engine.dispose()
