"""What a sweep takes, and above all what it leaves."""

from __future__ import annotations

import dataclasses
import logging
import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from config import Settings
from har.errors import Undecodable
from har.jobs import retention
from har.jobs.record import Records, Request
from har.jobs.retention import sweep
from har.jobs.storage import Storage
from har.jobs.tables import Job
from har.types import Options
from tests.jobs.uploads import put, upload

HOUR = 3600.0
MB = 1_000_000

RESULT = {"video": {"duration": 2.0}, "segment_predictions": [], "timings": {"total": 1.0}}
ERROR = Undecodable("It cannot be decoded.")


class Jobs:
    """Jobs with their records and files, in any state and of any age."""

    def __init__(self, settings: Settings) -> None:
        self.records = Records(settings)
        self.storage = Storage(settings)
        self.settings = settings

    def queue(self, id: str, bytes: int = 1000) -> None:
        kept = self.storage.keep(id, upload(b"v" * bytes))
        request = Request(
            client="127.0.0.1",
            key=None,
            fingerprint=kept.sha256,
            origin="upload",
            source=kept.name,
            options=Options(),
            bytes=kept.bytes,
            limit=HOUR,
        )
        assert self.records.add(id, request)

    def run(self, id: str, bytes: int = 1000) -> None:
        self.queue(id, bytes)
        assert self.records.begin(id, "worker")

    def end(self, id: str, hours_ago: float = 0.0, bytes: int = 1000) -> None:
        self.run(id, bytes)
        assert self.records.finish(id, "worker", RESULT, "source.mp4", "video/mp4")
        self.date(id, hours_ago)

    def fail(self, id: str, hours_ago: float = 0.0) -> None:
        self.run(id)
        self.storage.remove(id)
        assert self.records.fail(id, "worker", ERROR)
        self.date(id, hours_ago)

    def date(self, id: str, hours_ago: float) -> None:
        """Have a job and its files be as old as this."""
        at = time.time() - hours_ago * HOUR
        engine = sa.create_engine(f"sqlite:///{self.settings.data_dir / 'har.sqlite'}")
        with engine.begin() as connection:
            ended = sa.case((Job.finished.is_not(None), at))
            change = sa.update(Job).where(Job.id == id)
            connection.execute(change.values(created=at, started=at, beat=at, finished=ended))
        engine.dispose()
        date(self.settings.data_dir / "jobs" / id, hours_ago)

    def sweep(self, **settings: object) -> tuple[set[str], set[str]]:
        """The jobs that are left, and those that have files."""
        sweep(self.records, self.storage, dataclasses.replace(self.settings, **settings))  # type: ignore[arg-type]
        return self.records.ids(), set(self.storage.folders())


def date(folder: Path, hours_ago: float) -> None:
    at = time.time() - hours_ago * HOUR
    for path in (folder, *folder.rglob("*")) if folder.exists() else ():
        os.utime(path, (at, at))


@pytest.fixture
def jobs(settings: Settings) -> Jobs:
    return Jobs(settings)


def test_a_sweep_of_nothing(jobs: Jobs) -> None:
    assert jobs.sweep() == (set(), set())


def test_ended_jobs_go_when_they_are_old(jobs: Jobs) -> None:
    jobs.end("old", hours_ago=25)
    jobs.fail("old-failed", hours_ago=25)
    jobs.end("young", hours_ago=23)
    jobs.fail("young-failed", hours_ago=23)
    assert jobs.sweep(keep_hours=24.0) == ({"young", "young-failed"}, {"young"})


@pytest.mark.parametrize("begin", [Jobs.queue, Jobs.run])
def test_a_job_that_has_not_ended_is_kept_whatever_its_age_and_size(
    jobs: Jobs, begin: Callable[..., None]
) -> None:
    begin(jobs, "a", bytes=2 * MB)
    jobs.date("a", hours_ago=1000)
    jobs.end("b")
    assert jobs.sweep(keep_hours=1.0, keep_mb=1) == ({"a", "b"}, {"a", "b"})
    assert jobs.sweep(keep_hours=0.0, keep_mb=0) == ({"a"}, {"a"})


