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
from har.jobs import asking, storage
from har.jobs.queue import Queue
from tests.export.test_result import REPORT


@contextmanager
def at_work(queue: Queue, folder: Path, video: bytes) -> Iterator[None]:
    """Every third job fails and the others are done, as if they had brought a video, as long as the
    block lasts; whoever asks for other labels gets them."""
    ending = threading.Event()
    queue.records.beat("w", True)
    worker = threading.Thread(target=_work, args=(queue, folder, video, ending))
    worker.start()
    try:
        yield
    finally:
        ending.set()
        worker.join()


def _work(queue: Queue, folder: Path, video: bytes, ending: threading.Event) -> None:
    numbers = count(1)
    while not ending.wait(0.02):
        queue.records.beat("w", True)
        while id := queue.records.forgotten(0.0):
            if not queue.records.begin(id, "w"):
                continue
            if next(numbers) % 3 == 0:
                queue.records.fail(id, "w", TooLong("Cut it."))
            else:
                finish(queue, id, folder, video)
        if question := asking.take(queue.records, "w"):
            result = queue.records.get(question.job).result or {}
            asking.answer(queue.records, question, {**result, "labels": question.labels})


def finish(queue: Queue, id: str, folder: Path, video: bytes) -> None:
    """Do a job that was begun."""
    for name in ("fetched.mp4", storage.PLAYABLE, storage.ANNOTATED, "frames-0.jpg"):
        (folder / name).write_bytes(video)
        queue.storage.put(id, folder / name)
    result = document(
        dataclasses.replace(REPORT, timings={"decode": 0.5, "total": 1.0}),
        id=id,
        origin="url",
        video_url=f"/jobs/{id}/video",
        annotated_url=f"/jobs/{id}/annotated.mp4",
    )
    shown = {"video": "fetched.mp4", "media_type": "video/mp4", "facts": result["video"]}
    queue.records.show(id, "w", playable=storage.PLAYABLE, **shown)
    queue.records.finish(id, "w", result, "fetched.mp4", "video/mp4")
