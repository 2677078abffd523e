"""The way of a job from whoever asks to the worker and back: submit it, wait for it.

Celery carries the messages, on a broker in the file system, so no server needs to be installed.
"""

from __future__ import annotations

import secrets
import time

from celery import Celery

from config import Settings
from har.errors import WorkerUnavailable
from har.jobs import storage
from har.jobs.record import SILENCE, Job, Records
from har.jobs.storage import Upload
from har.types import Options

RECOGNISE = "har.recognise"
"""The name of the one task; its argument is the id of a job."""

_LOOK = 0.1
_HARD_LIMIT = 30.0


class Queue:
    """The jobs of one data folder, as the web sees them."""

    def __init__(self, settings: Settings) -> None:
        self.records = Records(settings)
        self._settings = settings
        self._celery = make_celery(settings)

    def submit(self, source: Upload | str, options: Options) -> Job:
        """Take on a video, sent or linked to; its job waits for a worker from now on."""
        id = secrets.token_urlsafe(16)
        folder = storage.folder(self._settings, id)
        try:
            if isinstance(source, Upload):
                name = storage.keep(source, folder).name
                self.records.add(id, "upload", name, options)
            else:
                self.records.add(id, "url", source, options)
            self._celery.send_task(RECOGNISE, [id], task_id=id)
        except BaseException:
            self.records.remove(id)
            storage.remove(folder)
            raise
        return self.records.get(id)

    def wait(self, id: str) -> Job:
        """The job, once it is done or has failed; it fails where no worker is there to do it."""
        while True:
            job = self.records.get(id)
            if job.ended:
                return job
            if self._is_deserted(job):
                self._give_up(job)
            else:
                time.sleep(_LOOK)

    def _is_deserted(self, job: Job) -> bool:
        return time.time() - max(job.created, self.records.worker_seen()) > SILENCE

    def _give_up(self, job: Job) -> None:
        error = WorkerUnavailable(
            "The video was received, but nothing is there to work on it. Start a worker with "
            "`python -m har worker`, or all of the service with `make serve`, and send it again."
        )
        if self.records.fail(job.id, job.state, error):
            storage.remove(storage.folder(self._settings, job.id))


def make_celery(settings: Settings) -> Celery:
    """Celery on the broker in the data folder: JSON only, no results, one job at a time."""
    messages = settings.data_dir / "queue"
    messages.mkdir(parents=True, exist_ok=True)
    celery = Celery("har", set_as_current=False)
    celery.conf.update(
        broker_url="filesystem://localhost",
        broker_transport="har.jobs.broker:Transport",
        broker_transport_options={
            "data_folder_in": str(messages),
            "data_folder_out": str(messages),
            "control_folder": str(messages / "control"),
            "polling_interval": 0.05,
        },
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_soft_time_limit=settings.job_timeout_seconds,
        task_time_limit=settings.job_timeout_seconds + _HARD_LIMIT,
        worker_concurrency=1,
        worker_prefetch_multiplier=1,
        worker_proc_alive_timeout=300.0,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
    )
    return celery
