"""What a worker does for jobs that are not its own."""

from __future__ import annotations

import pytest

from config import Settings
from har.errors import TooLong
from har.jobs.housekeeping import Housekeeping
from har.jobs.queue import Queue, make_celery
from har.jobs.tables import Job, now
from har.types import Options
from tests.jobs.test_queue import SOMEBODY, messages, stored
from tests.jobs.test_record import change
from tests.jobs.uploads import upload
from tests.serving import eventually


@pytest.fixture
def housekeeping(settings: Settings, queue: Queue) -> Housekeeping:
    """Of a worker that is ready, and not yet started."""
    celery = make_celery(settings)
    found = Housekeeping("w", settings, queue.records, queue.storage, celery)
    found.ready = True
    return found


def submit(queue: Queue) -> str:
    return queue.submit(upload(), Options(), SOMEBODY).id


def forget_messages(settings: Settings) -> None:
    """Play a worker that died with the messages in its hands, some time ago."""
    for path in (settings.data_dir / "queue").glob("*.msg"):
        path.unlink()
    change(settings, Job, sent=now() - 60)


def test_a_waiting_job_whose_message_was_lost_is_told_of_again(
    settings: Settings, queue: Queue, housekeeping: Housekeeping
) -> None:
    id = submit(queue)
    forget_messages(settings)
    housekeeping.start()
    eventually(lambda: messages(settings) == [id], "the message", 20)


def test_a_worker_at_work_tells_of_nothing(
    settings: Settings, queue: Queue, housekeeping: Housekeeping
) -> None:
    submit(queue)
    forget_messages(settings)
    housekeeping.busy = True
    housekeeping.start()
    eventually(lambda: queue.records.workers(), "its heartbeat", 20)
    first = queue.records.workers()[0].seen
    eventually(
        lambda: any(worker.seen > first for worker in queue.records.workers()),
        "its second heartbeat",
        20,
    )
    other = submit(queue)
    assert messages(settings) == [other]


def test_a_lost_job_is_given_up_with_its_files_after_its_last_attempt(
    settings: Settings, queue: Queue, housekeeping: Housekeeping
) -> None:
    id = submit(queue)
    housekeeping.start()
    for attempt in (1, 2):
        eventually(lambda: queue.records.begin(id, "lost"), f"attempt {attempt}", 20)
    eventually(lambda: queue.records.get(id).ended, "the end of the job", 20)
    error = queue.records.get(id).error
    assert error is not None
    assert error["code"] == "interrupted"
    eventually(lambda: stored(settings) == [], "the files' removal", 20)


def test_files_that_nobody_needs_are_removed_at_start(
    settings: Settings, queue: Queue, housekeeping: Housekeeping
) -> None:
    id = submit(queue)
    queue.records.begin(id, "w")
    queue.records.fail(id, "w", TooLong("Cut it."))
    change(settings, Job, finished=now() - 3600 * settings.keep_hours - 1)
    housekeeping.start()
    eventually(lambda: not queue.records.ids(), "the removal", 20)
    eventually(lambda: stored(settings) == [], "the files' removal", 20)
