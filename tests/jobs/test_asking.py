"""Questions and corrections in the record, on both databases."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from config import Settings
from har.errors import (
    BadOption,
    ModelGone,
    NotFound,
    Restarting,
    Superseded,
    TookTooLong,
    TooLong,
    WorkerUnavailable,
)
from har.export.result import document
from har.jobs import asking
from har.jobs.corrections import correct
from har.jobs.queue import Queue, Sender
from har.jobs.tables import Question, now
from har.types import Options
from tests.export.test_result import REPORT

LINK = "https://example.org/a.mp4"
REPORTED = dataclasses.replace(REPORT, timings={"decode": 0.5, "total": 1.0})
RESULT: dict[str, Any] = json.loads(json.dumps(document(REPORTED, id="x", origin="url")))


@pytest.fixture(params=["sqlite", "postgresql"])
def queue(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Queue]:
    settings = dataclasses.replace(settings, lost_after_seconds=600.0)
    if request.param == "postgresql":
        url = request.getfixturevalue("migrated_postgresql")
        settings = dataclasses.replace(settings, database_url=url)
    with closing(Queue(settings)) as queue:
        queue.records.beat("w", True)
        yield queue


@pytest.fixture
def id(queue: Queue) -> str:
    """A job that is done."""
    id = queue.submit(LINK, Options(), Sender("me")).id
    queue.records.begin(id, "w")
    assert queue.records.finish(id, "w", RESULT, "a.mp4", "video/mp4")
    return id


def taken(queue: Queue, worker: str = "w") -> Question:
    question = asking.take(queue.records, worker)
    assert question is not None
    return question


def questions(queue: Queue) -> int:
    with Session(queue.records.engine) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Question)) or 0


def grow_old(queue: Queue) -> None:
    """Have all questions been taken long ago."""
    with Session(queue.records.engine) as session, session.begin():
        session.execute(sa.update(Question).values(taken=now() - 3600.0))


def test_the_answer_is_the_new_result(queue: Queue, id: str) -> None:
    token = asking.ask(queue.records, id, ["Yoga"])
    question = taken(queue)
    assert (question.job, question.labels, question.token) == (id, ["Yoga"], token)
    assert asking.answer(queue.records, question, {**RESULT, "labels": ["Yoga"]})
    assert asking.wait(queue, id, token) is None
    job = queue.records.get(id)
    assert (job.state, job.result) == ("done", {**RESULT, "labels": ["Yoga"]})
    assert questions(queue) == 0


def test_who_waits_is_told_as_soon_as_there_is_an_answer(queue: Queue, id: str) -> None:
    token = asking.ask(queue.records, id, None)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(asking.wait, queue, id, token)
        question = taken(queue)
        assert question.labels is None
        assert not waiting.done()
        asking.answer(queue.records, question, RESULT)
        assert waiting.result(10) is None


def test_why_there_is_no_answer_is_told_once(queue: Queue, id: str) -> None:
    token = asking.ask(queue.records, id, ["Yoga"])
    asking.refuse(queue.records, taken(queue), ModelGone("Send the video again."))
    problem = asking.wait(queue, id, token)
    assert problem is not None
    assert (problem["code"], problem["status"]) == ("model_gone", 409)
    assert questions(queue) == 0
    assert queue.records.get(id).result == RESULT
    assert asking.take(queue.records, "w") is None


def test_a_question_is_given_to_one_worker(queue: Queue, id: str) -> None:
    asking.ask(queue.records, id, ["Yoga"])
    workers = [f"w{n}" for n in range(8)]
    with ThreadPoolExecutor(len(workers)) as pool:
        takers = list(pool.map(lambda worker: asking.take(queue.records, worker), workers))
    assert sum(question is not None for question in takers) == 1


def test_a_question_is_taken_from_a_worker_that_is_silent(queue: Queue, id: str) -> None:
    token = asking.ask(queue.records, id, ["Yoga"])
    taken(queue)
    assert asking.take(queue.records, "v") is None
    grow_old(queue)
    assert taken(queue, "v").token == token


def test_a_later_question_takes_the_place_of_the_first(queue: Queue, id: str) -> None:
    token = asking.ask(queue.records, id, ["Yoga"])
    first = taken(queue)
    later = asking.ask(queue.records, id, ["Walk"])
    with pytest.raises(Superseded):
        asking.wait(queue, id, token)
    assert not asking.answer(queue.records, first, {**RESULT, "labels": ["Yoga"]})
    asking.refuse(queue.records, first, TooLong("Of nobody's interest."))
    assert queue.records.get(id).result == RESULT
    assert asking.answer(queue.records, taken(queue), {**RESULT, "labels": ["Walk"]})
    assert asking.wait(queue, id, later) is None


def test_all_who_ask_at_once_are_told(queue: Queue, id: str) -> None:
    """Each question is answered or superseded, and the last one stands."""
    ending = threading.Event()

    def work() -> None:
        while not ending.is_set():
            if question := asking.take(queue.records, "w"):
                asking.answer(queue.records, question, {**RESULT, "labels": question.labels})

    def ask(number: int) -> bool:
        token = asking.ask(queue.records, id, [str(number)])
        try:
            assert asking.wait(queue, id, token) is None
        except Superseded:
            return False
        return True

    worker = threading.Thread(target=work)
    worker.start()
    try:
        with ThreadPoolExecutor(8) as pool:
            told = list(pool.map(ask, range(24)))
    finally:
        ending.set()
        worker.join()
    assert any(told)
    assert questions(queue) == 0
    assert (queue.records.get(id).result or {})["labels"][0] in map(str, range(24))


def test_there_is_nobody_to_answer(queue: Queue, id: str) -> None:
    queue.records.lost_after = 0.0
    token = asking.ask(queue.records, id, None)
    with pytest.raises(WorkerUnavailable):
        asking.wait(queue, id, token)
    assert questions(queue) == 0


def test_nobody_waits_for_ever(queue: Queue, id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a worker is there, and does not answer."""
    monkeypatch.setattr(asking, "_PATIENCE", 0.3)
    token = asking.ask(queue.records, id, ["Yoga"])
    with pytest.raises(TookTooLong):
        asking.wait(queue, id, token)
    assert questions(queue) == 0


