"""The way of a job from whoever asks to the worker and back: submit it, wait for it, cancel it.

Celery carries the messages: on a broker in the file system, so that no server needs to be
installed, or on the one of HAR_BROKER_URL.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

from celery import Celery
from kombu.exceptions import OperationalError
from sqlalchemy.exc import DBAPIError

from config import Settings
from har.errors import KeyReused, NotFound, Restarting, UploadUsed, WorkerUnavailable
from har.jobs import disk, room, uploads
from har.jobs.record import Records, Request
from har.jobs.storage import Kept, Storage, Upload
from har.jobs.tables import Job
from har.jobs.uploads import InParts
from har.types import Options

RECOGNISE = "har.recognise"
"""The name of the one task; its argument is the id of a job."""

_LOOK = 0.1
_HARD_LIMIT = 30.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sender:
    """Who asks for a job."""

    client: str
    key: str | None = None
    """An Idempotency-Key: the same request under it gives the same job."""


class Queue:
    """The jobs, as the web sees them."""

    def __init__(self, settings: Settings) -> None:
        self.records = Records(settings)
        self.storage = Storage(settings)
        self._settings = settings
        self._celery = make_celery(settings)
        self._stopping = threading.Event()

    def submit(self, source: Upload | InParts | str, options: Options, sender: Sender) -> Job:
        """Take on a video, sent or linked to; its job waits for a worker from now on.

        Raises KeyReused where the sender's key has another request, QueueFull, DiskFull, and what
        is wrong with the upload.
        """
        if isinstance(source, InParts):
            return self._adopt(source.id, options, sender)
        known = self._under(sender)
        if known is None:
            room.check(self.records, self.storage, self._settings)
        id = secrets.token_urlsafe(16)
        try:
            kept = self.storage.keep(id, source) if isinstance(source, Upload) else None
            what = kept.sha256 if kept else str(source)
            request = self._request(what, kept, options, sender)
            added = known is None and self.records.add(id, request)
        except BaseException:
            self.storage.remove(id)
            raise
        if added:
            send(self._celery, id)
            return self.records.get(id)
        self.storage.remove(id)
        return _same(self._under(sender), request)

    def _adopt(self, id: str, options: Options, sender: Sender) -> Job:
        """Have an upload that came in parts be the job of its id; asked again, it is that job.

        Raises NotFound, Unfinished, and UploadUsed where it is a job with other options.
        """
        if not self.records.has(id):
            try:
                self._promote(id, options, sender)
            except NotFound:
                # Another request for the same may have been quicker.
                if not self.records.has(id):
                    raise
        job = self.records.get(id)
        if job.fingerprint != _fingerprint(id, options):
            raise UploadUsed(
                f"This upload is the job /jobs/{id} already, with other options. Send the video "
                "anew for another job."
            )
        return job

    def _promote(self, id: str, options: Options, sender: Sender) -> None:
        video = uploads.whole(self.storage, id)
        room.check(self.records, self.storage, self._settings)
        with video.stream:
            kept = self.storage.store(id, video)
        request = self._request(id, kept, options, sender)
        if self.records.add(id, request):
            # Not before, so that an upload is lost to nothing that goes wrong.
            uploads.clear(self.storage, id)
            send(self._celery, id)
        elif not self.records.has(id):
            _same(self._under(sender), request)

    def _under(self, sender: Sender) -> Job | None:
        """The job that the sender's key has already."""
        if sender.key is None:
            return None
        return self.records.under_key(sender.client, sender.key)

    def _request(self, what: str, kept: Kept | None, options: Options, sender: Sender) -> Request:
        """``what`` tells the video from others: its hash, its link, the id of the upload."""
        return Request(
            client=sender.client,
            key=sender.key,
            fingerprint=_fingerprint(what, options),
            origin="upload" if kept else "url",
            source=kept.name if kept else what,
            options=options,
            bytes=kept.bytes if kept else 0,
            limit=self._settings.job_timeout_seconds,
        )

    def wait(self, id: str, is_gone: Callable[[], bool] = lambda: False) -> Job:
        """The job, once it is done or has failed, or who waits is gone; it fails where no worker is
        there to do it.

        Raises NotFound where it is removed meanwhile, and Restarting after stop().
        """
        while True:
            job = self.records.get(id)
            if job.ended or is_gone():
                return job
            if job.state == "queued" and self.records.is_deserted(job):
                self._give_up(job)
            elif self.stopped(_LOOK):
                raise Restarting(
                    f"The service is stopped or restarted. The video is kept: ask for /jobs/{id} "
                    "in a minute."
                )

    def close(self) -> None:
        """Close the connections to the database."""
        self.records.close()

    def stop(self) -> None:
        """Let nobody wait any longer."""
        self._stopping.set()

    def stopped(self, seconds: float) -> bool:
        """Whether stop() is called, now or in the next so many seconds."""
        return self._stopping.wait(seconds)

    def cancel(self, id: str) -> None:
        """Forget a job and remove its files; a worker that is at it stops, and removes its own."""
        try:
            self.records.remove(id)
        except DBAPIError as error:
            if not disk.is_full(error):
                raise
            # Forgetting takes room, too.
            self.storage.remove(id)
            self.records.remove(id)
        self.storage.remove(id)

    def reach(self) -> None:
        """Raises where the broker does not answer."""
        with self._celery.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=1)

    def _give_up(self, job: Job) -> None:
        error = WorkerUnavailable(
            "The video was received, but nothing is there to work on it. Start a worker with "
            "`python -m har worker`, or all of the service with `make serve`, and send it again."
        )
        if self.records.abandon(job.id, error):
            self.storage.remove(job.id)