def test_the_oldest_go_until_the_rest_has_room(jobs: Jobs, tmp_path: Path) -> None:
    jobs.end("third", hours_ago=1, bytes=MB // 2)
    jobs.end("first", hours_ago=3, bytes=MB)
    jobs.end("second", hours_ago=2, bytes=MB // 2)
    put(jobs.storage, tmp_path, "second", b"a" * MB)
    assert jobs.sweep(keep_mb=3)[0] == {"first", "second", "third"}
    put(jobs.storage, tmp_path, "third", b"1")
    assert jobs.sweep(keep_mb=3)[0] == {"second", "third"}
    put(jobs.storage, tmp_path, "third", b"")
    assert jobs.sweep(keep_mb=2) == ({"second", "third"}, {"second", "third"})
    assert jobs.sweep(keep_mb=1) == ({"third"}, {"third"})
    assert jobs.sweep(keep_mb=0) == (set(), set())


def test_a_job_without_files_takes_no_room(jobs: Jobs) -> None:
    jobs.fail("failed", hours_ago=3)
    jobs.end("first", hours_ago=2, bytes=MB)
    jobs.end("second", hours_ago=1, bytes=MB)
    assert jobs.sweep(keep_mb=1) == ({"failed", "second"}, {"second"})


def test_old_jobs_make_room_before_others_have_to(jobs: Jobs) -> None:
    jobs.end("old", hours_ago=30, bytes=2 * MB)
    jobs.end("young", hours_ago=20, bytes=MB)
    assert jobs.sweep(keep_hours=24.0, keep_mb=1) == ({"young"}, {"young"})


def test_files_of_no_job_go_when_they_are_old(jobs: Jobs, tmp_path: Path) -> None:
    for id, hours_ago in (("old", 1.1), ("young", 0.9), ("being-written", 0.0)):
        jobs.storage.keep(id, upload())
        date(jobs.settings.data_dir / "jobs" / id, hours_ago)
    jobs.storage.keep("written-again", upload())
    date(jobs.settings.data_dir / "jobs" / "written-again", 1.1)
    put(jobs.storage, tmp_path, "written-again")
    (jobs.settings.data_dir / "jobs" / "empty").mkdir()
    date(jobs.settings.data_dir / "jobs" / "empty", 1.1)
    assert jobs.sweep() == (set(), {"young", "being-written", "written-again"})


def test_what_others_have_in_the_folder_is_left_alone(settings: Settings, tmp_path: Path) -> None:
    holiday = tmp_path / "share" / "videos" / "holiday.mp4"
    holiday.parent.mkdir(parents=True)
    holiday.write_bytes(b"beach")
    date(tmp_path / "share", 1000)
    jobs = Jobs(dataclasses.replace(settings, storage_url=str(tmp_path / "share")))
    jobs.sweep(keep_hours=0.0, keep_mb=0)
    assert holiday.read_bytes() == b"beach"


def test_left_working_folders_go(jobs: Jobs) -> None:
    jobs.queue("queued")
    jobs.run("running")
    jobs.end("ended")
    work = jobs.settings.data_dir / "work"
    for id in ("queued", "running", "ended", "removed", "removed-now"):
        (work / id / "parts").mkdir(parents=True)
        (work / id / "parts" / "1.ts").write_bytes(b"part")
        date(work / id, 1.1)
    date(work / "removed-now", 0.9)
    jobs.sweep()
    assert {path.name for path in work.iterdir()} == {"queued", "running", "removed-now"}
    (work / "running" / "parts" / "1.ts").unlink()
    jobs.records.remove("running")
    jobs.records.remove("queued")
    jobs.sweep()
    # The one was changed just now.
    assert {path.name for path in work.iterdir()} == {"running", "removed-now"}


def test_files_that_cannot_be_removed_do_not_keep_others(
    jobs: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    jobs.end("a", hours_ago=3)
    jobs.end("b", hours_ago=2)
    folder = jobs.settings.data_dir / "jobs" / "a"
    shutil.rmtree(folder)
    folder.write_bytes(b"not a folder")
    with caplog.at_level(logging.WARNING, "har"):
        assert jobs.sweep(keep_hours=1.0) == (set(), set())
    assert "job a: its files cannot be removed" in caplog.text


def test_many_may_sweep_at_the_same_time_while_jobs_come_and_go(settings: Settings) -> None:
    jobs = Jobs(settings)
    for number in range(20):
        jobs.end(f"old{number}", hours_ago=2)
        jobs.storage.keep(f"orphan{number}", upload())
        date(settings.data_dir / "jobs" / f"orphan{number}", 2)
        jobs.end(f"young{number}", bytes=MB // 10)
        jobs.date(f"young{number}", hours_ago=0.5 - number / 100)
    limits = dataclasses.replace(settings, keep_hours=1.0, keep_mb=1)
    workers = [Jobs(limits) for _ in range(3)]

    def come_and_go() -> None:
        for number in range(20):
            jobs.run(f"new{number}", bytes=0)
            assert jobs.records.finish(f"new{number}", "worker", RESULT, "source.mp4", "video/mp4")
        for number in range(5):
            # As a client's DELETE does.
            jobs.records.remove(f"young{number}")
            jobs.storage.remove(f"young{number}")

    with ThreadPoolExecutor(4) as pool:
        client = pool.submit(come_and_go)
        sweeps = [pool.submit(worker.sweep) for worker in workers for _ in range(3)]
        client.result()
        for done in sweeps:
            done.result()
    left = {f"new{number}" for number in range(20)} | {f"young{n}" for n in range(10, 20)}
    assert jobs.records.ids() == left
    assert set(jobs.storage.folders()) == left


def test_a_sweep_of_s3(bucket: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = Jobs(dataclasses.replace(settings, storage_url=f"s3://{bucket}/jobs"))
    jobs.end("first", hours_ago=2, bytes=MB)
    jobs.end("second", hours_ago=1, bytes=MB)
    jobs.run("running", bytes=MB)
    jobs.storage.keep("orphan", upload())
    left = {"second", "running"}
    assert jobs.sweep(keep_mb=1) == (left, left | {"orphan"})
    # S3 tells an object's age, and nobody can have it be older than it is.
    monkeypatch.setattr(retention, "ORPHAN_SECONDS", -10.0)
    assert jobs.sweep(keep_mb=1) == (left, left)
