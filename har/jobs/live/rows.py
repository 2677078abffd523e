"""What the record has of a live stream beside what it has of any job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from har.jobs.record import Records, change, held
from har.jobs.tables import Worker, now

Members = Mapping[str, Any]


def offer(records: Records, worker: str, place: Members | None) -> None:
    """Tell where a worker that is known takes streams."""
    with Session(records.engine) as session, session.begin():
        own = sa.update(Worker).where(Worker.name == worker)
        session.execute(own.values(live=None if place is None else dict(place)))


def begin(records: Records, id: str, worker: str, outline: Members) -> bool:
    """Tell what is known of a stream's result before there is any segment; False where it is not
    the worker's job."""
    told = {"outline": dict(outline), "facts": outline["video"], "phase": "live"}
    with Session(records.engine) as session, session.begin():
        return change(session, held(id, worker), progress={"live": 0.0}, beat=now(), **told)


def grow(records: Records, id: str, worker: str, facts: Members) -> bool:
    """Tell how long a stream is by now; False as in begin()."""
    with Session(records.engine) as session, session.begin():
        return change(session, held(id, worker), facts=dict(facts), beat=now())


def hand_on(records: Records, id: str, worker: str, source: str) -> bool:
    """Let a stream that is over wait for whoever makes its result of the segments and of the file
    that was recorded; False as in begin()."""
    waiting = {"state": "queued", "worker": None, "attempts": 0, "sent": now()}
    with Session(records.engine) as session, session.begin():
        return change(session, held(id, worker), source=source, **waiting)
