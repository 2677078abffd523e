"""Looks at a file before anything else does, in a process of its own, and refuses what is no video.

``python -m har.media.probe FILE MAX_PIXELS`` is that process: it opens the file with PyAV under the
demuxer list, decodes one frame (headers lie) and prints the facts, or the reason against, as JSON.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

from config import ROOT, Settings
from har import errors
from har.media import child
from har.media.ffmpeg import FORMATS
from har.types import VideoFacts

_TIMEOUT = 30.0
_log = logging.getLogger(__name__)

_REASONS: dict[str, tuple[type[errors.MediaError], str]] = {
    "not_a_video": (errors.NotAVideo, "Send a video file, such as MP4, MOV, MKV, WebM or AVI."),
    "picture": (errors.IsPicture, "Actions need a video; a still picture has no motion."),
    "audio_only": (errors.AudioOnly, "Send a file that has a video track."),
    "truncated": (errors.Truncated, "The end of the file is missing. Upload it again, whole."),
    "no_frames": (errors.NoFrames, "The video has no frames. Export it again."),
    "zero_size": (errors.ZeroSize, "The picture is 0 pixels wide or high. Export it again."),
    "undecodable": (
        errors.Undecodable,
        "The video cannot be decoded. Convert it to H.264 in MP4 and try again.",
    ),
}


def probe(path: Path, settings: Settings) -> VideoFacts:
    """The facts of a video file. Raises the MediaError that says why it can't be used."""
    if path.stat().st_size == 0:
        raise errors.EmptyFile("The file has no bytes. Upload it again.")
    _check_bytes(path, settings)
    argv = [sys.executable, "-m", __name__, str(path.absolute()), str(settings.max_pixels)]
    try:
        answer = json.loads(child.run(argv, timeout=_TIMEOUT, cwd=str(ROOT)))
    except (child.ChildFailed, child.ChildTimeout) as error:
        _log.warning("probe of %s: %s", path, error)
        raise _refusal("undecodable") from None
    if "reason" in answer:
        raise _refusal(answer["reason"])
    return _checked(VideoFacts(path=path, **answer), settings)


def _refusal(reason: str) -> errors.MediaError:
    kind, sentence = _REASONS[reason]
    return kind(sentence)


def _check_bytes(path: Path, settings: Settings) -> None:
    limit = settings.max_upload_mb
    if path.stat().st_size > limit * 1_000_000:
        raise errors.TooLarge(f"Videos may have {limit} MB at most. Send a smaller copy.")


def _checked(video: VideoFacts, settings: Settings) -> VideoFacts:
    if video.width * video.height > settings.max_pixels:
        raise errors.TooManyPixels(
            f"The picture has {video.width} x {video.height} pixels; {settings.max_pixels} "
            "are allowed. Send a smaller copy."
        )
    if video.duration > settings.max_duration_seconds:
        raise errors.TooLong(
            f"The video lasts {video.duration:.0f} s; {settings.max_duration_seconds:g} s are "
            "allowed. Cut it into parts."
        )
    return video


# From here on: what runs in the child.


class _Refused(Exception):
    pass


def _facts(path: str, max_pixels: int) -> dict[str, Any]:
    """VideoFacts without the path. Raises _Refused with a key of _REASONS."""
    import av

    try:
        container = av.open(
            f"file:{path}",
            options={"format_whitelist": FORMATS, "protocol_whitelist": "file"},
        )
    except av.FFmpegError:
        raise _Refused(_why_not_opened(path)) from None
    with container:
        pictures = [s for s in container.streams.video if not _is_cover(s)]
        if not pictures:
            raise _Refused("audio_only" if container.streams.audio else "no_frames")
        return _video_facts(container, pictures[0], max_pixels)


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & stream.disposition.attached_pic)


def _video_facts(container: Any, stream: Any, max_pixels: int) -> dict[str, Any]:
    if not stream.width or not stream.height:
        raise _Refused("zero_size")
    start, duration = _extent(container, stream)
    rotation = 0
    if stream.width * stream.height <= max_pixels:
        rotation = _first_frame(container, stream).rotation
    upright = rotation % 180 == 0
    return {
        "start": start,
        "duration": duration,
        "width": stream.width if upright else stream.height,
        "height": stream.height if upright else stream.width,
        "fps": float(stream.average_rate or stream.guessed_rate or 0),
        "container": container.format.name,
        "codec": stream.codec_context.codec.canonical_name,
        "audio_codec": next((a.codec_context.name for a in container.streams.audio), None),
    }


def _extent(container: Any, stream: Any) -> tuple[float, float]:
    """First timestamp and duration of the video track in seconds; read from its packets where the
    headers do not say."""
    if stream.duration and stream.start_time is not None:
        base = stream.time_base
        return float(stream.start_time * base), float(stream.duration * base)
    start = float((container.start_time or 0) / 1_000_000)
    if stream.start_time is not None:
        start = float(stream.start_time * stream.time_base)
    if container.duration:
        return start, container.duration / 1_000_000 - (start - (container.start_time or 0) / 1e6)
    return _measured_extent(container, stream)


def _measured_extent(container: Any, stream: Any) -> tuple[float, float]:
    first, last = None, 0
    for packet in container.demux(stream):
        if packet.pts is not None:
            first = packet.pts if first is None else min(first, packet.pts)
            last = max(last, packet.pts + (packet.duration or 0))
    if first is None:
        raise _Refused("no_frames")
    container.seek(first, stream=stream)
    return float(first * stream.time_base), float((last - first) * stream.time_base)


def _first_frame(container: Any, stream: Any) -> Any:
    import av

    try:
        for frame in container.decode(stream):
            return frame
    except av.FFmpegError:
        raise _Refused("undecodable") from None
    raise _Refused("no_frames")


def _why_not_opened(path: str) -> str:
    with open(path, "rb") as file:
        head = file.read(16)
    if _is_picture(path):
        return "picture"
    return "truncated" if _starts_like_video(head) else "not_a_video"


def _starts_like_video(head: bytes) -> bool:
    return (
        head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free")
        or head[:4] in (b"\x1aE\xdf\xa3", b"OggS")
        or head[:3] == b"FLV"
        or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
    )


def _is_picture(path: str) -> bool:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path):
            return True
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return False


def _main(path: str, max_pixels: str) -> None:
    try:
        answer = _facts(path, int(max_pixels))
    except _Refused as refusal:
        answer = {"reason": str(refusal)}
    print(json.dumps(answer))


if __name__ == "__main__":
    _main(*sys.argv[1:])
