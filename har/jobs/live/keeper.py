"""Keeps the record of a live stream true while it is followed, from a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from har.export.result import segment_document
from har.jobs.live import rows
from har.jobs.record import Records
from har.types import Segment

_TELL = 0.25
"""Seconds between news, each of which is a sign of life as well."""

_log = logging.getLogger(__name__)


class Keeper:
    """Writes what is found in a worker's stream. ``facts`` are the ``video`` of its result."""

    def __init__(self, records: Records, id: str, worker: str, facts: dict[str, Any]) -> None:
        self.ending = False
        """Its job is about to end, and then is no worker's any more."""
        self._records, self._id, self._worker = records, id, worker
        self._facts = facts
        self._found: list[dict[str, Any]] = []
        self._written = 0
        self._writing = threading.Lock()

    def found(self, segment: Segment) -> None:
        """Take a segment, to be written soon."""
        self._found.append(segment_document(segment))

    def seen(self, seconds: float) -> None:
        """Take that the stream is so long by now, to be told soon."""
        self._facts = {**self._facts, "duration": round(seconds, 3)}

    def write(self) -> bool:
        """Write what was taken; False where it is not the worker's stream any more."""
        with self._writing:
            fresh = self._found[:]
            if fresh and not self._records.score(self._id, self._worker, self._written, fresh):
                return False
            self._written += len(fresh)
            del self._found[: len(fresh)]
            return rows.grow(self._records, self._id, self._worker, self._facts)


@contextmanager
def kept(keeper: Keeper, lost: Callable[[], None]) -> Iterator[None]:
    """Have a keeper write all the time; ``lost`` is called where somebody else ends the stream."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(_TELL):
            try:
                if not keeper.write():
                    if not keeper.ending:
                        lost()
                    return
            except SQLAlchemyError as error:
                # What was taken is kept for the next time.
                _log.warning("nothing of the stream is written: %s", error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
