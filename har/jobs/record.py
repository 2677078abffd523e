"""The job record: what was asked for, how far it is, and what came of it.

The record is the truth about a job. A message of the queue only wakes a worker up; what the record
does not allow does not happen, so a message that comes twice does nothing the second time.
"""

from __future__ import annotations

import dataclasses
import time
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker
from sqlalchemy.schema import CreateTable

from config import Settings
from har.errors import HarError, NotFound
from har.types import Options, Phase

State = Literal["queued", "running", "done", "failed"]

SILENCE = 15.0
"""Seconds without a heartbeat after which a worker counts as gone."""


class Base(DeclarativeBase):
    """Times are seconds since the epoch."""


class Job(Base):
    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(primary_key=True)
    origin: Mapped[str]
    """``upload`` or ``url``."""
    source: Mapped[str]
    """The link, or the name of the uploaded file in the job's folder."""
    options: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    state: Mapped[State] = mapped_column(default="queued")
    phase: Mapped[str | None]
    progress: Mapped[float] = mapped_column(default=0.0)
    """Fraction of the phase that is done."""
    worker: Mapped[str | None]
    created: Mapped[float] = mapped_column(default=time.time)
    started: Mapped[float | None]
    finished: Mapped[float | None]
    result: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    error: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """What problem() makes of it."""
    video: Mapped[str | None]
    """The name of the original video in the job's folder, once it is done."""
    media_type: Mapped[str | None]

    @property
    def ended(self) -> bool:
        return self.state in ("done", "failed")

    def chosen_options(self) -> Options:
        labels = self.options["labels"]
        return Options(**{**self.options, "labels": None if labels is None else tuple(labels)})


class Worker(Base):
    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(primary_key=True)
    seen: Mapped[float]
    """Its last heartbeat."""
    ready: Mapped[bool]
    """Its models are loaded."""


class Records:
    """The records of all jobs and workers. Threads may share one; processes may not."""

    def __init__(self, settings: Settings) -> None:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(f"sqlite:///{settings.data_dir / 'har.sqlite'}")
        sa.event.listen(engine, "connect", _prepare)
        with engine.begin() as connection:
            for table in Base.metadata.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
        self._session = sessionmaker(engine, expire_on_commit=False)

    def add(self, id: str, origin: str, source: str, options: Options) -> None:
        """Record a job that waits for a worker."""
        with self._session.begin() as session:
            session.add(
                Job(id=id, origin=origin, source=source, options=dataclasses.asdict(options))
            )

    def remove(self, id: str) -> None:
        """Forget a job; one that is not there is forgotten already."""
        with self._session.begin() as session:
            session.execute(sa.delete(Job).where(Job.id == id))

    def get(self, id: str) -> Job:
        """Raises NotFound."""
        with self._session() as session:
            job = session.get(Job, id)
        if job is None:
            raise NotFound("There is no such job. Jobs are found by the id they were given.")
        return job

    def begin(self, id: str, worker: str) -> Job | None:
        """Give a queued job to a worker; None where it is not waiting (any more)."""
        if not self._change(id, "queued", state="running", worker=worker, started=time.time()):
            return None
        return self.get(id)

    def advance(self, id: str, phase: Phase, fraction: float) -> None:
        self._change(id, "running", phase=phase, progress=fraction)

    def finish(self, id: str, result: dict[str, Any], video: str, media_type: str) -> bool:
        """Store a running job's result; False where it is not running any more."""
        return self._change(
            id,
            "running",
            state="done",
            finished=time.time(),
            result=result,
            video=video,
            media_type=media_type,
        )

    def fail(self, id: str, was: State, error: HarError) -> bool:
        """Store why a job failed; False where it is not in the state that it was in."""
        return self._change(id, was, state="failed", finished=time.time(), error=problem(error))

    def beat(self, worker: str, ready: bool) -> None:
        """Note that a worker is alive, and forget those that have long been gone."""
        now = time.time()
        with self._session.begin() as session:
            session.merge(Worker(name=worker, seen=now, ready=ready))
            session.execute(sa.delete(Worker).where(Worker.seen < now - 100 * SILENCE))

    def worker_seen(self, ready: bool = False) -> float:
        """The last heartbeat of any worker, or of any with its models loaded; 0 for never."""
        latest = sa.select(sa.func.max(Worker.seen)).where(Worker.ready | sa.literal(not ready))
        with self._session() as session:
            return session.scalar(latest) or 0.0

    def orphans(self) -> list[str]:
        """Ids of the running jobs whose worker is gone."""
        alive = sa.select(Worker.name).where(Worker.seen > time.time() - SILENCE)
        running = sa.select(Job.id).where(Job.state == "running", Job.worker.not_in(alive))
        with self._session() as session:
            return list(session.scalars(running))

    def _change(self, id: str, was: State, **values: Any) -> bool:
        change = sa.update(Job).where(Job.id == id, Job.state == was).values(**values)
        with self._session.begin() as session:
            result = session.execute(change)
        return result.rowcount == 1  # type: ignore[attr-defined, no-any-return]


def problem(error: HarError) -> dict[str, Any]:
    """An error as the members of a problem document."""
    return {
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
    }


def _prepare(connection: Any, _: object) -> None:
    # A reader must not wait for a writer, and a commit need not survive a loss of power.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
