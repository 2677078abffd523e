"""A stream of frames, scored while it runs, beside the file that it could be a recording of."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from config import Settings
from har.errors import BadOption
from har.media.frames import frames
from har.media.probe import probe
from har.recognition.clips import windows
from har.recognition.recognizer import Recognizer
from har.recognition.stream import RECENT_SECONDS, Answer, Stream
from har.types import Options
from tests.serving import eventually

FRAMES, STRIDE = 32, 16
"""Of the model's clips."""
PERIOD = 1 / 12.5
SECONDS = FRAMES * PERIOD
TRAINED = Options(threshold=0.0)
"""The zero-shot model is not asked."""
LABELS = ("rowing a boat", "cooking", "playing basketball")
ZERO_SHOT = Options(threshold=1.0, labels=LABELS)

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def noise(recognizer: Recognizer) -> Pixels:
    """Twice a clip's length of pictures that all differ; small ones, for they are scored sooner."""
    model = recognizer.model
    assert (model.frames, model.stride, 1 / model.fps) == (FRAMES, STRIDE, PERIOD)
    return np.random.default_rng(0).integers(0, 256, (2 * FRAMES, 128, 192, 3), np.uint8)


def taken(stream: Stream, times: NDArray[np.float64], pictures: Pixels) -> Iterator[Answer]:
    """The answers to frames none of which comes before what was due is answered."""
    answers = stream.answers()
    ends = {first + FRAMES for first in windows(len(times), FRAMES, STRIDE)}
    for count, (moment, picture) in enumerate(zip(times, pictures, strict=True), 1):
        stream.add(moment, picture)
        if count in ends and count < len(times):
            yield next(answers)
    stream.end()
    yield from answers


@pytest.mark.parametrize("options", [Options(labels=LABELS), ZERO_SHOT])
def test_same_as_for_the_recorded_file(
    recognizer: Recognizer, samples: Path, settings: Settings, options: Options
) -> None:
    video = probe(samples / "real/old_xvid.avi", settings)
    expected = recognizer.recognise(video, options, lambda _: None)
    model = recognizer.model
    (whole,) = frames(video, model.fps, model.fit, settings, batch=10_000)
    stream = Stream(recognizer, options)
    segments = [answer.segment for answer in taken(stream, whole.times, whole.pixels)]
    assert len(segments) == len(expected.segments) > 4
    for live, recorded in zip(segments, expected.segments, strict=True):
        assert live.start == pytest.approx(recorded.start)
        assert live.end == pytest.approx(recorded.end, abs=PERIOD)
        assert (live.label, live.source) == (recorded.label, recorded.source)
        assert dict(live.top5) == pytest.approx(dict(recorded.top5), abs=0.02)
        assert live.attention == pytest.approx(recorded.attention, abs=0.02)
    assert [a.label for a in stream.timeline()] == [a.label for a in expected.timeline]
    assert stream.dropped == 0
    assert not stream._cascade.embeddings.vectors, "of which every clip would add one"