def _fingerprint(what: str, options: Options) -> str:
    return hashlib.sha256(json.dumps([what, dataclasses.asdict(options)]).encode()).hexdigest()


def _same(job: Job | None, request: Request) -> Job:
    """The job that the request's key has already. Raises KeyReused for another request."""
    if job is None or job.fingerprint != request.fingerprint:
        raise KeyReused(
            "This Idempotency-Key was sent with another request. Use a new key for each video."
        )
    return job


def send(celery: Celery, id: str) -> None:
    """Wake up a worker for a job. Where the broker is away, one will find it by itself."""
    try:
        celery.send_task(RECOGNISE, [id], task_id=id, retry=False)
    except (OperationalError, OSError) as error:
        _log.warning("job %s: no worker was told of it: %s", id, error)


def make_celery(settings: Settings) -> Celery:
    """Celery on the settings' broker: JSON only, no results, one job at a time."""
    celery = Celery("har", set_as_current=False)
    celery.conf.update(
        **(_server(settings) if settings.broker_url else _files(settings)),
        accept_content=["json"],
        broker_connection_retry_on_startup=True,
        task_ignore_result=True,
        task_acks_late=True,
        task_soft_time_limit=settings.job_timeout_seconds,
        task_time_limit=settings.job_timeout_seconds + _HARD_LIMIT,
        worker_concurrency=1,
        worker_prefetch_multiplier=1,
        worker_proc_alive_timeout=300.0,
        # Until its child counts as lost, the worker takes no other message.
        worker_lost_wait=1.0,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
    )
    return celery


def _server(settings: Settings) -> dict[str, object]:
    return {
        "broker_url": settings.broker_url,
        # A worker tries for ever; who sends a video is not to wait for that.
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            "socket_connect_timeout": 1,
            "socket_timeout": 10,
            "max_retries": 1,
            "interval_start": 0.1,
        },
    }


def _files(settings: Settings) -> dict[str, object]:
    messages = settings.data_dir / "queue"
    messages.mkdir(parents=True, exist_ok=True)
    return {
        "broker_url": "filesystem://localhost",
        "broker_transport": "har.jobs.broker:Transport",
        "broker_transport_options": {
            "data_folder_in": str(messages),
            "data_folder_out": str(messages),
            "control_folder": str(messages / "control"),
            "polling_interval": 0.05,
        },
    }
