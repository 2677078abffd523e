"""Sums over all jobs that ever ended, which outlive the jobs: what the metrics are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from har.jobs.tables import Tally

Tallies = dict[tuple[str, str], float]
"""By name and label: ``jobs`` by outcome (``done`` or the error's code), ``phase_seconds`` and
``phase_count`` by phase, ``segments`` by source, ``video_seconds`` and ``work_seconds``."""

# Any: both have on_conflict_do_update(), and nothing that they share says so.
_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def of_result(result: Mapping[str, Any]) -> Tallies:
    """What a result adds to the sums."""
    timings = dict(result["timings"])
    work = timings.pop("total")
    sources = Counter(segment["source"] for segment in result["segment_predictions"])
    return {
        ("jobs", "done"): 1.0,
        ("video_seconds", ""): float(result["video"]["duration"]),
        ("work_seconds", ""): float(work),
        **{("phase_seconds", phase): float(seconds) for phase, seconds in timings.items()},
        **{("phase_count", phase): 1.0 for phase in timings},
        **{("segments", source): float(count) for source, count in sources.items()},
    }


def add(session: Session, tallies: Tallies) -> None:
    """Add to the sums."""
    insert = _INSERT[session.get_bind().dialect.name]
    # In one order everywhere: two workers that lock the same rows in another would wait for ever.
    rows = [{"name": n, "label": of, "value": v} for (n, of), v in sorted(tallies.items())]
    added = insert(Tally).values(rows)
    session.execute(
        added.on_conflict_do_update(
            index_elements=["name", "label"], set_={"value": Tally.value + added.excluded.value}
        )
    )


def of(session: Session) -> Tallies:
    """The sums so far."""
    return {(t.name, t.label): t.value for t in session.scalars(sa.select(Tally))}
