"""The job record: what was asked for, how far it is, and what came of it.

The record is the truth about a job. A message of the queue only wakes a worker up; what the record
does not allow does not happen, so a message that comes twice does nothing the second time, and one
that is lost is sent again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from har.errors import HarError, Interrupted, NotFound, TookTooLong
from har.jobs import tally
from har.jobs.questions import Questions
from har.jobs.tables import Job, Scored, State, Worker, now
from har.types import Options, Phase

LIVE = "live"
"""The origin of a job that is a live stream."""

ATTEMPTS = 2
"""How often a job is begun at most, where its worker dies of it."""

_FORGOTTEN = 100
"""Times the silence after which a worker counts as gone; then nobody asks for it any more."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """What somebody asks for; see Job for the members."""

    client: str
    key: str | None
    fingerprint: str
    origin: str
    source: str
    options: Options
    bytes: int
    limit: float


class Records(Questions):
    """The records of all jobs and workers. Threads may share one; processes may not."""

    # A job's way, in its order.

    def add(self, id: str, request: Request) -> bool:
        """Record a job that waits for a worker; False where the client's key has one already."""
        job = sa.insert(Job).values(
            id=id,
            state="queued",
            attempts=0,
            progress={},
            created=now(),
            sent=now(),
            **dataclasses.asdict(request),
        )
        try:
            with self._session.begin() as session:
                session.execute(job)
        except IntegrityError:
            return False
        return True

    def begin(self, id: str, worker: str) -> Job | None:
        """Give a waiting job to a worker; None where it is not waiting (any more)."""
        with self._session.begin() as session:
            begun = change(
                session,
                (Job.id == id, Job.state == "queued"),
                state="running",
                worker=worker,
                attempts=Job.attempts + 1,
                started=now(),
                beat=now(),
                phase=None,
                progress={},
            )
            job = session.get(Job, id) if begun else None
            # Those of a live stream were scored before, and nobody can score them again.
            if job and job.origin != LIVE:
                session.execute(sa.delete(Scored).where(Scored.job == id))
            return job

    def hold(self, id: str, worker: str) -> bool:
        """Note that a worker is still at a job; False where it is not, or no longer, its job."""
        with self._session.begin() as session:
            return change(session, held(id, worker), beat=now())

    def advance(self, id: str, worker: str, phase: Phase, progress: Mapping[str, float]) -> bool:
        """Tell how far a worker is with its job; False where it is not its job."""
        with self._session.begin() as session:
            told = {"phase": phase, "progress": dict(progress), "beat": now()}
            return change(session, held(id, worker), **told)

    def show(
        self,
        id: str,
        worker: str,
        *,
        video: str,
        media_type: str,
        facts: Mapping[str, Any],
        playable: str | None,
    ) -> bool:
        """Tell what can be watched while a worker is at its job; False as in advance().

        See Job for the members.
        """
        told = {"video": video, "media_type": media_type, "facts": dict(facts)}
        with self._session.begin() as session:
            return change(session, held(id, worker), playable=playable, beat=now(), **told)

    def score(
        self, id: str, worker: str, first: int, documents: Sequence[Mapping[str, Any]]
    ) -> bool:
        """Add segments, the first of them the ``first``-th of its job; False as in advance()."""
        with self._session.begin() as session:
            if not change(session, held(id, worker), beat=now()):
                return False
            session.add_all(
                Scored(job=id, position=first + i, document=dict(document))
                for i, document in enumerate(documents)
            )
        return True

    def finish(
        self,
        id: str,
        worker: str,
        result: Mapping[str, Any],
        video: str | None,
        media_type: str | None,
    ) -> bool:
        """Store the result of a worker's job; False where it is not its job."""
        with self._session.begin() as session:
            done = change(
                session,
                held(id, worker),
                state="done",
                finished=now(),
                result=dict(result),
                video=video,
                media_type=media_type,
            )
            if done:
                session.execute(sa.delete(Scored).where(Scored.job == id))
                tally.add(session, tally.of_result(result))
        return done

    def fail(self, id: str, worker: str, error: HarError) -> bool:
        """Store why a worker's job failed; False where it is not its job."""
        return self._fail(held(id, worker), error)

    def abandon(self, id: str, error: HarError) -> bool:
        """Store why a job that waits cannot be done; False where it is not waiting."""
        return self._fail((Job.id == id, Job.state == "queued"), error)

    def retry(self, id: str, worker: str, error: HarError) -> State | None:
        """Have a job that its worker could not end begun once more, or fail where that was the last
        attempt. The job's state, or None where it is not the worker's job."""
        return self._retry(held(id, worker), error)

    def hand_back(self, id: str, worker: str) -> bool:
        """Let a job that its worker has to leave wait for another, as if it had not been begun."""
        with self._session.begin() as session:
            values = {"state": "queued", "worker": None, "attempts": Job.attempts - 1, "sent": 0.0}
            return change(session, held(id, worker), **values)

    def remove(self, id: str) -> None:
        """Forget a job; one that is not there is forgotten already."""
        with self._session.begin() as session:
            session.execute(sa.delete(Job).where(Job.id == id))

    # Looking after the jobs of others.

    def reclaim(self) -> list[str]:
        """Take the running jobs away from workers that are silent. They wait for another, or fail
        where that was their last attempt or their time is over; the ids of those that failed."""
        silent = Job.beat < now() - self.lost_after
        lost = sa.select(Job.id, Job.worker, now() - Job.started > Job.limit)
        with self._session() as session:
            jobs = session.execute(lost.where(Job.state == "running", silent)).all()
        failed = []
        for id, worker, is_late in jobs:
            its = (*held(id, str(worker)), silent)
            ended = self._fail(its, LATE) if is_late else self._retry(its, _LOST) == "failed"
            if ended:
                failed.append(id)
        return failed

    def forgotten(self, seconds: float) -> str | None:
        """A waiting job that no message was sent about for so long; as good as sent now."""
        overdue = (Job.state == "queued", Job.sent < now() - seconds)
        with self._session.begin() as session:
            id = session.scalar(sa.select(Job.id).where(*overdue).order_by(Job.created).limit(1))
            if id is None or not change(session, (Job.id == id, *overdue), sent=now()):
                return None
        return id

    def beat(self, worker: str, ready: bool) -> None:
        """Note that a worker is alive, and forget those that have long been gone."""
        gone = Worker.seen < now() - _FORGOTTEN * self.lost_after
        with self._session.begin() as session:
            session.merge(Worker(name=worker, seen=now(), ready=ready))
            session.execute(sa.delete(Worker).where(gone))

    def offer(self, worker: str, models: Sequence[Mapping[str, Any]]) -> None:
        """Tell which models a worker that is alive can score clips with."""
        told = [dict(model) for model in models]
        with self._session.begin() as session:
            session.execute(sa.update(Worker).where(Worker.name == worker).values(models=told))

    def _fail(self, which: Conditions, error: HarError) -> bool:
        gone = {"video": None, "media_type": None, "playable": None}
        values = {"state": "failed", "finished": now(), "error": problem(error), **gone}
        with self._session.begin() as session:
            failed = change(session, which, **values)
            if failed:
                tally.add(session, {("jobs", error.code): 1.0})
        return failed

    def _retry(self, which: Conditions, error: HarError) -> State | None:
        again = (*which, Job.attempts < ATTEMPTS)
        with self._session.begin() as session:
            if change(session, again, state="queued", worker=None, sent=0.0):
                return "queued"
        return "failed" if self._fail(which, error) else None


Conditions = tuple[sa.ColumnElement[bool], ...]

_LOST = Interrupted(
    "Every worker that began with this video stopped in the middle of it. Convert it to H.264 in "
    "MP4 and send it again."
)
LATE = TookTooLong("The video took longer than a job may. Send a shorter one.")


def problem(error: HarError) -> dict[str, Any]:
    """An error as the members of a problem document."""
    return {
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
    }


def lock(session: Session, id: str) -> None:
    """Have whoever else changes a job that is done wait for the end of this transaction.

    Raises NotFound where there is none. To come first in a transaction: SQLite lets nobody write
    who has read before others wrote.
    """
    if not change(session, (Job.id == id, Job.state == "done"), attempts=Job.attempts):
        raise NotFound("There is no such job, or it is not done yet.")


def held(id: str, worker: str) -> Conditions:
    """That a job is a worker's own."""
    return (Job.id == id, Job.state == "running", Job.worker == worker)


def change(session: Session, which: Conditions, **values: Any) -> bool:
    """Change the job that meets the conditions; False where none does."""
    result = session.execute(sa.update(Job).where(*which).values(**values))
    return result.rowcount == 1  # type: ignore[attr-defined, no-any-return]
