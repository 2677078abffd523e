"""The worker: the process that loads the models and does the jobs.

Celery's parent process takes the messages and watches over one forked child that does the work. The
parent neither imports torch nor opens the records: neither may be carried over a fork.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any

from celery import signals
from celery.exceptions import SecurityWarning, SoftTimeLimitExceeded

from config import Settings
from har.errors import HarError, InternalError, Interrupted, TookTooLong
from har.jobs import storage
from har.jobs.queue import RECOGNISE, make_celery
from har.jobs.record import Job, Records
from har.types import Phase, Progress, Report

BEAT = 2.0
"""Seconds between heartbeats."""

GRACE = 2.0
"""Seconds that a running job has to end when the worker is told to stop."""

_PROGRESS_INTERVAL = 0.25
_log = logging.getLogger(__name__)


def main(settings: Settings) -> int:
    """Do jobs until SIGTERM or SIGINT, and end the process."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("har").setLevel(logging.INFO)
    # The warning of Celery to people who are root names an option that our command lacks.
    warnings.simplefilter("ignore", SecurityWarning)
    child = Child(settings)
    celery = make_celery(settings)
    celery.task(child.do, name=RECOGNISE)
    signals.worker_process_init.connect(child.prepare)
    signals.worker_shutting_down.connect(_hurry)
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


def _hurry(how: str, **_: Any) -> None:
    # Celery's warm shutdown waits for the job, however long; its cold one, on SIGQUIT, ends it.
    if how == "Warm":
        timer = threading.Timer(GRACE, os.kill, (os.getpid(), signal.SIGQUIT))
        timer.daemon = True
        timer.start()


class Child:
    """What the forked child holds and does; the parent only makes it, and looks at ``failed``."""

    def __init__(self, settings: Settings) -> None:
        self.failed = multiprocessing.Event()
        self._settings = settings
        self._ready = False

    def prepare(self, **_: Any) -> None:
        """Load all that jobs need. Stops the worker where that fails."""
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._records = Records(self._settings)
        threading.Thread(target=self._beat, daemon=True).start()
        try:
            from har.recognition.recognizer import Recognizer

            self._recognizer = Recognizer.load(self._settings)
            self._recognizer.warm_up()
        except Exception as error:
            expected = isinstance(error, HarError)
            _log.critical("The models cannot be loaded: %s", error, exc_info=not expected)
            self.failed.set()
            os.kill(os.getppid(), signal.SIGQUIT)
            return
        self._ready = True
        self._records.beat(self._name, ready=True)

    def do(self, id: str) -> None:
        """Do a job, unless its record says that it is not to be done."""
        job = self._records.begin(id, self._name)
        if job is None:
            return
        _log.info("job %s: begun", id)
        folder = storage.folder(self._settings, id)
        try:
            report = self._process(job, folder)
            self._finish(job, report, folder)
            _log.info("job %s: done", id)
        except BaseException as error:
            shown = public(error)
            _log.info("job %s: %s: %s", id, shown.code, shown.detail)
            storage.remove(folder)
            self._records.fail(id, "running", shown)
            if not isinstance(error, Exception):
                raise

    def _process(self, job: Job, folder: Path) -> Report:
        from har.recognition.pipeline import process

        folder.mkdir(parents=True, exist_ok=True)
        return process(
            folder / job.source if job.origin == "upload" else job.source,
            folder,
            self._recognizer,
            job.chosen_options(),
            self._settings,
            self._progress(job.id),
        )

    def _finish(self, job: Job, report: Report, folder: Path) -> None:
        from har.export.result import document

        result = document(
            report,
            id=job.id,
            origin=job.origin,
            video_url=f"/jobs/{job.id}/video",
            annotated_url=f"/jobs/{job.id}/annotated.mp4" if job.options["annotate"] else None,
        )
        video = report.video
        media_type = storage.media_type(video.path, video.container)
        if not self._records.finish(job.id, result, video.path.name, media_type):
            storage.remove(folder)

    def _progress(self, id: str) -> Progress:
        """Writes progress to the record, a few times a second at most."""
        told: tuple[Phase | None, float] = None, 0.0

        def progress(phase: Phase, fraction: float) -> None:
            nonlocal told
            now = time.monotonic()
            if phase != told[0] or now - told[1] > _PROGRESS_INTERVAL:
                told = phase, now
                self._records.advance(id, phase, fraction)

        return progress

    def _beat(self) -> None:
        while True:
            try:
                self._records.beat(self._name, self._ready)
                self._fail_orphans()
            except Exception:
                _log.exception("heartbeat")
            time.sleep(BEAT)

    def _fail_orphans(self) -> None:
        error = Interrupted("The worker stopped in the middle of this video. Send it again.")
        for id in self._records.orphans():
            storage.remove(storage.folder(self._settings, id))
            self._records.fail(id, "running", error)


def public(error: BaseException) -> HarError:
    """What the user is told of an error; one that we did not foresee goes to the log."""
    if isinstance(error, HarError):
        return error
    if isinstance(error, SoftTimeLimitExceeded):
        return TookTooLong("The video took longer than a job may. Send a shorter one.")
    if isinstance(error, SystemExit):
        return Interrupted("The service was stopped in the middle of this video. Send it again.")
    _log.error("a job failed", exc_info=error)
    return InternalError("Something unforeseen happened. Try again; the log has the particulars.")
