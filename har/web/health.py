"""Whether the web process is alive, and whether the service can take a video on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from flask import Blueprint, Response, current_app, jsonify
from flask.blueprints import BlueprintSetupState

from config import Settings
from har import __version__
from har.jobs import room
from har.jobs.queue import Queue

health = Blueprint("health", __name__)

_PATIENCE = 2.0
"""Seconds in which everything must have answered."""

_log = logging.getLogger(__name__)


@health.get("/healthz")
def healthz() -> Response:
    """Answers as long as the process does; it asks nothing of the worker."""
    return jsonify(status="ok", version=__version__)


@health.get("/readyz")
def readyz() -> tuple[Response, int]:
    """What the service needs, whether it is there, and a sentence where it is not."""
    probes: dict[str, ThreadPoolExecutor] = current_app.extensions["har.probes"]
    settings, queue = current_app.config["HAR"], current_app.extensions["har.queue"]
    asked = {name: probes[name].submit(check, queue, settings) for name, check in _CHECKS.items()}
    wait(asked.values(), timeout=_PATIENCE)
    lacking = {name: _lacking(name, answer) for name, answer in asked.items()}
    checks = {name: {"ok": not what, "detail": what} for name, what in lacking.items()}
    ready = not any(lacking.values())
    return jsonify(ready=ready, checks=checks), 200 if ready else 503


@health.record
def _start_probes(state: BlueprintSetupState) -> None:
    # A thread for each: whatever hangs keeps nothing else from being asked, now or the next time.
    state.app.extensions["har.probes"] = {name: ThreadPoolExecutor(1) for name in _CHECKS}


def _lacking(name: str, answer: Future[str | None]) -> str | None:
    if not answer.done():
        answer.cancel()
        return f"No answer came within {_PATIENCE:g} seconds."
    error = answer.exception()
    if error is None:
        return answer.result()
    _log.warning("not ready: %s", name, exc_info=error)
    return "It cannot be asked; the log has the particulars."


def _models(queue: Queue, settings: Settings) -> str | None:
    if any(worker.ready for worker in queue.records.workers()):
        return None
    return "No worker has its models loaded. Wait, or start one with `python -m har worker`."


def _queue(queue: Queue, settings: Settings) -> str | None:
    queue.reach()
    return None


def _database(queue: Queue, settings: Settings) -> str | None:
    queue.records.answer()
    return None


def _disk(queue: Queue, settings: Settings) -> str | None:
    if not room.is_short(queue.storage, settings):
        return None
    return f"Less than {settings.min_free_mb} MB are free. Free some, or lower HAR_KEEP_MB."


def _room(queue: Queue, settings: Settings) -> str | None:
    if not room.is_full(queue.records, settings):
        return None
    return "As many videos wait as may. Start more workers, or wait."


_CHECKS: dict[str, Callable[[Queue, Settings], str | None]] = {
    "models": _models,
    "queue": _queue,
    "database": _database,
    "disk": _disk,
    "room": _room,
}
