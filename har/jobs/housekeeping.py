"""What every worker does beside its jobs: it shows that it is alive, and looks after jobs whose own
worker is gone, jobs that no worker was told of, and files that nobody needs any more."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from celery import Celery
from sqlalchemy.exc import OperationalError

from config import Settings
from har.jobs import retention
from har.jobs.queue import send
from har.jobs.record import Records
from har.jobs.storage import Storage

BEAT = 1.0
"""Seconds between heartbeats, and between looks at the jobs of others."""

_OVERDUE = 5.0
"""Seconds that a job may wait, without a message sent, beside a worker that has nothing to do."""

_SWEEP = 60.0
_MODELS = 60.0
"""Seconds between looks whether weights have come or gone."""

_log = logging.getLogger(__name__)


class Housekeeping:
    """A worker's, in threads of its own."""

    def __init__(
        self, worker: str, settings: Settings, records: Records, storage: Storage, celery: Celery
    ) -> None:
        self.ready = False
        """The models are loaded."""
        self.busy = False
        """A job is at work."""
        self._worker, self._settings = worker, settings
        self._records, self._storage, self._celery = records, storage, celery

    def start(self) -> None:
        """Do it until the process ends."""
        # Files can take long to remove, and a worker that is silent meanwhile counts as gone.
        rounds = ((self.beat, BEAT), (self._look_after_jobs, BEAT), (self._sweep, _SWEEP))
        for work, pause in rounds:
            threading.Thread(target=repeat, args=(work, pause), daemon=True).start()

    def offer(self, default: str) -> None:
        """Tell from now on which models the worker can score clips with; ``default`` is the name of
        its own, which is loaded."""
        tell = partial(self._tell_models, default)
        threading.Thread(target=repeat, args=(tell, _MODELS), daemon=True).start()

    def beat(self) -> None:
        """Show that the worker is alive."""
        self._records.beat(self._worker, self.ready)

    def _tell_models(self, default: str) -> None:
        from har.models.choices import choices

        self._records.offer(self._worker, choices(self._settings, default))

    def _look_after_jobs(self) -> None:
        for id in self._records.reclaim():
            _log.warning("job %s: given up, its workers were lost", id)
            self._storage.remove(id)
        if self.ready and not self.busy:
            id_ = self._records.forgotten(_OVERDUE)
            if id_ is not None:
                send(self._celery, id_)

    def _sweep(self) -> None:
        retention.sweep(self._records, self._storage, self._settings)


def repeat(work: Callable[[], None], pause: float) -> None:
    """Do some work until the process ends, with so many seconds between; whatever it raises goes to
    the log."""
    while True:
        wait = pause
        try:
            work()
        except OperationalError as error:
            # A worker that stopped while the database is away would not be there when it is back.
            _log.warning("the database does not answer: %s", error)
            wait = max(pause, BEAT)
        except Exception:
            # The same goes for the storage, which may raise anything.
            _log.warning("housekeeping", exc_info=True)
            wait = max(pause, BEAT)
        time.sleep(wait)
