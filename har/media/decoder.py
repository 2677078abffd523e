"""Runs ffmpeg on a video from a stranger: what it may open, use up, and keep us waiting for."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ffmpeg

from config import Settings
from har import errors
from har.media import child
from har.media.ffmpeg import THREADS, input_options
from har.types import VideoFacts

_MOV = "mov,mp4,m4a,3gp,3g2,mj2"
FEW_ARENAS = {"MALLOC_ARENA_MAX": "2"}
"""glibc sets addresses aside for every thread; they count as memory, and nobody uses them."""


def source(video: VideoFacts, settings: Settings, **more: Any) -> Any:
    """A video as ffmpeg-python's input, on its own clock; with more options for it."""
    # Other demuxers do not know the option, and ffmpeg stops at what none knows.
    external = {"enable_drefs": 0} if video.container == _MOV else {}
    options = {**input_options(settings), **external, **more, "copyts": None}
    return ffmpeg.input(f"file:{video.path.absolute()}", **options)


@contextmanager
def running(
    argv: Sequence[str],
    video: VideoFacts,
    settings: Settings,
    *,
    reads: Sequence[Path] = (),
    **writing: Any,
) -> Iterator[child.Child]:
    """An ffmpeg that reads a video under the settings' limits; the rest is as for child.start().

    Raises Stalled where it says nothing for too long or does not end.
    """
    try:
        with child.start(
            argv,
            reads=[video.path, *reads],
            memory=memory(settings),
            seconds=settings.job_timeout_seconds * THREADS,
            patience=settings.stall_seconds,
            env=FEW_ARENAS,
            **writing,
        ) as decoder:
            yield decoder
    except (child.ChildStalled, child.ChildTimeout):
        raise stalled() from None


def memory(settings: Settings) -> int:
    """Bytes that a program may take that opens a video."""
    return settings.decoder_memory_mb << 20


def stalled() -> errors.Stalled:
    """The error for a decoder that had to be ended."""
    return errors.Stalled(
        "The program that reads the video got stuck on it. Convert it to H.264 in MP4 and send it "
        "again."
    )


def failure(stderr: str) -> errors.HarError | None:
    """The error that ffmpeg's last words tell of, if they do."""
    if os.strerror(errno.ENOSPC) in stderr:
        return errors.DiskFull("There is no room for the work on this video. Try again later.")
    if re.search(r"exceeds specified max pixel count", stderr, re.IGNORECASE):
        return errors.TooManyPixels("The picture is larger than allowed. Send a smaller copy.")
    if re.search(r"not allocate memory|get_buffer\(\) failed|bad_alloc", stderr):
        return errors.Undecodable(
            "Decoding the video takes more memory than allowed. Send a smaller copy."
        )
    return None
