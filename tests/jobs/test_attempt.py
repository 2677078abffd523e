"""What an attempt leaves, and what the user is told of an error; attempts that are disturbed are in
tests/test_lifecycle.py."""

from __future__ import annotations

import dataclasses
import errno
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from config import Settings
from har.errors import DecoderCrashed, HarError, InternalError, Interrupted, TooLong
from har.jobs import storage
from har.jobs.attempt import Bench, attempt, public
from har.jobs.queue import Queue, Sender
from har.jobs.tables import Job
from har.media.convert import is_playable
from har.media.probe import probe
from har.recognition import embeddings
from har.recognition.recognizer import Recognizer
from har.recognition.recognizers import Recognizers
from har.types import Options
from tests import checkpoints
from tests.jobs.uploads import content as kept
from tests.jobs.uploads import upload
from tests.media.site import Site, content
from tests.models.zero_shot.tiny_clip import save_tiny_clip


def test_what_a_job_leaves(queue: Queue, settings: Settings, samples: Path, tmp_path: Path) -> None:
    clip = save_tiny_clip(tmp_path / "tiny-clip")
    settings = dataclasses.replace(settings, clip_model=str(clip))
    recognizers = Recognizers(Recognizer.load(settings), settings)
    bench = Bench("w", settings, queue.records, queue.storage, recognizers, print)
    sent = upload((samples / "real/gymnastics.mp4").read_bytes())
    id = queue.submit(sent, Options(threshold=1.0, annotate=False), Sender("192.0.2.7")).id
    job = queue.records.begin(id, "w")
    assert job is not None
    attempt(job, bench)
    result = queue.records.get(id).result
    assert result is not None, queue.records.get(id).error
    assert result["thresholds"] == {"trained": 1.0, "zero_shot": 0.3}
    assert result["frames"] == {
        "fps": 12.5, "size": checkpoints.SIZE, "width": checkpoints.SIZE, "height": 54,
        "columns": 8, "rows": 8, "count": 125, "sheets": 2, "clip": 32,
    }  # fmt: skip
    names = ["source.mp4", "frames-0.jpg", "frames-1.jpg", embeddings.FILE]
    sizes = [queue.storage.size(id, name) for name in names]
    assert queue.storage.folders()[id].bytes == sum(sizes)
    kept = embeddings.read(queue.storage.local(id, embeddings.FILE, tmp_path))
    assert list(kept.vectors) == list(range(len(result["segment_predictions"])))
    assert not (settings.data_dir / "work" / id).exists()


@pytest.fixture(scope="module")
def recognizers(recognizer: Recognizer, tmp_path_factory: pytest.TempPathFactory) -> Recognizers:
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), clip_model="off")
    return Recognizers(recognizer, settings)


def begun(queue: Queue, video: Path | str) -> Job:
    """A job that a worker has begun with."""
    sent = upload(video.read_bytes(), video.name) if isinstance(video, Path) else video
    id = queue.submit(sent, Options(annotate=False), Sender("192.0.2.7")).id
    job = queue.records.begin(id, "w")
    assert job is not None
    return job


@contextmanager
def watched(queue: Queue, id: str) -> Iterator[list[Job]]:
    """What is told of a job while it runs, whenever something that can be watched is new."""
    seen: list[Job] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.05):
            job = queue.records.get(id)
            if job.video and job.state == "running":
                assert queue.storage.size(id, job.video) > 0
                if not seen or seen[-1].playable != job.playable:
                    seen.append(job)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def test_what_a_link_brought_is_watched_while_the_job_runs(
    queue: Queue, settings: Settings, recognizers: Recognizers, samples: Path
) -> None:
    video = (samples / "real/exercise_1080p.mp4").read_bytes()
    settings = dataclasses.replace(settings, allow_private_urls=True)
    with Site() as site:
        site.routes["/a.mp4"] = content(video, "video/mp4")
        job = begun(queue, f"{site.url}/a.mp4")
        with watched(queue, job.id) as seen:
            attempt(job, Bench("w", settings, queue.records, queue.storage, recognizers, print))
    assert [(told.video, told.playable) for told in seen] == [("fetched.mp4", "fetched.mp4")]
    done = queue.records.get(job.id)
    assert done.result is not None, done.error
    assert done.facts == seen[0].facts == done.result["video"]
    assert "convert" not in done.progress
    assert kept(queue.storage, job.id, "fetched.mp4") == video


