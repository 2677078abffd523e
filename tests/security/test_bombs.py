"""Small files that are huge to decode, headers that lie, and too much of anything: each is refused
quickly, in little memory, by the probe and by each decoder that comes after it."""

from __future__ import annotations

import dataclasses
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from config import Settings
from har import errors
from har.media.annotate import annotate
from har.media.frames import frames
from har.media.probe import probe
from har.types import VideoFacts
from tests.security.memory import watched

Maker = Callable[..., Path]
GREY = ("-f", "lavfi", "-i")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "10000")
PATIENCE = 30.0
"""Seconds that an answer may take on a busy machine; most take half of one."""
PROBE_MB = 400
DECODER_MB = 1000
FEW = 20_000
"""The limit on frames in tests that need not write half a million."""


@pytest.fixture(scope="session")
def bomb(make_video: Maker) -> Callable[[str], Path]:
    """Bombs by their names. A few frames are encoded, and their packets repeated."""

    def repeated(name: str, picture: str, frames: int, loops: int, *options: str) -> Path:
        once = make_video(f"once-{name}", *GREY, picture, "-frames:v", str(frames), *H264)
        looped = ("-stream_loop", str(loops - 1), *options, "-i", str(once))
        return make_video(name, *looped, "-c", "copy")

    def many(name: str, count: int) -> Path:
        tracks = ("-map", "0:v") * count
        once = make_video("once.mp4", *GREY, "color=s=16x16:r=10:d=1", *H264)
        return make_video(name, "-i", str(once), *tracks, "-c", "copy")

    def make(name: str) -> Path:
        if name == "huge.mp4":
            return repeated(name, "color=s=8192x8192:r=10", 5, 2)
        if name == "huge.ts":
            return make_video(name, "-i", str(make("huge.mp4")), "-c", "copy")
        if name.startswith("day"):
            return repeated(name, "color=s=16x16:r=1", 5400, 16)
        if "fast" in name or "frames" in name:
            slower = () if "fast" in name else ("-itsscale", "5")
            loops = 3 if name.startswith("few-") else 60
            return repeated(name, "color=s=16x16:r=1000", 10_000, loops, *slower)
        return many(name, int(name[:-4]))

    return make


def refused(kind: type[errors.HarError], call: Callable[[], object], mb: float) -> None:
    """Check that a call raises this, quickly, and that no child took more memory than that."""
    began = time.monotonic()
    with watched() as peak, pytest.raises(errors.HarError) as refusal:
        call()
    assert type(refusal.value) is kind, refusal.value
    assert 400 <= refusal.value.status < 500
    assert time.monotonic() - began < PATIENCE
    assert 0 < peak.mb < mb


@pytest.mark.parametrize(
    ("name", "most_bytes", "error"),
    [
        ("huge.mp4", 450_000, errors.TooManyPixels),
        ("huge.ts", 450_000, errors.TooManyPixels),
        ("day.mp4", 2_000_000, errors.TooLong),
        ("day.mkv", 2_500_000, errors.TooLong),
        ("few-fast.mp4", 450_000, errors.TooManyFrames),
        ("few-frames.mp4", 450_000, errors.TooManyFrames),
        pytest.param("fast.mp4", 9_000_000, errors.TooManyFrames, marks=pytest.mark.slow),
        pytest.param("frames.mp4", 9_000_000, errors.TooManyFrames, marks=pytest.mark.slow),
        ("40.mp4", 100_000, errors.TooManyStreams),
        ("40.mkv", 100_000, errors.TooManyStreams),
        ("900.mp4", 1_300_000, errors.TooManyStreams),
    ],
)
def test_probe_refuses_bombs(
    name: str,
    most_bytes: int,
    error: type[errors.HarError],
    bomb: Callable[[str], Path],
    settings: Settings,
) -> None:
    path = bomb(name)
    assert path.stat().st_size < most_bytes
    limits = dataclasses.replace(settings, max_frames=FEW) if name.startswith("few-") else settings
    refused(error, lambda: probe(path, limits), PROBE_MB)


