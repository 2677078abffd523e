"""Labels that people give to the segments of a job that is done."""

from __future__ import annotations

from sqlalchemy.orm import Session

from har.errors import BadOption
from har.jobs.questions import Questions
from har.jobs.record import lock
from har.jobs.tables import Job


def correct(records: Questions, id: str, positions: range, label: str | None) -> Job:
    """Give segments a label of their own, or with None the models' again; the job as it is then.

    Raises NotFound where the job is not done, and BadOption where it has no such segments.
    """
    with Session(records.engine, expire_on_commit=False) as session, session.begin():
        lock(session, id)
        job = session.get_one(Job, id)
        count = len((job.result or {})["segment_predictions"])
        if positions.stop > count:
            raise BadOption(f"There is no segment {positions[-1]}; the last is {count - 1}.")
        given = {position: label for position in map(str, positions) if label}
        kept = {p: old for p, old in job.corrections.items() if int(p) not in positions}
        job.corrections = kept | given
    return job
