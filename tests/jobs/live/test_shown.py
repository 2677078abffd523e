"""A stream of the command line whose job is removed while it begins."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image

from config import Settings
from har.errors import NotFound
from har.jobs.live.shown import Shown, shown
from har.jobs.queue import Queue
from har.recognition.recognizer import Recognizer
from har.recognition.stream import Stream
from har.types import Options
from tests.serving import PATIENCE


def leave_picture(one: Shown) -> None:
    """What ffmpeg does: a picture, whole at once."""
    unfinished = one.shows.with_suffix(".part")
    Image.new("RGB", (64, 48)).save(unfinished, "JPEG")
    unfinished.rename(one.shows)


PICTURES = 38
"""Three seconds of them."""


def watched(stream: Stream, one: Shown) -> int:
    """How many segments are found in the pictures."""
    size, period = stream.model.fit.size, 1 / stream.model.fps
    for k in range(PICTURES):
        one.seen(k * period)
        stream.add(k * period, np.full((size, size, 3), 5 * k, np.uint8))
    stream.end()
    segments = [answer.segment for answer in stream.answers()]
    for segment in segments:
        one.found(segment)
    return len(segments)


# In these moments nobody but the database can come between.
@pytest.mark.parametrize(
    "moment",
    ["INSERT ON jobs", "UPDATE OF state ON jobs", "UPDATE OF outline ON jobs"],
    ids=["added", "begun", "told"],
)
def test_a_job_that_is_removed_as_it_begins(
    queue: Queue, settings: Settings, recognizer: Recognizer, moment: str
) -> None:
    with queue.records.engine.begin() as connection:
        removal = f"CREATE TRIGGER gone AFTER {moment} BEGIN DELETE FROM jobs; END"
        connection.execute(sa.text(removal))
    lost = threading.Event()
    stream = Stream(recognizer, Options())
    with shown(recognizer, stream, settings, lost.set) as one:
        leave_picture(one)
        assert watched(stream, one) > 0, "the stream goes on"
        assert lost.wait(PATIENCE), "and its people are told"
    with pytest.raises(NotFound):
        queue.records.get(one.id)
    assert queue.storage.files(one.id) == {}
    assert not one.shows.parent.exists()


def test_a_job_that_stays(
    queue: Queue, settings: Settings, recognizer: Recognizer, tmp_path: Path
) -> None:
    stream = Stream(recognizer, Options())
    with shown(recognizer, stream, settings, lambda: pytest.fail("it is there")) as one:
        leave_picture(one)
        found = watched(stream, one)
        picture = queue.storage.local(one.id, one.shows.name, tmp_path)
        with Image.open(picture) as image:
            assert image.size == (64, 48)
    job = queue.records.get(one.id)
    assert (job.state, job.origin, job.source) == ("done", "live", "")
    assert job.result is not None
    assert len(job.result["segment_predictions"]) == found > 0
    assert job.result["labels"] is None
    assert job.result["video"]["duration"] == pytest.approx(PICTURES / stream.model.fps)
