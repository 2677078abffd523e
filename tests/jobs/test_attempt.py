"""What an attempt leaves, and what the user is told of an error; attempts that are disturbed are in
tests/test_lifecycle.py."""

from __future__ import annotations

import dataclasses
import errno
import logging
from pathlib import Path

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from config import Settings
from har.errors import DecoderCrashed, HarError, InternalError, Interrupted, TooLong
from har.jobs.attempt import Bench, attempt, public
from har.jobs.queue import Queue, Sender
from har.recognition import embeddings
from har.recognition.recognizer import Recognizer
from har.types import Options
from tests.jobs.uploads import upload
from tests.models.zero_shot.tiny_clip import save_tiny_clip


def test_what_a_job_leaves(queue: Queue, settings: Settings, samples: Path, tmp_path: Path) -> None:
    clip = save_tiny_clip(tmp_path / "tiny-clip")
    settings = dataclasses.replace(settings, clip_model=str(clip))
    recognizer = Recognizer.load(settings)
    bench = Bench("w", settings, queue.records, queue.storage, recognizer)
    sent = upload((samples / "real/gymnastics.mp4").read_bytes())
    id = queue.submit(sent, Options(threshold=1.0, annotate=False), Sender("192.0.2.7")).id
    job = queue.records.begin(id, "w")
    assert job is not None
    attempt(job, bench)
    result = queue.records.get(id).result
    assert result is not None, queue.records.get(id).error
    assert result["thresholds"] == {"trained": 1.0, "zero_shot": 0.3}
    assert result["frames"] == {
        "fps": 8.0, "size": 112, "columns": 8, "rows": 8, "count": 80, "sheets": 2,
    }  # fmt: skip
    names = ["source.mp4", "frames-0.jpg", "frames-1.jpg", embeddings.FILE]
    sizes = [queue.storage.size(id, name) for name in names]
    assert queue.storage.folders()[id].bytes == sum(sizes)
    kept = embeddings.read(queue.storage.local(id, embeddings.FILE, tmp_path))
    assert list(kept.vectors) == list(range(len(result["segment_predictions"])))
    assert not (settings.data_dir / "work" / id).exists()


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (TooLong("Cut it."), "too_long", 413),
        (SoftTimeLimitExceeded(), "timeout", 504),
        (OSError(errno.ENOSPC, "No space left on device", "/secret"), "disk_full", 503),
    ],
)
def test_errors_that_were_foreseen(error: Exception, code: str, status: int) -> None:
    shown = public(error)
    assert (shown.code, shown.status, shown.passing) == (code, status, False)
    assert shown.detail.endswith(".")
    assert "secret" not in shown.detail


def test_an_unforeseen_error_goes_to_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        shown = public(ValueError("/secret/path"))
    assert (shown.code, shown.status) == ("internal", 500)
    assert "secret" not in shown.detail
    assert "/secret/path" in caplog.text
    caplog.clear()


def test_only_what_may_pass_is_tried_again() -> None:
    def kinds(kind: type[HarError]) -> set[type[HarError]]:
        return {kind}.union(*(kinds(below) for below in kind.__subclasses__()))

    passing = {kind for kind in kinds(HarError) if kind.passing}
    assert passing == {DecoderCrashed, InternalError}
    assert not Interrupted.passing, "the record counts those by itself"
