"""The stream of timestamped frames: decoded, scaled and sampled by a child ffmpeg in one pass.

The child writes raw pictures in a NUT container, whose packets carry the time stamps that a bare
pipe of pixels would lose. Nothing is kept: memory does not grow with the length of the video.
"""

from __future__ import annotations

import math
import re
from collections.abc import Generator, Iterator

import av
import ffmpeg
import numpy as np
from numpy.typing import NDArray

from config import Settings
from har.errors import NoFrames, TooLong, TooManyPixels, Truncated, Undecodable
from har.media import child
from har.media.ffmpeg import executable, input_options
from har.types import FrameBatch, VideoFacts

_MISSING = 0.1
"""Share of the announced duration that may be absent at the end before a file counts as cut off."""


def frames(
    video: VideoFacts, fps: float, size: int, settings: Settings, batch: int = 32
) -> Generator[FrameBatch, None, None]:
    """Sample a video at ``fps``, squashed to ``size`` x ``size`` pixels and upright.

    The k-th frame stands for the second ``video.start + k / fps`` and shows the picture nearest to
    it, whatever the video's own frame rate and however it varies. Yields at most ``batch`` frames
    at a time and at least one in all. Raises NoFrames, Truncated, TooLong, TooManyPixels,
    Undecodable and DecoderCrashed.
    """
    with child.start(_arguments(video, fps, size, settings)) as decoder:
        count = 0
        for pixels in _batches(decoder, batch):
            times = video.start + np.arange(count, count + len(pixels)) / fps
            if times[-1] - video.start > settings.max_duration_seconds:
                raise TooLong(f"Videos may last {settings.max_duration_seconds:g} s at most.")
            yield FrameBatch(times, pixels)
            count += len(pixels)
        _check_end(decoder, video, count / fps)


def _arguments(video: VideoFacts, fps: float, size: int, settings: Settings) -> list[str]:
    stream = ffmpeg.input(f"file:{video.path}", **input_options(settings), copyts=None)["V:0"]
    stream = stream.filter("fps", fps, start_time=video.start)
    stream = stream.filter("scale", size, size, flags="bicubic").filter("format", "rgb24")
    output = stream.output("pipe:1", format="nut", vcodec="rawvideo")
    arguments = output.global_args("-nostdin", "-hide_banner", "-v", "error")
    return list(arguments.compile(executable(settings)))


def _batches(decoder: child.Child, size: int) -> Iterator[NDArray[np.uint8]]:
    pending: list[NDArray[np.uint8]] = []
    for picture in _pictures(decoder):
        pending.append(picture)
        if len(pending) == size:
            yield np.stack(pending)
            pending = []
    if pending:
        yield np.stack(pending)


def _pictures(decoder: child.Child) -> Iterator[NDArray[np.uint8]]:
    try:
        with av.open(decoder.stdout, mode="r", format="nut") as container:
            stream = container.streams.video[0]
            shape = (stream.height, stream.width, 3)
            for packet in container.demux(stream):
                # The last one of a decoder that was killed is cut off.
                if packet.size == math.prod(shape):
                    yield np.frombuffer(memoryview(packet), np.uint8).reshape(shape)
    except av.FFmpegError:
        _wait(decoder)
        raise _failure(decoder) from None


def _check_end(decoder: child.Child, video: VideoFacts, seconds: float) -> None:
    _wait(decoder)
    missing = video.duration - seconds
    if missing > max(1.0, _MISSING * video.duration):
        raise Truncated(
            f"The file announces {video.duration:.1f} s but ends after {seconds:.1f} s. "
            "Upload it again, whole."
        )


def _wait(decoder: child.Child) -> None:
    try:
        decoder.wait(timeout=10)
    except child.ChildFailed:
        raise _failure(decoder) from None


def _failure(decoder: child.Child) -> Exception:
    """The error behind a decoder that gave no picture or ended badly."""
    stderr = decoder.stderr()
    if re.search(r"exceeds specified max pixel count", stderr, re.IGNORECASE):
        return TooManyPixels("The picture is larger than allowed. Send a smaller copy.")
    if re.search(r"Output file .*does not contain any stream|matches no streams", stderr):
        return NoFrames("The video has no frames. Export it again, or send another file.")
    if stderr.strip():
        return Undecodable("The video cannot be decoded. Convert it to H.264 in MP4 and try again.")
    return NoFrames("The video has no frames. Export it again, or send another file.")
