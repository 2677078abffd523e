"""Two thousand broken files: each gives facts and frames, or a clear error of the sender's."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from config import Settings
from har import errors
from har.media.annotate import annotate
from har.media.frames import frames
from har.media.probe import probe
from tests.children import children
from tests.security.memory import watched
from tests.security.mutations import broken
from tests.security.probing import answers

Maker = Callable[..., Path]
PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=0.8")
SOUND = ("-f", "lavfi", "-i", "sine=d=0.8:r=22050")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
CODECS = {
    "mp4": (*X264, "-c:a", "aac"),
    "mov": ("-c:v", "mjpeg", "-c:a", "pcm_s16le"),
    "mkv": (*X264, "-c:a", "aac"),
    "webm": ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus", "-ar", "48000"),
    "avi": ("-c:v", "mpeg4", "-c:a", "mp3"),
    "ts": ("-c:v", "mpeg2video", "-r", "25", "-c:a", "mp2"),
    "flv": ("-c:v", "flv", "-c:a", "mp3"),
    "ogv": ("-c:v", "libtheora", "-c:a", "libvorbis"),
}
EACH = 250
SAMPLE = 96
PROBE_MB = 400
DECODER_MB = 600


@pytest.fixture(scope="module")
def corpus(
    make_video: Maker, samples: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    """The same broken files at each run, and the odd ones of the samples."""
    folder = tmp_path_factory.mktemp("broken")
    for seed, (kind, codecs) in enumerate(CODECS.items()):
        exact = ("-fflags", "+bitexact", "-flags", "+bitexact")
        good = make_video(f"good.{kind}", *PICTURE, *SOUND, *codecs, *exact).read_bytes()
        for name, content in broken(kind, good, EACH, seed):
            (folder / name).write_bytes(content)
    for path in (samples / "odd").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def outcomes(corpus: list[Path]) -> dict[str, Any]:
    """What the probe says of each, in memory that is bounded, with nothing left behind."""
    settings = Settings(stall_seconds=20.0)
    with watched() as peak:
        found = answers([path for path in corpus if path.stat().st_size], settings)
    assert 0 < peak.mb < PROBE_MB
    assert sorted(corpus[0].parent.iterdir()) == corpus
    assert children() == []
    return found


def test_all_have_an_answer(corpus: list[Path], outcomes: dict[str, Any]) -> None:
    assert len(corpus) > 2000
    assert set(outcomes) == {path.name for path in corpus if path.stat().st_size}
    refused = [answer["reason"] for answer in outcomes.values() if "reason" in answer]
    assert len(refused) > 300
    assert len(outcomes) - len(refused) > 300
    assert {"truncated", "no_frames", "undecodable", "codec_refused"} <= set(refused)
    facts = [answer for answer in outcomes.values() if "reason" not in answer]
    assert all(0 < answer["duration"] <= 3600 for answer in facts)
    assert all(0 < answer["width"] * answer["height"] <= Settings().max_pixels for answer in facts)
    assert all(answer["fps"] >= 0 for answer in facts)


def answer(path: Path, settings: Settings, folder: Path) -> tuple[str, list[errors.HarError]]:
    """The probe's code or "facts", and all errors that a user might get for a file."""
    try:
        video = probe(path, settings)
    except errors.HarError as refusal:
        return refusal.code, [refusal]
    caught = []
    for call in (
        lambda: list(frames(video, 8, 32, settings)),
        lambda: annotate(video, [], folder / f"{path.name}.mp4", settings, lambda _: None),
    ):
        try:
            assert call() != [], path.name
        except errors.HarError as refusal:
            caught.append(refusal)
    return "facts", caught


@pytest.mark.slow
def test_a_sample_goes_the_whole_way(
    corpus: list[Path], outcomes: dict[str, Any], settings: Settings, tmp_path: Path
) -> None:
    """And the probe of each answers just as it did among two thousand."""
    chosen = random.Random(5).sample([path for path in corpus if path.stat().st_size], SAMPLE)
    impatient = dataclasses.replace(settings, stall_seconds=30.0)
    (out := tmp_path / "out").mkdir()
    with watched() as peak, ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda path: answer(path, impatient, out), chosen))
    codes = {"memory": "undecodable"}
    for path, (code, caught) in zip(chosen, found, strict=True):
        reason = outcomes[path.name].get("reason", "facts")
        assert code == codes.get(reason, reason), path.name
        assert all(400 <= error.status < 500 for error in caught), path.name
        assert not any(isinstance(error, errors.Stalled) for error in caught), path.name
        assert not any(str(path.parent) in error.detail for error in caught), path.name
    assert 0 < peak.mb < DECODER_MB
    assert children() == []
    assert all(path.suffix == ".mp4" and path.is_file() for path in out.iterdir())
    assert sorted(corpus[0].parent.iterdir()) == corpus
