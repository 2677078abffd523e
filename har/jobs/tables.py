"""The tables of the jobs' database. Times are seconds since the epoch, on the database's clock."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.functions import FunctionElement

from har.types import Options

State = Literal["queued", "running", "done", "failed"]


class now(FunctionElement[float]):
    """The database's clock: that of several machines may differ, this is one for all."""

    type = sa.Float()
    inherit_cache = True


@compiles(now, "sqlite")
def _sqlite_now(*_: Any, **__: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now, "postgresql")
def _postgresql_now(*_: Any, **__: Any) -> str:
    return "extract(epoch from clock_timestamp())"


class Base(DeclarativeBase):
    """What Alembic compares the database with."""

    # What a float is unless told depends on SQLAlchemy's version.
    type_annotation_map = {float: sa.Float()}  # noqa: RUF012


class Job(Base):
    __tablename__ = "jobs"
    __table_args__ = (
        sa.UniqueConstraint("client", "key", name="jobs_key"),
        sa.Index("jobs_state", "state", "created"),
        sa.Index("jobs_client", "client", "created", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    client: Mapped[str]
    """The sender: an address, or ``@`` and the name of a key."""
    key: Mapped[str | None]
    """Its Idempotency-Key, with which the same request gives the same job."""
    fingerprint: Mapped[str]
    """Digest of the request, to tell another request under the same key."""
    origin: Mapped[str]
    """``upload``, ``url`` or ``live``."""
    source: Mapped[str]
    """The link, or the name of the uploaded or recorded file among the job's files; empty for a
    live stream that was not recorded."""
    options: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    bytes: Mapped[int] = mapped_column(sa.BigInteger)
    """Size of the upload; 0 for a link."""
    limit: Mapped[float]
    """Seconds that an attempt may take."""
    state: Mapped[State] = mapped_column(sa.String)
    attempts: Mapped[int]
    worker: Mapped[str | None]
    beat: Mapped[float | None]
    """Last sign of life of the worker that has it."""
    phase: Mapped[str | None]
    progress: Mapped[dict[str, float]] = mapped_column(sa.JSON)
    """Fraction that is done of each phase that was begun, in their order."""
    created: Mapped[float]
    sent: Mapped[float]
    """When a message about it was last sent to the workers."""
    started: Mapped[float | None]
    """Of the latest attempt."""
    finished: Mapped[float | None]
    result: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    error: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """What problem() makes of it."""
    video: Mapped[str | None]
    """The name of the original video among the job's files, once it is there."""
    media_type: Mapped[str | None]
    facts: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """The ``video`` of the result, once the file was looked into."""
    playable: Mapped[str | None]
    """The name of the file that browsers play, once it is there: the original, or a copy."""
    corrections: Mapped[dict[str, str]] = mapped_column(sa.JSON, server_default="{}")
    """Labels that people gave to segments, by the segments' positions as text."""
    outline: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """Of a live stream: its result but for the segments, which are in ``segments``."""

    @property
    def ended(self) -> bool:
        return self.state in ("done", "failed")

    @property
    def annotated_url(self) -> str | None:
        """Where its annotated video is served; None where none was asked for."""
        return f"/jobs/{self.id}/annotated.mp4" if self.options["annotate"] else None

    def chosen_options(self) -> Options:
        labels, models = self.options["labels"], self.options.get("models", ())
        return Options(
            **{
                **self.options,
                "labels": None if labels is None else tuple(labels),
                "models": tuple(models),
            }
        )


class Scored(Base):
    """A segment of a job that is not done; the result of one that is has them all."""

    __tablename__ = "segments"

    job: Mapped[str] = mapped_column(sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[dict[str, Any]] = mapped_column(sa.JSON)


class Question(Base):
    """A job that somebody wants scored anew with other zero-shot labels."""

    __tablename__ = "questions"

    job: Mapped[str] = mapped_column(sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    token: Mapped[str]
    """Tells this question from those before it and after."""
    labels: Mapped[list[str] | None] = mapped_column(sa.JSON(none_as_null=True))
    """None for the vocabulary that the job was sent with."""
    asked: Mapped[float]
    worker: Mapped[str | None]
    """Who answers."""
    taken: Mapped[float | None]
    error: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """Why there is no answer; with one, the row is gone."""


class Worker(Base):
    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(primary_key=True)
    seen: Mapped[float]
    """Its last heartbeat."""
    ready: Mapped[bool]
    """Its models are loaded."""
    live: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """Where it takes live streams; None where it takes none."""
    models: Mapped[list[Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """Those that it can score clips with."""


class Tally(Base):
    """A sum over all jobs that ever ended, those that are no longer kept included."""

    __tablename__ = "tallies"

    name: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float]


class Key(Base):
    """What is known of a key of ``har keys``; the key itself is known to its owner alone."""

    __tablename__ = "keys"

    name: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    """Its SHA-256, in hexadecimal."""
    rate: Mapped[str | None]
    """How many videos may be sent with it; HAR_RATE_LIMIT where it has none of its own."""
    created: Mapped[float]
