"""The stream of timestamped frames: decoded, scaled and sampled by a child ffmpeg in one pass.

The child writes bare pixels, so that what comes out of it needs no parser here. Nothing is kept:
memory does not grow with the length of the video.
"""

from __future__ import annotations

import math
import re
from collections.abc import Generator, Iterator
from typing import Any

import ffmpeg
import numpy as np
from numpy.typing import NDArray

from config import Settings
from har.errors import NoFrames, TooLong, TooManyFrames, Truncated, Undecodable
from har.media import child, decoder
from har.media.ffmpeg import executable
from har.media.squaring import squaring
from har.types import Fit, FrameBatch, VideoFacts

_MISSING = 0.1
"""Share of the announced duration that may be absent at the end before a file counts as cut off."""


def frames(
    video: VideoFacts, fps: float, fit: Fit | int, settings: Settings, batch: int = 32
) -> Generator[FrameBatch, None, None]:
    """Sample a video at ``fps``, upright and made square by ``fit``; a number squashes it to so
    many pixels a side.

    The k-th frame stands for the second ``video.start + k / fps`` and shows the picture nearest to
    it, whatever the video's own frame rate and however it varies. Yields at most ``batch`` frames
    at a time and at least one in all. Raises NoFrames, Truncated, TooLong, TooManyFrames,
    TooManyPixels, Undecodable, Stalled and DecoderCrashed.
    """
    fit = Fit(fit) if isinstance(fit, int) else fit
    with decoder.running(_arguments(video, fps, fit, settings), video, settings) as ffmpeg:
        count = 0
        for pixels in batches(ffmpeg, (batch, fit.size, fit.size, 3)):
            times = video.start + np.arange(count, count + len(pixels)) / fps
            if times[-1] - video.start > settings.max_duration_seconds:
                raise TooLong(f"Videos may last {settings.max_duration_seconds:g} s at most.")
            yield FrameBatch(times, pixels)
            count += len(pixels)
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
    """The ffmpeg that writes a stream's pictures, made square, one after the other; and others of
    ffmpeg-python's outputs."""
    for each in squaring(fit):
        stream = stream.filter(each.name, *each.values, **each.named)
    output = stream.output("pipe:1", format="rawvideo", vcodec="rawvideo")
    arguments = ffmpeg.merge_outputs(output, *others).global_args(
        "-nostdin", "-hide_banner", "-v", "error"
    )
    return list(arguments.compile(executable(settings)))


def batches(ffmpeg: child.Child, shape: tuple[int, int, int, int]) -> Iterator[NDArray[np.uint8]]:
    """The pictures [n, h, w, 3] that an ffmpeg writes, each batch as soon as it is whole."""
    while True:
        pixels = np.empty(shape, np.uint8)
        size = ffmpeg.stdout.readinto(pixels.data)
        # The last picture of a decoder that was killed is cut off.
        if whole := size // math.prod(shape[1:]):
            yield pixels[:whole]
        if size < pixels.nbytes:
            return


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
