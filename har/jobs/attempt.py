"""One attempt at a job: from its record and files to its result, and what is left when it ends."""

from __future__ import annotations

import logging
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from config import Settings
from har.errors import DiskFull, HarError, InternalError, MediaError
from har.jobs import disk
from har.jobs.live import outcome
from har.jobs.record import LATE, LIVE, Records
from har.jobs.retention import work_folder
from har.jobs.storage import ANNOTATED, PLAYABLE, Storage, media_type
from har.jobs.tables import Job
from har.media import convert
from har.types import Phase, Report, Segment, VideoFacts

if TYPE_CHECKING:
    from har.recognition.recognizers import Recognizers

_HOLD = 0.5
"""Seconds between signs of life, and between looks whether the job was cancelled."""

_TELL = 0.25
"""Seconds between news of how far it is."""

_PUTS = 8
"""Files that are stored at once."""

_log = logging.getLogger(__name__)


class Cancelled(BaseException):
    """The job is not ours any more: somebody removed it, or another worker has it."""


@dataclass(frozen=True)
class Bench:
    """What a worker works with."""

    worker: str
    settings: Settings
    records: Records
    storage: Storage
    recognizers: Recognizers
    wake: Callable[[str], None]
    """Tells some worker of a job that waits."""


def attempt(job: Job, bench: Bench) -> None:
    """Do a job that was begun. Raises SystemExit, once the job is handed back, when told to stop.

    Runs in the process's main thread.
    """
    work = work_folder(bench.settings) / job.id
    try:
        with _held(job.id, bench):
            _log.info("begun, attempt %d", job.attempts)
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(parents=True)
            if job.origin == LIVE:
                _end_stream(job, bench, work)
            else:
                _finish(job, bench, _report(job, bench, work), work)
            _log.info("done")
    except Cancelled:
        _leave(job, bench)
    except SystemExit:
        _log.info("handed back")
        bench.records.hand_back(job.id, bench.worker)
        raise
    except Exception as error:
        _end(job, bench, error)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def public(error: Exception) -> HarError:
    """What the user is told of an error; one that we did not foresee goes to the log."""
    if isinstance(error, HarError):
        return error
    if isinstance(error, SoftTimeLimitExceeded):
        return LATE
    if disk.is_full(error):
        _log.warning("the disk is full: %s", error)
        return DiskFull("The service has no room for the work on this video. Tell whoever runs it.")
    _log.error("an attempt failed", exc_info=error)
    return InternalError("Something unforeseen happened. Try again; the log has the particulars.")


def _report(job: Job, bench: Bench, work: Path) -> Report:
    from har.recognition.pipeline import process

    options = job.chosen_options()
    # First of all: where weights are missing, nothing is fetched or looked into.
    recognizer, *others = [bench.recognizers.get(name) for name in options.models or ("",)]
    source: Path | str = job.source
    if job.origin == "upload":
        source = bench.storage.local(job.id, job.source, work)
    telling = _Telling(job.id, bench)
    return process(
        source,
        work,
        recognizer,
        options,
        bench.settings,
        telling.progress,
        telling.found,
        partial(_show, job, bench, work, partial(telling.progress, "convert")),
        details=True,
        compared=others[0] if others else None,
    )


def _show(
    job: Job, bench: Bench, work: Path, progress: Callable[[float], None], video: VideoFacts
) -> None:
    """Let a video be watched while it is worked on; where browsers do not play it, a copy."""
    from har.export.result import video_document

    if job.origin == "url":
        bench.storage.share(job.id, video.path)
    told: dict[str, Any] = {
        "video": video.path.name,
        "media_type": media_type(video.path, video.container),
        "facts": video_document(video, job.origin),
    }
    playable = video.path.name if convert.is_playable(video) else None
    if not bench.records.show(job.id, bench.worker, playable=playable, **told):
        raise Cancelled
    if playable is None and _convert(video, work / PLAYABLE, bench.settings, progress):
        bench.storage.put(job.id, work / PLAYABLE)
        if not bench.records.show(job.id, bench.worker, playable=PLAYABLE, **told):
            raise Cancelled


def _convert(
    video: VideoFacts, out: Path, settings: Settings, progress: Callable[[float], None]
) -> bool:
    progress(0.0)
    try:
        convert.convert(video, out, settings, progress)
    except MediaError as error:
        # What was asked for can be had without.
        _log.warning("no copy that browsers play: %s: %s", error.code, error.detail)
        return False
    return True


