"""Makes a copy of a video with ffmpeg that browsers play: what all such copies have in common."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import ffmpeg

from config import Settings
from har.errors import TooLong, TooManyFrames, Undecodable
from har.media import child, decoder
from har.media.ffmpeg import SOUNDS, THREADS, executable
from har.types import VideoFacts

COPY = "copy.mp4"
"""The name of what copied() and encoded() make."""

H264 = {
    "vcodec": "libx264",
    "preset": "ultrafast",
    "crf": 23,
    "threads": THREADS,
    "fps_mode": "vfr",
}

_LATE = 0.1
"""Seconds."""

_GROWTH = 16
"""Times the largest video: what a copy may have, since it is made in a hurry."""


def plain(picture: Any) -> Any:
    """A stream of pictures as H.264 of 8 bits has them."""
    # 4:2:0 colour needs even sides.
    picture = picture.filter("pad", "ceil(iw/2)*2", "ceil(ih/2)*2")
    return picture.filter("scale", out_range="tv").filter("format", "yuv420p")


def is_heard(video: VideoFacts) -> bool:
    """Whether there is sound that we decode."""
    return video.audio_codec in SOUNDS.split(",")


def copied(video: VideoFacts, source: Any) -> Any:
    """An MP4 of ffmpeg-python's, COPY, with the pictures of a source as they are."""
    held = {"bsf:v": "setts=pts='if(N,PTS,0)':dts='if(N,DTS,0)'"} if begins_late(video) else {}
    return _output(video, source, source["V:0"], vcodec="copy", **held)


def encoded(video: VideoFacts, source: Any, picture: Any) -> Any:
    """An MP4 of ffmpeg-python's, COPY, of a stream of pictures that came from a source."""
    if begins_late(video):
        picture = picture.filter("setpts", "if(N,PTS,0)")
    return _output(video, source, plain(picture), **H264)


def begins_late(video: VideoFacts) -> bool:
    """Whether its clock begins so late that browsers, which count its length from there, cannot
    seek to its end. In copies the first picture stands from zero on."""
    return video.start > _LATE


def _output(video: VideoFacts, source: Any, picture: Any, **coded: Any) -> Any:
    arguments = {"format": "mp4", "movflags": "+faststart", **coded}
    # What is not decoded here is left out.
    if not is_heard(video):
        return ffmpeg.output(picture, COPY, **arguments)
    # Browsers play AAC as it is; other sound may not even fit into MP4.
    acodec = "copy" if video.audio_codec == "aac" else "aac"
    return ffmpeg.output(picture, source["a:0"], COPY, acodec=acodec, **arguments)


def write(
    output: Any,
    video: VideoFacts,
    folder: Path,
    settings: Settings,
    progress: Callable[[float], None],
    reads: Sequence[Path] = (),
) -> None:
    """Run an output of ffmpeg-python's, whose file is in ``folder``.

    ``progress`` gets fractions, 0..1. Raises TooLong, TooManyFrames, TooManyPixels, Undecodable,
    DiskFull, Stalled and DecoderCrashed.
    """
    flags = ("-nostdin", "-hide_banner", "-v", "error", "-nostats", "-progress", "pipe:1")
    threads = ("-filter_complex_threads", str(THREADS))
    argv = output.global_args(*flags, *threads).compile(executable(settings))
    most = _GROWTH * settings.max_upload_mb * 1_000_000
    with decoder.running(
        argv, video, settings, reads=reads, writes=folder, file_size=most
    ) as encoder:
        for frames, seconds in _steps(encoder.stdout, settings.stall_seconds):
            _check(frames, seconds - video.start, settings)
            progress(min(1.0, frames / max(1.0, video.fps * video.duration)))
        _wait(encoder)


def _steps(lines: Iterable[bytes], patience: float) -> Iterator[tuple[int, float]]:
    """How many frames are written, and at least how many seconds, whenever it is more than before.

    ffmpeg tells its progress whether there is any or not: raises Stalled after ``patience``
    seconds without. The seconds lack those before it told for the first time.
    """
    told = {b"frame": 0, b"out_time_us": 0, b"total_size": 0}
    before: tuple[int, ...] = ()
    since = time.monotonic()
    for line in lines:
        key, _, value = line.strip().partition(b"=")
        if key in told and value.lstrip(b"-").isdigit():
            told[key] = int(value)
        if key != b"progress":
            continue
        if (now := tuple(told.values())) != before:
            before, since = now, time.monotonic()
            yield told[b"frame"], told[b"out_time_us"] / 1e6
        elif time.monotonic() - since > patience:
            raise decoder.stalled()


def _check(frames: int, seconds: float, settings: Settings) -> None:
    if seconds > settings.max_duration_seconds:
        raise TooLong(f"Videos may last {settings.max_duration_seconds:g} s at most.")
    if frames > settings.max_frames:
        raise TooManyFrames(f"Videos may have {settings.max_frames} frames at most.")


def _wait(encoder: child.Child) -> None:
    try:
        encoder.wait(timeout=30)
    except child.ChildFailed as failure:
        unknown = Undecodable(
            "No copy can be made from this video. Convert it to H.264 in MP4 and send it again."
        )
        raise decoder.failure(failure.stderr) or unknown from failure
