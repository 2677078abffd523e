"""What can be asked of the records; nothing here changes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import sessionmaker

from config import Settings
from har.errors import NotFound
from har.jobs import tally
from har.jobs.database import connect
from har.jobs.tables import Job, Scored, Worker, now

_LATEST = 20
"""Ended jobs whose time tells how long the next will take."""


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a list of jobs, the latest first, goes on."""

    created: float
    id: str


class Questions:
    """The records as they are read. Threads may share one; processes may not."""

    def __init__(self, settings: Settings) -> None:
        """Raises as har.jobs.database.connect() does."""
        self.engine = connect(settings)
        self._session = sessionmaker(self.engine, expire_on_commit=False)
        self.lost_after = settings.lost_after_seconds

    def close(self) -> None:
        """Close the connections to the database."""
        self.engine.dispose()

    def get(self, id: str) -> Job:
        """Raises NotFound."""
        with self._session() as session:
            job = session.get(Job, id)
        if job is None:
            raise NotFound("There is no such job. Jobs are found by the id they were given.")
        return job

    def has(self, id: str) -> bool:
        """Whether there is such a job."""
        with self._session() as session:
            return session.scalar(sa.select(Job.id).where(Job.id == id)) is not None

    def under_key(self, client: str, key: str) -> Job | None:
        """The job that a client gave a key to."""
        with self._session() as session:
            return session.scalar(sa.select(Job).where(Job.client == client, Job.key == key))

    def latest(self, client: str, count: int, after: Place | None) -> Sequence[Job]:
        """A client's jobs, the latest first; those that come after a place in that list."""
        order = sa.tuple_(Job.created, Job.id)
        jobs = sa.select(Job).where(Job.client == client)
        if after is not None:
            jobs = jobs.where(order < sa.tuple_(after.created, after.id))
        with self._session() as session:
            return session.scalars(
                jobs.order_by(Job.created.desc(), Job.id.desc()).limit(count)
            ).all()

    def segments(self, id: str, first: int) -> list[dict[str, Any]]:
        """The segments of a running job from the ``first``-th on."""
        scored = sa.select(Scored.document).where(Scored.job == id, Scored.position >= first)
        with self._session() as session:
            return list(session.scalars(scored.order_by(Scored.position)))

    def ids(self) -> set[str]:
        """Of all jobs."""
        with self._session() as session:
            return set(session.scalars(sa.select(Job.id)))

    def ended(self) -> list[tuple[str, float]]:
        """Ids of the ended jobs and when they ended, the longest ago first."""
        ended = sa.select(Job.id, Job.finished).where(Job.state.in_(("done", "failed")))
        with self._session() as session:
            return [(id, at or 0.0) for id, at in session.execute(ended.order_by(Job.finished))]

    def running(self) -> set[str]:
        """Ids of the jobs that workers are at."""
        with self._session() as session:
            return set(session.scalars(sa.select(Job.id).where(Job.state == "running")))

    def counts(self) -> dict[str, int]:
        """How many jobs are in each state."""
        count = sa.select(Job.state, sa.func.count()).group_by(Job.state)
        with self._session() as session:
            found = {row[0]: row[1] for row in session.execute(count)}
        return {state: found.get(state, 0) for state in ("queued", "running", "done", "failed")}

    def spooled(self) -> int:
        """Bytes of the uploads that wait or are worked on."""
        waiting = Job.state.in_(("queued", "running"))
        with self._session() as session:
            return int(session.scalar(sa.select(sa.func.sum(Job.bytes)).where(waiting)) or 0)

    def waited(self) -> float:
        """Seconds for which the oldest waiting job has waited; 0 where none does."""
        age = sa.select(now() - sa.func.min(Job.created)).where(Job.state == "queued")
        with self._session() as session:
            return float(session.scalar(age) or 0.0)

    def seconds_per_job(self) -> float | None:
        """What the latest jobs took on average, from their beginning; None before there are any."""
        both = Job.started.is_not(None), Job.finished.is_not(None)
        took = sa.select((Job.finished - Job.started).label("seconds")).where(*both)
        latest = took.order_by(Job.finished.desc()).limit(_LATEST).subquery()
        with self._session() as session:
            return session.scalar(sa.select(sa.func.avg(latest.c.seconds)))

    def workers(self) -> Sequence[Worker]:
        """Those that are alive."""
        alive = Worker.seen > now() - self.lost_after
        with self._session() as session:
            return session.scalars(sa.select(Worker).where(alive)).all()

    def is_deserted(self, job: Job) -> bool:
        """Whether no worker has been there for some time, since the job came."""
        recent = now() - self.lost_after
        seen = sa.select(sa.func.max(Worker.seen) > recent)
        young = sa.select(sa.literal(job.created) > recent)
        with self._session() as session:
            return not (session.scalar(seen) or session.scalar(young))

    def tallies(self) -> tally.Tallies:
        """Sums over all jobs that ever ended."""
        with self._session() as session:
            return tally.of(session)

    def answer(self) -> None:
        """Raises where the database does not."""
        with self._session() as session:
            session.execute(sa.select(Worker.name).limit(1))
