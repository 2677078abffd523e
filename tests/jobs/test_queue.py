"""A job's way into the queue, and waiting for its end."""

from __future__ import annotations

import base64
import io
import json
import secrets
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from config import Settings
from har.errors import NotAVideo, NotFound
from har.jobs import queue as queue_module
from har.jobs import storage
from har.jobs.queue import Queue
from har.jobs.record import Job
from har.jobs.storage import Upload
from har.types import Options


@pytest.fixture
def queue(settings: Settings) -> Queue:
    return Queue(settings)


def upload() -> Upload:
    return Upload(io.BytesIO(b"bytes"), "clip.mp4")


def messages(settings: Settings) -> list[str]:
    """The ids of jobs in the queue, in their order."""
    files = sorted((settings.data_dir / "queue").glob("*.msg"))
    bodies = [base64.b64decode(json.loads(f.read_text())["body"]) for f in files]
    return [json.loads(body)[0][0] for body in bodies]


def test_an_upload_becomes_a_job(settings: Settings, queue: Queue) -> None:
    job = queue.submit(upload(), Options(stride=4))
    assert (job.state, job.origin, job.source) == ("queued", "upload", "source.mp4")
    assert (storage.folder(settings, job.id) / "source.mp4").read_bytes() == b"bytes"
    assert messages(settings) == [job.id]


def test_a_link_becomes_a_job_without_files(settings: Settings, queue: Queue) -> None:
    job = queue.submit("http://example.org/a.mp4", Options())
    assert (job.origin, job.source) == ("url", "http://example.org/a.mp4")
    assert not storage.folder(settings, job.id).exists()


def test_jobs_keep_their_order_and_their_ids_cannot_be_guessed(
    settings: Settings, queue: Queue
) -> None:
    ids = [queue.submit(upload(), Options()).id for _ in range(20)]
    assert messages(settings) == ids
    assert len(set(ids)) == 20
    assert min(map(len, ids)) >= 22


def test_an_upload_that_breaks_off_leaves_nothing(settings: Settings, queue: Queue) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        queue.submit(Upload(Broken(), "clip.mp4"), Options())
    assert list((settings.data_dir / "jobs").iterdir()) == []
    assert messages(settings) == []


def test_a_job_that_cannot_be_queued_leaves_nothing(
    settings: Settings, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(settings.data_dir / "queue")
    monkeypatch.setattr(secrets, "token_urlsafe", lambda _: "an-id")
    with pytest.raises(FileNotFoundError):
        queue.submit(upload(), Options())
    assert list((settings.data_dir / "jobs").iterdir()) == []
    with pytest.raises(NotFound):
        queue.records.get("an-id")


def test_waiting_ends_with_the_job(queue: Queue) -> None:
    done, failed = (queue.submit(upload(), Options()) for _ in range(2))
    with ThreadPoolExecutor(2) as pool:
        waits = [pool.submit(queue.wait, job.id) for job in (done, failed)]
        for job in (done, failed):
            assert queue.records.begin(job.id, "w")
        queue.records.finish(done.id, {"timeline": []}, "source.mp4", "video/mp4")
        queue.records.fail(failed.id, "running", NotAVideo("Send a video."))
        first, second = (wait.result(10) for wait in waits)
    assert first.result == {"timeline": []}
    assert second.error is not None
    assert second.error["code"] == "not_a_video"


def wait_with(queue: Queue, beat: threading.Event) -> Job:
    """Wait for a new job while a worker beats that does nothing, until the event is set."""
    job = queue.submit(upload(), Options())
    with ThreadPoolExecutor(1) as pool:
        wait = pool.submit(queue.wait, job.id)
        while not beat.wait(0.05):
            queue.records.beat("w", ready=True)
        return wait.result(10)


def test_a_job_that_no_worker_takes_fails_and_leaves_nothing(
    settings: Settings, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_module, "SILENCE", 0.5)
    stop = threading.Event()
    timer = threading.Timer(1.5, stop.set)
    timer.start()
    began = time.monotonic()
    job = wait_with(queue, stop)
    assert time.monotonic() - began >= 1.5, "a worker that beats is waited for"
    assert job.error is not None
    assert (job.error["code"], job.error["status"]) == ("no_worker", 503)
    assert "python -m har worker" in job.error["detail"]
    assert not storage.folder(settings, job.id).exists()
    assert queue.records.begin(job.id, "late") is None