def harmless(path: Path) -> VideoFacts:
    """Facts that hide what a file is."""
    return VideoFacts(path, 0.0, 10.0, 64, 48, 25.0, "mov,mp4,m4a,3gp,3g2,mj2", "h264", None)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("huge.mp4", errors.TooManyPixels),
        ("day.mp4", errors.TooLong),
        ("few-frames.mp4", errors.TooManyFrames),
    ],
)
def test_decoders_refuse_bombs_that_passed_the_probe(
    name: str,
    error: type[errors.HarError],
    bomb: Callable[[str], Path],
    settings: Settings,
    tmp_path: Path,
) -> None:
    few = dataclasses.replace(settings, max_frames=FEW)
    video = harmless(bomb(name))
    refused(error, lambda: annotate(video, [], tmp_path / "out.mp4", few, ignore), DECODER_MB)
    assert [p.name for p in tmp_path.iterdir() if p.name != "var"] == []
    told = dataclasses.replace(video, duration=3000.0, fps=200.0)
    refused(error, lambda: list(frames(told, 8, 32, few)), DECODER_MB)


def ignore(fraction: float) -> None:
    pass


# Offsets from a box's name, in version 0 of each.
DURATIONS = {b"mvhd": 20, b"tkhd": 24, b"mdhd": 20}


def patched(source: Path, target: Path, *changes: tuple[bytes, int, str, tuple[int, ...]]) -> Path:
    """A copy with numbers written so many bytes after the first place where a name is."""
    content = bytearray(source.read_bytes())
    for name, offset, kind, numbers in changes:
        struct.pack_into(kind, content, content.index(name) + offset, *numbers)
    target.write_bytes(content)
    return target


@pytest.fixture
def short(make_video: Maker) -> Path:
    """Two seconds of 10 frames each."""
    return make_video("short-grey.mp4", *GREY, "testsrc2=s=64x48:r=10:d=2", *H264)


@pytest.mark.parametrize("announced", [1, 200_000_000])
def test_duration_is_measured_whatever_the_header_says(
    announced: int, short: Path, settings: Settings, tmp_path: Path
) -> None:
    changes = [(name, at, ">I", (announced,)) for name, at in DURATIONS.items()]
    video = probe(patched(short, tmp_path / "lie.mp4", *changes), settings)
    assert (video.start, video.duration) == (0.0, 2.0)
    assert sum(len(batch.times) for batch in frames(video, 8, 32, settings)) == 16


def test_too_long_whatever_the_header_says(
    bomb: Callable[[str], Path], settings: Settings, tmp_path: Path
) -> None:
    changes = [(name, at, ">I", (1000,)) for name, at in DURATIONS.items()]
    lie = patched(bomb("day.mp4"), tmp_path / "lie.mp4", *changes)
    refused(errors.TooLong, lambda: probe(lie, settings), PROBE_MB)


def test_longer_than_there_is_counts_as_cut_off(
    make_video: Maker, settings: Settings, tmp_path: Path
) -> None:
    source = make_video("short.mkv", *GREY, "testsrc2=s=64x48:r=10:d=2", *H264)
    day = struct.unpack(">2I", struct.pack(">d", 86_400_000.0))
    lie = patched(source, tmp_path / "lie.mkv", (b"\x44\x89\x88", 3, ">2I", day))
    refused(errors.Truncated, lambda: probe(lie, settings), PROBE_MB)


def test_size_is_that_of_the_pictures(
    short: Path, bomb: Callable[[str], Path], settings: Settings, tmp_path: Path
) -> None:
    def says(source: Path, width: int, height: int) -> Path:
        size = (b"avc1", 28, ">HH", (width, height))
        shown = (b"tkhd", 80, ">II", (width << 16, height << 16))
        return patched(source, tmp_path / "lie.mp4", size, shown)

    video = probe(says(short, 60_000, 60_000), settings)
    assert (video.width, video.height) == (64, 48)
    small = says(bomb("huge.mp4"), 64, 48)
    refused(errors.TooManyPixels, lambda: probe(small, settings), PROBE_MB)
    decode = lambda: list(frames(harmless(small), 8, 32, settings))  # noqa: E731
    refused(errors.TooManyPixels, decode, DECODER_MB)