def test_nobody_waits_for_a_service_that_stops(queue: Queue, id: str) -> None:
    queue.stop()
    with pytest.raises(Restarting):
        asking.wait(queue, id, asking.ask(queue.records, id, None))
    assert questions(queue) == 0


def test_nobody_answers_who_is_gone(queue: Queue, id: str) -> None:
    token = asking.ask(queue.records, id, None)
    question = taken(queue)
    asking.wait(queue, id, token, lambda: True)
    assert not asking.answer(queue.records, question, {**RESULT, "labels": ["Yoga"]})
    assert queue.records.get(id).result == RESULT


def test_a_job_that_is_removed_has_no_answer(queue: Queue, id: str) -> None:
    token = asking.ask(queue.records, id, None)
    question = taken(queue)
    queue.cancel(id)
    assert questions(queue) == 0
    assert not asking.answer(queue.records, question, RESULT)
    assert asking.wait(queue, id, token) is None
    assert not queue.records.has(id)


@pytest.mark.parametrize("state", ["none", "queued", "running", "failed"])
def test_only_what_is_done_can_be_asked_about(queue: Queue, state: str) -> None:
    id = "none"
    if state != "none":
        id = queue.submit(LINK, Options(), Sender("me")).id
    if state in ("running", "failed"):
        queue.records.begin(id, "w")
    if state == "failed":
        queue.records.fail(id, "w", TooLong("Cut it."))
    with pytest.raises(NotFound):
        asking.ask(queue.records, id, None)
    with pytest.raises(NotFound):
        correct(queue.records, id, range(1), "Yoga")
    assert questions(queue) == 0


def test_corrections_are_kept_changed_and_taken_back(queue: Queue, id: str) -> None:
    assert queue.records.get(id).corrections == {}
    assert correct(queue.records, id, range(2), "Yoga").corrections == {"0": "Yoga", "1": "Yoga"}
    correct(queue.records, id, range(1, 2), "Walk")
    assert queue.records.get(id).corrections == {"0": "Yoga", "1": "Walk"}
    assert correct(queue.records, id, range(1), None).corrections == {"1": "Walk"}
    assert queue.records.get(id).result == RESULT


def test_corrections_outlast_other_labels(queue: Queue, id: str) -> None:
    correct(queue.records, id, range(1), "Yoga")
    asking.ask(queue.records, id, ["Walk"])
    asking.answer(queue.records, taken(queue), {**RESULT, "labels": ["Walk"]})
    job = queue.records.get(id)
    assert (job.corrections, (job.result or {})["labels"]) == ({"0": "Yoga"}, ["Walk"])


@pytest.mark.parametrize("positions", [range(2, 3), range(3), range(10**9 - 1, 10**9)])
def test_there_are_no_such_segments(queue: Queue, id: str, positions: range) -> None:
    with pytest.raises(BadOption, match="the last is 1"):
        correct(queue.records, id, positions, "Yoga")
    assert queue.records.get(id).corrections == {}


def test_corrections_at_once_lose_none(queue: Queue, settings: Settings) -> None:
    count = 24
    result = {**RESULT, "segment_predictions": RESULT["segment_predictions"][:1] * count}
    id = queue.submit(LINK, Options(), Sender("me")).id
    queue.records.begin(id, "w")
    queue.records.finish(id, "w", result, "a.mp4", "video/mp4")
    with ThreadPoolExecutor(8) as pool:
        done = pool.map(
            lambda n: correct(queue.records, id, range(n, n + 1), f"label {n}"), range(count)
        )
        assert len(list(done)) == count
    assert queue.records.get(id).corrections == {str(n): f"label {n}" for n in range(count)}
