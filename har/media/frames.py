"""The stream of timestamped frames: decoded, scaled and sampled by a child ffmpeg in one pass.

The child writes bare pixels behind their size (PPM), so that what comes out of it needs next to no
parser here. Nothing is kept: memory does not grow with the length of the video.
"""

from __future__ import annotations

import io
import re
from collections.abc import Generator, Iterator
from itertools import islice
from typing import Any

import ffmpeg
import numpy as np
from numpy.typing import NDArray

from config import Settings
from har.errors import DecoderCrashed, NoFrames, TooLong, TooManyFrames, Truncated, Undecodable
from har.media import child, decoder
from har.media.ffmpeg import executable
from har.media.resizing import resizing
from har.types import Fit, FrameBatch, VideoFacts

_MISSING = 0.1
"""Share of the announced duration that may be absent at the end before a file counts as cut off."""

_HEAD = re.compile(rb"P6\n(\d+) (\d+)\n255\n")
"""How ffmpeg begins a picture in PPM, with its width and height."""
_LINE = 16


def frames(
    video: VideoFacts, fps: float, fit: Fit | int, settings: Settings, batch: int = 32
) -> Generator[FrameBatch, None, None]:
    """Sample a video at ``fps``, upright and as ``fit`` says; a number squashes it to a square of
    so many pixels a side. All frames have the shape of the first.

    The k-th frame stands for the second ``video.start + k / fps`` and shows the picture nearest to
    it, whatever the video's own frame rate and however it varies. Yields at most ``batch`` frames
    at a time and at least one in all. Raises NoFrames, Truncated, TooLong, TooManyFrames,
    TooManyPixels, Undecodable, Stalled and DecoderCrashed.
    """
    fit = Fit(fit) if isinstance(fit, int) else fit
    with decoder.running(_arguments(video, fps, fit, settings), video, settings) as ffmpeg:
        count, arriving = 0, pictures(ffmpeg, fit)
        while some := list(islice(arriving, batch)):
            times = video.start + np.arange(count, count + len(some)) / fps
            if times[-1] - video.start > settings.max_duration_seconds:
                raise TooLong(f"Videos may last {settings.max_duration_seconds:g} s at most.")
            yield FrameBatch(times, np.stack(some))
            count += len(some)
        _wait(ffmpeg)
        if not count:
            raise _failure(ffmpeg)
        _check_end(video, count / fps, settings)


def _arguments(video: VideoFacts, fps: float, fit: Fit, settings: Settings) -> list[str]:
    stream = decoder.source(video, settings)["V:0"].filter("trim", end_frame=settings.max_frames)
    # A video that ends before the first sample's half would have none.
    ending = "pass" if video.duration * fps < 1 else "round"
    stream = stream.filter("fps", fps, start_time=video.start, eof_action=ending)
    return written(stream, fit, settings)


def written(stream: Any, fit: Fit, settings: Settings, *others: Any) -> list[str]:
    """The ffmpeg that writes what ``fit`` says of a stream's pictures, one after the other; and
    others of ffmpeg-python's outputs."""
    for each in resizing(fit):
        stream = stream.filter(each.name, *each.values, **each.named)
    # Where the pictures change their shape, ffmpeg scales the later ones to the first's.
    output = stream.output("pipe:1", format="rawvideo", vcodec="ppm")
    arguments = ffmpeg.merge_outputs(output, *others).global_args(
        "-nostdin", "-hide_banner", "-v", "error"
    )
    return list(arguments.compile(executable(settings)))


def pictures(decoder: child.Child, fit: Fit) -> Iterator[NDArray[np.uint8]]:
    """The pictures [h, w, 3] that a child writes in PPM, each as soon as it is whole.

    Raises DecoderCrashed where ``fit`` makes no such shape, or where it is not that of the first:
    a hostile video may control the child.
    """
    first = None
    while shape := _shape(decoder.stdout):
        first = first or shape
        if shape != first or not fit.makes(*shape):
            raise DecoderCrashed(
                "The program that reads the video went wrong on it. Convert it to H.264 in MP4 and "
                "send it again."
            )
        pixels = np.empty((*shape, 3), np.uint8)
        # The last picture of a decoder that was killed is cut off.
        if decoder.stdout.readinto(pixels.data) < pixels.nbytes:
            return
        yield pixels


def _shape(stdout: io.BufferedReader[Any]) -> tuple[int, int] | None:
    """Height and width of the picture that begins, or None at the end; 0 and 0 of what is none."""
    head = b"".join(stdout.readline(_LINE) for _ in range(3))
    if found := _HEAD.fullmatch(head):
        return int(found[2]), int(found[1])
    return (0, 0) if head else None


def _check_end(video: VideoFacts, seconds: float, settings: Settings) -> None:
    missing = video.duration - seconds
    if missing <= max(1.0, _MISSING * video.duration):
        return
    if seconds * video.fps > (1 - _MISSING) * settings.max_frames:
        raise TooManyFrames(f"Videos may have {settings.max_frames} frames at most.")
    raise Truncated(
        f"The file announces {video.duration:.1f} s but ends after {seconds:.1f} s. "
        "Upload it again, whole."
    )


def _wait(ffmpeg: child.Child) -> None:
    try:
        ffmpeg.wait(timeout=10)
    except child.ChildFailed:
        raise _failure(ffmpeg) from None


def _failure(ffmpeg: child.Child) -> Exception:
    """The error behind a decoder that gave no picture or ended badly."""
    stderr = ffmpeg.stderr()
    if error := decoder.failure(stderr):
        return error
    if re.search(r"Output file .*does not contain any stream|matches no streams", stderr):
        return NoFrames("The video has no frames. Export it again, or send another file.")
    if stderr.strip():
        return Undecodable("The video cannot be decoded. Convert it to H.264 in MP4 and try again.")
    return NoFrames("The video has no frames. Export it again, or send another file.")
