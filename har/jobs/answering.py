"""The worker's answers to questions about jobs that are done, beside whatever job it is at."""

from __future__ import annotations

import logging
import tempfile
import threading
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from har import logs
from har.errors import NotFound
from har.jobs import asking
from har.jobs.attempt import Bench, public
from har.jobs.housekeeping import repeat
from har.jobs.tables import Job, Question
from har.types import Embeddings

_LOOK = 0.1
"""Seconds between looks for a question."""

_log = logging.getLogger(__name__)


def start(bench: Bench) -> None:
    """Answer in a thread of its own until the process ends."""
    threading.Thread(target=_work, args=(bench,), daemon=True).start()


def _work(bench: Bench) -> None:
    try:
        bench.recognizers.default.expect_labels()
    except Exception:
        # Whoever asks is told of it.
        _log.warning("the text model is not loaded", exc_info=True)
    repeat(partial(answer_next, bench), _LOOK)


def answer_next(bench: Bench) -> None:
    """Answer a question, if there is one."""
    question = asking.take(bench.records, bench.worker)
    if question is None:
        return
    with logs.job(question.job):
        try:
            if asking.answer(bench.records, question, _answer(question, bench)):
                _log.info("scored anew")
        except OperationalError:
            # The next who comes by takes it.
            raise
        except Exception as error:
            asking.refuse(bench.records, question, public(error))


def _answer(question: Question, bench: Bench) -> dict[str, Any]:
    """The result with the labels that are asked for."""
    from har.recognition import embeddings
    from har.recognition.again import Kept, rescored

    job = bench.records.get(question.job)
    asked = job.chosen_options().labels if question.labels is None else tuple(question.labels)
    zero_shot = bench.recognizers.default.zero_shot
    found = job.result or {}
    names = embeddings.FILES if found.get("comparison") else embeddings.FILES[:1]
    saw = [_embeddings(job, name, bench) for name in names]
    kept = [Kept(each, zero_shot.maker(each)) for each in saw]
    result = rescored(found, kept, asked or zero_shot.vocabulary)
    if asked != job.chosen_options().labels:
        return result
    return {**result, "labels": job.options["labels"], "annotated_url": job.annotated_url}


def _embeddings(job: Job, name: str, bench: Bench) -> Embeddings:
    from har.recognition import embeddings

    with tempfile.TemporaryDirectory() as folder:
        try:
            path = bench.storage.local(job.id, name, Path(folder))
            return embeddings.read(path)
        except FileNotFoundError:
            raise NotFound(
                "What this video could be scored anew from is not kept. Send the video again."
            ) from None
