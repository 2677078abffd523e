"""Questions about jobs that are done: the same video with other zero-shot labels.

The web puts them into the record, and a worker, which has the models, takes them out. The answer is
the job's new result.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from har.errors import (
    HarError,
    NotFound,
    Restarting,
    Superseded,
    TookTooLong,
    WorkerUnavailable,
)
from har.jobs.questions import Questions
from har.jobs.queue import Queue
from har.jobs.record import lock, problem
from har.jobs.tables import Job, Question, Worker, now

_LOOK = 0.05
_PATIENCE = 60.0
"""Seconds to wait for an answer. One takes some tenths of a second; after a start, the text model
may have to be loaded first."""

_TAKEN = 10.0
"""Seconds after which a question is taken from a worker that has not answered."""


def ask(records: Questions, id: str, labels: Sequence[str] | None) -> str:
    """Ask for a job's result with other labels, None being those that it was sent with; an older
    question about it is void. Returns the question's token. Raises NotFound."""
    token = secrets.token_urlsafe(16)
    question = sa.insert(Question).values(
        job=id, token=token, labels=None if labels is None else list(labels), asked=now()
    )
    with Session(records.engine) as session, session.begin():
        lock(session, id)
        session.execute(sa.delete(Question).where(Question.job == id))
        session.execute(question)
    return token


def wait(
    queue: Queue, id: str, token: str, is_gone: Callable[[], bool] = lambda: False
) -> dict[str, Any] | None:
    """Wait for the answer, which is then the job's result, or until who asks is gone; the problem
    where there is no answer, as problem() makes it.

    Raises Superseded, WorkerUnavailable where no worker is there, TookTooLong, and Restarting once
    the queue stops. Whatever comes of it, nothing of the question is left.
    """
    try:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            standing = _standing(queue.records, id)
            if standing is None or is_gone():
                return None
            if standing.token != token:
                raise Superseded("Somebody asked for other labels meanwhile. Ask again.")
            if standing.error is not None:
                return dict(standing.error)
            if not standing.has_worker:
                raise WorkerUnavailable(
                    "Nothing is there to score the video anew. Start a worker with `python -m har "
                    "worker`, or all of the service with `make serve`, and ask again."
                )
            if queue.stopped(_LOOK):
                raise Restarting("The service is stopped or restarted. Ask again in a minute.")
        raise TookTooLong("No worker found the time to answer. Ask again.")
    finally:
        _withdraw(queue.records, id, token)


def take(records: Questions, worker: str) -> Question | None:
    """Give the oldest question that nobody is at to a worker."""
    idle = sa.or_(Question.taken.is_(None), Question.taken < now() - _TAKEN)
    open_ = (Question.error.is_(None), idle)
    with Session(records.engine, expire_on_commit=False) as session, session.begin():
        oldest = sa.select(Question).where(*open_).order_by(Question.asked).limit(1)
        question = session.scalar(oldest)
        if question is None:
            return None
        mine = sa.update(Question).where(*_is(question.job, question.token), *open_)
        taken = session.execute(mine.values(worker=worker, taken=now()))
        return question if _changed(taken) else None


def answer(records: Questions, question: Question, result: Mapping[str, Any]) -> bool:
    """Store the result that was asked for; False where nobody waits for it any more."""
    with Session(records.engine) as session, session.begin():
        try:
            lock(session, question.job)
        except NotFound:
            return False
        asked = sa.delete(Question).where(*_is(question.job, question.token))
        if not _changed(session.execute(asked)):
            return False
        session.execute(sa.update(Job).where(Job.id == question.job).values(result=dict(result)))
    return True


def refuse(records: Questions, question: Question, error: HarError) -> None:
    """Store why there is no answer."""
    asked = sa.update(Question).where(*_is(question.job, question.token))
    with Session(records.engine) as session, session.begin():
        session.execute(asked.values(error=problem(error)))


def _standing(records: Questions, id: str) -> Any:
    """The token and the error of the question about a job, and whether any worker is there."""
    worker = sa.exists().where(Worker.seen > now() - records.lost_after)
    standing = sa.select(Question.token, Question.error, worker.label("has_worker"))
    with Session(records.engine) as session:
        return session.execute(standing.where(Question.job == id)).one_or_none()


def _withdraw(records: Questions, id: str, token: str) -> None:
    with Session(records.engine) as session, session.begin():
        session.execute(sa.delete(Question).where(*_is(id, token)))


def _is(id: str, token: str) -> tuple[sa.ColumnElement[bool], ...]:
    return Question.job == id, Question.token == token


def _changed(outcome: Any) -> bool:
    return bool(outcome.rowcount == 1)
