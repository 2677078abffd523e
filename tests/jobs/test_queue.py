"""A job's way into the queue, waiting for its end, and cancelling it."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import sqlalchemy as sa

from config import Settings
from har.errors import DiskFull, KeyReused, NotAVideo, NotFound, QueueFull, Restarting
from har.jobs.queue import Queue, Sender
from har.jobs.storage import Upload
from har.jobs.tables import Job
from har.types import Options
from tests import servers
from tests.jobs.test_record import RESULT
from tests.jobs.uploads import content, upload

SOMEBODY = Sender("192.0.2.7")


def submit(queue: Queue, key: str | None = None, video: bytes = b"bytes", stride: int = 8) -> Job:
    return queue.submit(upload(video), Options(stride=stride), Sender("192.0.2.7", key))


def messages(settings: Settings) -> list[str]:
    """The ids of jobs in the queue, in their order."""
    files = sorted((settings.data_dir / "queue").glob("*.msg"))
    bodies = [base64.b64decode(json.loads(f.read_text())["body"]) for f in files]
    return [json.loads(body)[0][0] for body in bodies]


def stored(settings: Settings) -> list[str]:
    return [path.name for path in (settings.data_dir / "jobs").iterdir()]


def test_an_upload_becomes_a_job(settings: Settings, queue: Queue) -> None:
    job = submit(queue)
    assert (job.state, job.origin, job.source, job.bytes) == ("queued", "upload", "source.mp4", 5)
    assert (job.client, job.limit) == ("192.0.2.7", settings.job_timeout_seconds)
    assert content(queue.storage, job.id) == b"bytes"
    assert messages(settings) == [job.id]


def test_a_link_becomes_a_job_without_files(settings: Settings, queue: Queue) -> None:
    job = queue.submit("http://example.org/a.mp4", Options(), SOMEBODY)
    assert (job.origin, job.source, job.bytes) == ("url", "http://example.org/a.mp4", 0)
    assert stored(settings) == []


def test_jobs_keep_their_order_and_their_ids_cannot_be_guessed(
    settings: Settings, queue: Queue
) -> None:
    ids = [submit(queue).id for _ in range(20)]
    assert messages(settings) == ids
    assert len(set(ids)) == 20
    assert min(map(len, ids)) >= 22


def test_an_upload_that_breaks_off_leaves_nothing(settings: Settings, queue: Queue) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        queue.submit(Upload(Broken(), "clip.mp4"), Options(), SOMEBODY)
    assert stored(settings) == []
    assert queue.records.ids() == set()
    assert messages(settings) == []


def test_a_job_that_no_message_can_be_sent_about_still_waits(
    settings: Settings, queue: Queue
) -> None:
    shutil.rmtree(settings.data_dir / "queue")
    job = submit(queue)
    assert queue.records.get(job.id).state == "queued"


def test_a_broker_that_is_away_takes_no_job_with_it(settings: Settings) -> None:
    address = f"redis://127.0.0.1:{servers.free_port()}/0"
    settings = dataclasses.replace(settings, broker_url=address)
    with closing(Queue(settings)) as queue:
        began = time.monotonic()
        job = submit(queue)
        assert time.monotonic() - began < 5
        assert queue.records.get(job.id).state == "queued"
        with pytest.raises(Exception, match=r"(?i)connect"):
            queue.reach()


def test_a_key_gives_the_same_job_for_the_same_request(settings: Settings, queue: Queue) -> None:
    first, again = submit(queue, "k"), submit(queue, "k")
    assert again.id == first.id
    assert stored(settings) == [first.id]
    assert messages(settings) == [first.id]
    other = queue.submit(upload(), Options(stride=8), Sender("192.0.2.8", "k"))
    assert other.id != first.id, "keys of others are others"


@pytest.mark.parametrize("changed", [{"video": b"other"}, {"stride": 4}])
def test_a_key_is_for_one_request_only(
    settings: Settings, queue: Queue, changed: dict[str, object]
) -> None:
    first = submit(queue, "k")
    with pytest.raises(KeyReused):
        submit(queue, "k", **changed)  # type: ignore[arg-type]
    assert stored(settings) == [first.id]


def test_one_key_sent_many_times_at_once(settings: Settings, queue: Queue) -> None:
    with ThreadPoolExecutor(8) as pool:
        jobs = list(pool.map(lambda _: submit(queue, "k"), range(8)))
    assert len({job.id for job in jobs}) == 1
    assert stored(settings) == [jobs[0].id]


def test_no_more_may_wait_than_there_is_room_for(settings: Settings) -> None:
    settings = dataclasses.replace(settings, max_queued_jobs=2)
    with closing(Queue(settings)) as queue:
        kept = {submit(queue, f"{i}").id for i in range(2)}
        with pytest.raises(QueueFull) as refused:
            submit(queue)
        assert refused.value.retry_after == 30, "nothing is known of how long jobs take"
        assert set(stored(settings)) == kept
        assert submit(queue, "1").id in kept, "a job that is there already takes no room"
        first = sorted(kept)[0]
        queue.records.begin(first, "w")
        submit(queue)


def test_the_time_to_come_back_follows_from_what_jobs_took(settings: Settings) -> None:
    settings = dataclasses.replace(settings, max_queued_jobs=1)
    with closing(Queue(settings)) as queue:
        done = submit(queue).id
        queue.records.begin(done, "w")
        threading.Event().wait(1.2)
        queue.records.finish(done, "w", RESULT, "source.mp4", "video/mp4")
        submit(queue)
        with pytest.raises(QueueFull) as refused:
            submit(queue)
    assert refused.value.retry_after == 2


def test_no_more_bytes_may_wait_than_there_is_room_for(settings: Settings) -> None:
    settings = dataclasses.replace(settings, max_spool_mb=1)
    with closing(Queue(settings)) as queue:
        submit(queue, video=bytes(1_000_000))
        with pytest.raises(QueueFull):
            submit(queue)


def test_a_disk_that_is_nearly_full_takes_no_video(settings: Settings) -> None:
    settings = dataclasses.replace(settings, min_free_mb=10**9)
    with closing(Queue(settings)) as queue:
        with pytest.raises(DiskFull):
            submit(queue)
        assert stored(settings) == []


def test_waiting_ends_with_the_job(queue: Queue) -> None:
    done, failed = submit(queue), submit(queue)
    with ThreadPoolExecutor(2) as pool:
        waits = [pool.submit(queue.wait, job.id) for job in (done, failed)]
        for job in (done, failed):
            assert queue.records.begin(job.id, "w")
        queue.records.finish(done.id, "w", RESULT, "source.mp4", "video/mp4")
        queue.records.fail(failed.id, "w", NotAVideo("Send a video."))
        first, second = (wait.result(10) for wait in waits)
    assert first.result == RESULT
    assert second.error is not None
    assert second.error["code"] == "not_a_video"


def test_who_waits_is_told_when_the_service_stops(queue: Queue) -> None:
    job = submit(queue)
    queue.records.begin(job.id, "w")
    with ThreadPoolExecutor(1) as pool:
        wait = pool.submit(queue.wait, job.id)
        queue.stop()
        with pytest.raises(Restarting, match=f"/jobs/{job.id}"):
            wait.result(10)
    assert queue.records.get(job.id).state == "running", "the job goes on"


def test_who_waits_is_told_when_the_job_is_removed(settings: Settings, queue: Queue) -> None:
    job = submit(queue)
    with ThreadPoolExecutor(1) as pool:
        wait = pool.submit(queue.wait, job.id)
        queue.cancel(job.id)
        queue.cancel(job.id)
        with pytest.raises(NotFound):
            wait.result(10)
    assert stored(settings) == []


def test_a_job_that_cannot_be_forgotten_keeps_its_files(settings: Settings, queue: Queue) -> None:
    """Unless the disk is full, when its files are what makes room."""
    job = submit(queue)
    with queue.records.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE jobs RENAME TO elsewhere"))
    with pytest.raises(sa.exc.DBAPIError):
        queue.cancel(job.id)
    assert stored(settings) == [job.id]


def wait_with(queue: Queue, beat: threading.Event) -> Job:
    """Wait for a new job while a worker beats that does nothing, until the event is set."""
    job = submit(queue)
    with ThreadPoolExecutor(1) as pool:
        wait = pool.submit(queue.wait, job.id)
        while not beat.wait(0.05):
            queue.records.beat("w", ready=True)
        return wait.result(10)


def test_a_job_that_no_worker_takes_fails_and_leaves_nothing(
    settings: Settings, queue: Queue
) -> None:
    stop = threading.Event()
    timer = threading.Timer(2.5, stop.set)
    timer.start()
    began = time.monotonic()
    job = wait_with(queue, stop)
    assert time.monotonic() - began >= 2.5, "a worker that beats is waited for"
    assert job.error is not None
    assert (job.error["code"], job.error["status"]) == ("no_worker", 503)
    assert "python -m har worker" in job.error["detail"]
    assert stored(settings) == []
    assert queue.records.begin(job.id, "late") is None