def _finish(job: Job, bench: Bench, report: Report, work: Path) -> None:
    from har.export.result import document

    video, annotate = report.video, job.options["annotate"]
    type_ = media_type(video.path, video.container)
    if annotate:
        bench.storage.put(job.id, work / ANNOTATED)
    _keep_details(job, bench, work)
    result = document(
        report,
        id=job.id,
        origin=job.origin,
        labels=job.options["labels"],
        video_url=f"/jobs/{job.id}/video",
        annotated_url=job.annotated_url,
    )
    if not bench.records.finish(job.id, bench.worker, result, video.path.name, type_):
        raise Cancelled


def _end_stream(job: Job, bench: Bench, work: Path) -> None:
    if not outcome.end(job, bench, work, _Telling(job.id, bench).progress):
        raise Cancelled


def _keep_details(job: Job, bench: Bench, work: Path) -> None:
    from har.recognition import embeddings

    for name in embeddings.FILES:
        if (work / name).exists():
            bench.storage.put(job.id, work / name)
    # Hundreds of small files, each of which waits for the disk or for S3.
    with ThreadPoolExecutor(_PUTS) as pool:
        list(pool.map(partial(bench.storage.put, job.id), work.glob("frames-*.jpg")))


def _leave(job: Job, bench: Bench) -> None:
    _log.info("cancelled")
    if not bench.records.has(job.id):
        bench.storage.remove(job.id)


def _end(job: Job, bench: Bench, error: Exception) -> None:
    try:
        # What fails because the job's files are gone is no failure.
        if bench.records.hold(job.id, bench.worker):
            _fail(job, bench, public(error))
        else:
            _leave(job, bench)
    except OperationalError as away:
        # It is as if the worker were lost: the job is begun again when the database is back.
        _log.warning("left, since nothing can be recorded: %s", away)


def _fail(job: Job, bench: Bench, error: HarError) -> None:
    _log.info("failed: %s: %s", error.code, error.detail)
    if error.passing:
        failed = bench.records.retry(job.id, bench.worker, error) == "failed"
    else:
        failed = bench.records.fail(job.id, bench.worker, error)
    if failed:
        bench.storage.remove(job.id)


class _Telling:
    """Writes to the record how far a job is, a few times a second at most."""

    def __init__(self, id: str, bench: Bench) -> None:
        self._id, self._bench = id, bench
        self._progress: dict[str, float] = {}
        self._segments: list[dict[str, Any]] = []
        self._scored = 0
        self._told = 0.0

    def progress(self, phase: Phase, fraction: float) -> None:
        """Raises Cancelled."""
        is_new = phase not in self._progress
        if is_new:
            self._progress |= dict.fromkeys(self._progress, 1.0)
        self._progress[phase] = round(fraction, 4)
        if is_new or time.monotonic() - self._told > _TELL:
            self._tell(phase)

    def found(self, segment: Segment) -> None:
        from har.export.result import segment_document

        self._segments.append(segment_document(segment))

    def _tell(self, phase: Phase) -> None:
        records, worker = self._bench.records, self._bench.worker
        ours = True
        if self._segments:
            ours = records.score(self._id, worker, self._scored, self._segments)
            self._scored += len(self._segments)
            self._segments = []
        if not (ours and records.advance(self._id, worker, phase, self._progress)):
            raise Cancelled
        self._told = time.monotonic()


@contextmanager
def _held(id: str, bench: Bench) -> Iterator[None]:
    """Give signs of life from a thread; when the job is not ours any more, Cancelled is raised
    wherever the main thread is."""
    ended = threading.Event()
    run = copy_context().run
    thread = threading.Thread(target=run, args=(_hold, id, bench, ended), daemon=True)
    before = signal.signal(signal.SIGUSR2, _raise_cancelled)
    try:
        thread.start()
        yield
    finally:
        # First of all: a signal that is late must not stop what cleans up.
        signal.signal(signal.SIGUSR2, signal.SIG_IGN)
        ended.set()
        thread.join()
        signal.signal(signal.SIGUSR2, before)


def _hold(id: str, bench: Bench, ended: threading.Event) -> None:
    while not ended.wait(_HOLD):
        try:
            if not bench.records.hold(id, bench.worker):
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR2)
                return
        except SQLAlchemyError as error:
            _log.warning("no sign of life given: %s", error)


def _raise_cancelled(*_: object) -> None:
    raise Cancelled