def test_each_frame_is_prepared_once(
    recognizer: Recognizer, noise: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a thread that has time to prepare frames as they come; every fourth one is embedded."""
    zero_shot = recognizer.zero_shot.now()
    prepared = counted(monkeypatch, recognizer.model, "per_frame")
    embedded = counted(monkeypatch, zero_shot, "embed")
    stream = Stream(recognizer, ZERO_SHOT)
    scored: list[Answer] = []

    def take() -> None:
        for answer in stream.answers():
            scored.append(answer)

    with ThreadPoolExecutor(1) as pool:
        taking = pool.submit(take)
        for i, picture in enumerate(noise):
            stream.add(i * PERIOD, picture)
            if i in (23, 39, 55):
                eventually(lambda due=(i + 1) / 4: sum(embedded) == due, "embedding ahead")
            if i in (31, 47):
                eventually(lambda due=i // STRIDE: len(scored) == due, "the answer")
        stream.end()
        taking.result(60)
    assert (len(scored), stream.dropped) == (3, 0)
    assert (sum(prepared), sum(embedded)) == (len(noise), len(noise) / 4)


def counted(monkeypatch: pytest.MonkeyPatch, model: object, name: str) -> list[int]:
    """How many pictures each call of a method gets."""
    counts: list[int] = []
    method = getattr(model, name)

    def call(pixels: Pixels) -> object:
        counts.append(len(pixels))
        return method(pixels)

    monkeypatch.setattr(model, name, call)
    return counts


def test_clips_are_skipped_when_others_come_meanwhile(
    recognizer: Recognizer, noise: Pixels
) -> None:
    stream = Stream(recognizer, TRAINED)
    for i in range(FRAMES + STRIDE * 9):
        stream.add(i * PERIOD, noise[i % len(noise)])
    assert stream.dropped == 9
    answers = stream.answers()
    latest = next(answers)
    assert latest.segment.start == pytest.approx(9 * STRIDE * PERIOD)
    assert latest.segment.end == pytest.approx(9 * STRIDE * PERIOD + SECONDS)
    assert latest.dropped == 9
    stream.end()
    assert list(answers) == []


def test_latency_counts_from_the_last_frame(recognizer: Recognizer, noise: Pixels) -> None:
    stream = Stream(recognizer, TRAINED)
    for i in range(FRAMES):
        stream.add(i * PERIOD, noise[i])
    answer = next(stream.answers())
    assert 0 < answer.latency < 10


def test_no_clip_holds_frames_from_both_sides_of_a_cut(
    recognizer: Recognizer, noise: Pixels
) -> None:
    stream = Stream(recognizer, TRAINED)
    answers = stream.answers()
    for i in range(FRAMES):
        stream.add(i * PERIOD, noise[i])
    found = [next(answers).segment]
    for i in range(FRAMES, FRAMES + 10):
        stream.add(i * PERIOD, noise[i])
    stream.cut()
    found.append(next(answers).segment)
    for i in range(4):
        stream.add(60 + i * PERIOD, noise[i])
    stream.end()
    found += [answer.segment for answer in answers]
    times = [time for segment in found for time in (segment.start, segment.end)]
    assert times == pytest.approx([0.0, 2.56, 0.8, 3.36, 60.0, 60.32])
    seen = [(action.start, action.end) for action in stream.timeline()]
    assert seen[0][0] == 0.0
    assert seen[-1] == pytest.approx((60.0, 60.32))
    gaps = [(a[1], b[0]) for a, b in pairwise(seen)]
    assert pytest.approx((3.36, 60.0)) in gaps, "the gap is told as one"


@pytest.mark.slow
def test_memory_and_timeline_stay_as_they_are(recognizer: Recognizer, noise: Pixels) -> None:
    """Each frame that was kept would be 74 kB, and there are 32 new ones in a clip."""
    stream = Stream(recognizer, dataclasses.replace(TRAINED, stride=FRAMES))
    process = psutil.Process()
    clips, sizes = 60, []
    answers = stream.answers()
    for i in range(FRAMES * clips):
        stream.add(i * PERIOD, noise[i % len(noise)].copy())
        if i % FRAMES == FRAMES - 1:
            last = next(answers).segment
            sizes.append(process.memory_info().rss)
    assert len(sizes) == clips
    assert max(sizes[-10:]) - max(sizes[20:30]) < 30e6
    shown = stream.timeline()
    assert shown[-1].end == last.end == pytest.approx(SECONDS * clips)
    assert last.end - RECENT_SECONDS - SECONDS <= shown[0].start <= last.end - RECENT_SECONDS + 1
    assert all(a.end == b.start for a, b in pairwise(shown))


def test_stride_longer_than_a_clip(recognizer: Recognizer) -> None:
    with pytest.raises(BadOption):
        Stream(recognizer, dataclasses.replace(TRAINED, stride=FRAMES + 1))