def test_frame_rate_is_measured(make_video: Maker, settings: Settings, tmp_path: Path) -> None:
    source = make_video("short.avi", *GREY, "testsrc2=s=64x48:r=10:d=2", "-c:v", "mpeg4")
    fast = patched(source, tmp_path / "fast.avi", (b"strh", 28, "<II", (1, 1_000_000)))
    refused(errors.TooManyFrames, lambda: probe(fast, settings), PROBE_MB)
    slow = patched(source, tmp_path / "slow.avi", (b"strh", 28, "<II", (10_000, 1)))
    refused(errors.TooLong, lambda: probe(slow, settings), PROBE_MB)


@pytest.mark.parametrize("count", [1 << 22, 1 << 28])
def test_samples_that_are_not_there(
    count: int, short: Path, settings: Settings, tmp_path: Path
) -> None:
    """A table of constant sizes announces as many as its number says, at no cost to the file."""
    changes = [(b"stsz", 8, ">II", (1, count)), (b"stts", 12, ">II", (count, 1))]
    lie = patched(short, tmp_path / "lie.mp4", *changes, (b"stsc", 16, ">I", (count,)))
    began = time.monotonic()
    with watched() as peak, pytest.raises(errors.MediaError) as refusal:
        probe(lie, settings)
    assert 400 <= refusal.value.status < 500
    assert time.monotonic() - began < PATIENCE
    assert peak.mb < settings.decoder_memory_mb


def test_memory_is_bounded(bomb: Callable[[str], Path], settings: Settings, tmp_path: Path) -> None:
    """What needs more than allowed is an error of the file, not of ours, however ffmpeg takes it:
    some versions end, some crash, some wait for ever."""
    little = dataclasses.replace(
        settings, decoder_memory_mb=256, max_pixels=1 << 27, stall_seconds=3.0
    )
    path = bomb("huge.mp4")
    # A child that ends at once may not be seen; those of all three are.
    with watched() as peak:
        for call in (
            lambda: probe(path, little),
            lambda: list(frames(harmless(path), 8, 32, little)),
            lambda: annotate(harmless(path), [], tmp_path / "out.mp4", little, ignore),
        ):
            with pytest.raises(errors.MediaError) as refusal:
                call()
            assert refusal.value.status == 422
    assert 0 < peak.mb < 256


@pytest.mark.parametrize("size", ["1x1", "3x1", "16384x544"])
def test_odd_sizes_work(size: str, make_video: Maker, settings: Settings, tmp_path: Path) -> None:
    # Scaled, since older versions of ffmpeg draw no picture of one pixel.
    picture = f"color=red:s=16x16:r=10:d=0.5,format=yuv444p,scale={size.replace('x', ':')}"
    mjpeg = "-c:v", "mjpeg", "-pix_fmt", "yuvj444p"
    video = probe(make_video(f"{size}.mkv", *GREY, picture, *mjpeg), settings)
    assert f"{video.width}x{video.height}" == size
    with watched() as peak:
        assert [len(batch.times) for batch in frames(video, 8, 32, settings)] == [4]
        annotate(video, [], tmp_path / "out.mp4", settings, ignore)
    assert probe(tmp_path / "out.mp4", settings).duration == pytest.approx(0.5, abs=0.05)
    assert peak.mb < DECODER_MB


@pytest.mark.parametrize("size", ["16384x2", "2x16384"])
def test_slits_are_decoded_or_refused(size: str, make_video: Maker, settings: Settings) -> None:
    path = make_video(f"{size}.mp4", *GREY, f"color=red:s={size}:r=10:d=0.5", *H264)
    video = probe(path, settings)
    with watched() as peak, suppress(errors.Undecodable):
        assert [len(batch.times) for batch in frames(video, 8, 112, settings)] == [4]
    assert 0 < peak.mb < DECODER_MB
