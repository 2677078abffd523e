"""The part of the worker, played through the jobs' records."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from har.errors import TooLong
from har.export.result import document
from har.jobs import storage
from har.jobs.queue import Queue
from tests.export.test_result import REPORT

VIDEO = bytes(range(256)) * 16


@contextmanager
def at_work(queue: Queue, folder: Path) -> Iterator[None]:
    """Every third job fails and the others are done, as long as the block lasts."""
    ending = threading.Event()
    worker = threading.Thread(target=_work, args=(queue, folder, ending))
    worker.start()
    try:
        yield
    finally:
        ending.set()
        worker.join()


def _work(queue: Queue, folder: Path, ending: threading.Event) -> None:
    numbers = count(1)
    while not ending.wait(0.02):
        queue.records.beat("w", True)
        while id := queue.records.forgotten(0.0):
            if not queue.records.begin(id, "w"):
                continue
            if next(numbers) % 3 == 0:
                queue.records.fail(id, "w", TooLong("Cut it."))
            else:
                finish(queue, id, folder)


def finish(queue: Queue, id: str, folder: Path) -> None:
    """Do a job that was begun."""
    for name in ("fetched.mp4", storage.ANNOTATED):
        (folder / name).write_bytes(VIDEO)
        queue.storage.put(id, folder / name)
    result = document(
        dataclasses.replace(REPORT, timings={"decode": 0.5, "total": 1.0}),
        id=id,
        origin="url",
        video_url=f"/jobs/{id}/video",
        annotated_url=f"/jobs/{id}/annotated.mp4",
    )
    queue.records.finish(id, "w", result, "fetched.mp4", "video/mp4")