def test_another_attempt_makes_the_copy_that_browsers_play(
    queue: Queue, settings: Settings, recognizers: Recognizers, samples: Path, tmp_path: Path
) -> None:
    first = begun(queue, samples / "real/old_xvid.avi")
    shown: dict[str, Any] = {"media_type": "video/mp4", "facts": {"width": 1}, "playable": None}
    assert queue.records.show(first.id, "w", video="source.avi", **shown)
    assert queue.records.hand_back(first.id, "w")
    assert not queue.records.show(first.id, "w", video="source.avi", **shown), "it is not its job"
    job = queue.records.begin(first.id, "w")
    assert job is not None
    with watched(queue, job.id) as seen:
        attempt(job, Bench("w", settings, queue.records, queue.storage, recognizers, print))
    assert [told.playable for told in seen] == [None, storage.PLAYABLE]
    copy = probe(queue.storage.local(job.id, storage.PLAYABLE, tmp_path), settings)
    assert is_playable(copy)
    done = queue.records.get(job.id)
    assert done.result is not None, done.error
    assert (done.facts, done.media_type) == (done.result["video"], "video/x-msvideo")
    assert list(done.progress) == ["probe", "convert", "recognise"]
    assert 0 < done.result["timings"]["convert"] < done.result["timings"]["total"]


def test_a_job_is_done_without_a_copy_that_cannot_be_made(
    queue: Queue,
    settings: Settings,
    recognizers: Recognizers,
    make_video: Callable[..., Path],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A small file that would be too large in H.264."""
    source = ("-f", "lavfi", "-i", "mandelbrot=s=640x480:r=25", "-t", "2", "-pix_fmt", "yuv422p")
    coded = ("-c:v", "libvpx-vp9", "-crf", "63", "-b:v", "0", "-cpu-used", "8")
    video = make_video("dense.mkv", *source, *coded)
    settings = dataclasses.replace(settings, max_upload_mb=0.02)  # type: ignore[arg-type]
    job = begun(queue, video)
    attempt(job, Bench("w", settings, queue.records, queue.storage, recognizers, print))
    done = queue.records.get(job.id)
    assert done.result is not None, done.error
    assert (done.video, done.playable) == ("source.mkv", None)
    assert "no copy that browsers play: undecodable" in caplog.text


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


def test_missing_weights_end_a_job_before_anything_is_fetched(
    queue: Queue, settings: Settings, recognizers: Recognizers
) -> None:
    options = Options(models=("bilstm", "lstm"))
    id = queue.submit("https://example.org/a.mp4", options, Sender("192.0.2.7")).id
    job = queue.records.begin(id, "w")
    assert job is not None
    assert job.chosen_options() == options
    attempt(job, Bench("w", settings, queue.records, queue.storage, recognizers, print))
    failed = queue.records.get(id)
    assert failed.error is not None
    assert (failed.state, failed.error["code"]) == ("failed", "model_missing")
    assert "har train --head lstm" in failed.error["detail"]
    assert failed.progress == {}


def test_a_job_from_before_models_could_be_named_has_the_default(queue: Queue) -> None:
    id = queue.submit("https://example.org/a.mp4", Options(), Sender("192.0.2.7")).id
    job = queue.records.get(id)
    job.options = {name: value for name, value in job.options.items() if name != "models"}
    assert job.chosen_options() == Options()
