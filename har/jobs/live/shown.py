"""A stream that the command line watches, kept as a job, so that it can be watched on the page."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from config import Settings
from har.errors import Undecodable
from har.jobs.attempt import Bench
from har.jobs.live import outcome, rows
from har.jobs.live.entry import request_of
from har.jobs.live.keeper import Keeper, kept
from har.jobs.queue import Sender
from har.jobs.record import Records
from har.jobs.retention import work_folder
from har.jobs.storage import PICTURE, Storage
from har.types import Options, Segment

if TYPE_CHECKING:
    from har.recognition.recognizer import Recognizer
    from har.recognition.stream import Stream

_HERE = Sender("127.0.0.1")
_PATIENCE = 10.0
"""Seconds in which the first picture for people follows on the first for the networks."""
_LOOK = 0.02
_SHOW = 0.25
"""Seconds between looks for a later picture."""
_log = logging.getLogger(__name__)


class Shown:
    """The job of a stream, which begins with its first picture. Whoever reads the stream
    is to leave the latest picture as ``shows``, again and again, whole each time."""

    def __init__(self, bench: Bench, stream: Stream, lost: Callable[[], None]) -> None:
        """``lost`` is called where somebody has removed the job."""
        self.id = secrets.token_urlsafe(16)
        folder = work_folder(bench.settings) / self.id
        folder.mkdir(parents=True)
        self.shows = folder / PICTURE
        self._bench, self._stream, self._lost = bench, stream, lost
        self._keeper: Keeper | None = None
        self._working = ExitStack()
        self._over = threading.Event()
        self._start = 0.0

    def seen(self, moment: float) -> None:
        """Take that there are pictures up to that second."""
        keeper = self._keeper or self._begin(moment)
        keeper.seen(moment + 1 / self._stream.model.fps - self._start)

    def found(self, segment: Segment) -> None:
        """Take a segment of what was seen."""
        assert self._keeper is not None
        self._keeper.found(segment)

    def end(self) -> None:
        """Make the result of a job that has begun. Without a segment, it has failed."""
        self._over.set()
        self._working.close()
        if self._keeper is None:
            return
        if self._keeper.write():
            outcome.end_here(self.id, self._bench)
        else:
            # A picture may have come in the moment in which the job was removed.
            self._bench.storage.remove(self.id)

    def _begin(self, moment: float) -> Keeper:
        width, height = _size(self.shows)
        bench, records = self._bench, self._bench.records
        # There will be nothing to write on.
        options = Options(annotate=False)
        told = outcome.outline(self.id, options.labels, self._stream, width, height)
        self._start = told["video"]["start"] = round(moment, 3)
        # Somebody may remove the job from here on; the keeper finds out.
        records.add(self.id, request_of(self.id, bench.settings, options, _HERE))
        records.begin(self.id, bench.worker)
        self._put()
        told["picture_url"] = f"/jobs/{self.id}/picture"
        rows.begin(records, self.id, bench.worker, told)
        self._keeper = Keeper(records, self.id, bench.worker, told["video"])
        self._working.enter_context(kept(self._keeper, self._gone))
        showing = threading.Thread(target=self._show, daemon=True)
        showing.start()
        self._working.callback(showing.join)
        return self._keeper

    def _show(self) -> None:
        while not self._over.wait(_SHOW):
            try:
                self._put()
            except OSError as error:
                _log.warning("the picture is not stored: %s", error)

    def _put(self) -> None:
        """Put the latest picture in the place of the one before, where there is a later one."""
        if self.shows.exists():
            self._bench.storage.put(self.id, self.shows)

    def _gone(self) -> None:
        self._over.set()
        self._lost()


@contextmanager
def shown(
    recognizer: Recognizer, stream: Stream, settings: Settings, lost: Callable[[], None]
) -> Iterator[Shown]:
    """What is to be told of a stream; its job ends with the block, however that is left."""
    from har.recognition.recognizers import Recognizers

    worker = f"{socket.gethostname()}:{os.getpid()}:live"
    # Nothing is left to a worker, so none is woken.
    recognizers = Recognizers(recognizer, settings)
    bench = Bench(
        worker, settings, Records(settings), Storage(settings), recognizers, lambda _: None
    )
    one = Shown(bench, stream, lost)
    try:
        yield one
    finally:
        one.end()
        shutil.rmtree(one.shows.parent, ignore_errors=True)


def _size(picture: Path) -> tuple[int, int]:
    """Width and height of a picture that is about to be there."""
    deadline = time.monotonic() + _PATIENCE
    while not picture.exists():
        if time.monotonic() > deadline:
            raise Undecodable("The stream gives no picture to show. Leave out --serve.")
        time.sleep(_LOOK)
    with Image.open(picture) as image:
        return image.size
