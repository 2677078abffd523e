"""The worker: the process that loads the models and does the jobs.

Celery's parent process takes the messages and watches over one forked child that does the work. The
parent neither imports torch nor opens the records: neither may be carried over a fork.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import secrets
import signal
import socket
import sys
import threading
import warnings
from functools import partial
from typing import Any

from celery import signals
from celery.exceptions import SecurityWarning
from sqlalchemy.exc import OperationalError

from config import Settings
from har import logs
from har.errors import HarError
from har.jobs import answering
from har.jobs.attempt import Bench, attempt
from har.jobs.housekeeping import Housekeeping
from har.jobs.queue import RECOGNISE, make_celery, send
from har.jobs.record import Records
from har.jobs.storage import Storage
from har.media.ffmpeg import executable

_log = logging.getLogger(__name__)


def main(settings: Settings) -> int:
    """Do jobs until SIGTERM or SIGINT, and end the process."""
    logs.configure("worker")
    # The warning of Celery to people who are root names an option that our command lacks.
    warnings.simplefilter("ignore", SecurityWarning)
    child = Child(settings)
    threading.Thread(target=child.end_when_lost, daemon=True).start()
    celery = make_celery(settings)
    celery.task(child.do, name=RECOGNISE)
    signals.worker_process_init.connect(child.prepare)
    signals.worker_shutting_down.connect(child.hurry)
    worker = celery.Worker(
        quiet=True,
        loglevel="WARNING",
        pool="prefork",
        without_heartbeat=True,
        without_gossip=True,
        without_mingle=True,
    )
    worker.start()
    # Not by return: what billiard does at exit waits for ever for a lock that its child held when
    # it was stopped.
    sys.stdout.flush()
    os._exit(1 if child.failed.is_set() else 0)


class Child:
    """What the forked child holds and does; the parent only makes it, tells it to hurry, and looks
    at ``failed``."""

    def __init__(self, settings: Settings) -> None:
        self.failed = multiprocessing.Event()
        self._begun = multiprocessing.Event()
        self._lost = multiprocessing.Event()
        self._settings = settings

    def end_when_lost(self) -> None:
        """End the parent when its child was killed, for whoever watches over it to start it again.

        A child that is killed while it waits holds the lock of the pipe that jobs come through, and
        the one that Celery puts in its place would wait for it for ever.
        """
        self._lost.wait()
        _log.warning("The worker was robbed of its child, and ends with it.")
        os._exit(1)

    def hurry(self, how: str, **_: Any) -> None:
        """Give the job the time that it may take to end."""
        # Celery's warm shutdown waits for the job, however long; its cold one, on SIGQUIT, ends it.
        if how == "Warm":
            grace = self._settings.grace_seconds
            timer = threading.Timer(grace, os.kill, (os.getpid(), signal.SIGQUIT))
            timer.daemon = True
            timer.start()

    def prepare(self, **_: Any) -> None:
        """Load all that jobs need. Stops the worker where that fails."""
        if self._begun.is_set():
            self._lost.set()
            os._exit(0)
        self._begun.set()
        # A process number alone comes back, in a container after each start.
        name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        try:
            self._set_up(name)
        except Exception as error:
            expected = isinstance(error, HarError)
            _log.critical("The worker cannot start: %s", error, exc_info=not expected)
            self.failed.set()
            os.kill(os.getppid(), signal.SIGQUIT)

    def _set_up(self, name: str) -> None:
        settings = self._settings
        records, storage, celery = Records(settings), Storage(settings), make_celery(settings)
        self._housekeeping = Housekeeping(name, settings, records, storage, celery)
        self._housekeeping.start()
        from har.jobs.live import taking
        from har.recognition.recognizer import Recognizer
        from har.recognition.recognizers import Recognizers

        executable(settings)
        recognizer = Recognizer.load(settings)
        recognizer.warm_up()
        recognizers, wake = Recognizers(recognizer, settings), partial(send, celery)
        self._bench = Bench(name, settings, records, storage, recognizers, wake)
        answering.start(self._bench)
        self._housekeeping.ready = True
        self._housekeeping.beat()
        self._housekeeping.offer(recognizer.name)
        taking.start(self._bench)

    def do(self, id: str) -> None:
        """Do a job, unless its record says that it is not to be done."""
        try:
            job = self._bench.records.begin(id, self._bench.worker)
        except OperationalError as error:
            # It waits, and is found again.
            _log.warning("job %s: not begun: %s", id, error)
            return
        if job is None:
            return
        self._housekeeping.busy = True
        try:
            with logs.job(id):
                attempt(job, self._bench)
        finally:
            self._housekeeping.busy = False
