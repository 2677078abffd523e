"""The probe's own process: ``python -m har.media.probe_child FILE LIMITS`` prints what FILE is.

LIMITS is JSON with the settings ``max_pixels``, ``max_duration_seconds``, ``max_fps``,
``max_frames`` and ``max_streams``. The answer is JSON: the facts, or ``{"reason": ...}`` with a key
of probe.py's table. All packets are read and one picture is decoded, since headers lie.
"""

from __future__ import annotations

import json
import logging
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from har.media.ffmpeg import PICTURES, demuxer_options
from har.media.references import names_files

Limits = Mapping[str, float]

_HINTS = {
    "Skipped opening external track": "names_files",
    "exceeds specified max pixel count": "too_many_pixels",
    "Number of streams exceeds max_streams": "too_many_streams",
    "Estimating duration from bitrate": "duration_guessed",
}
"""What ffmpeg says only to its log, and what it means."""

_TRIES = 1000
"""Packets in which a first picture must be found: more than lie between two key frames."""

_TOLERANCE = 1.01
"""Times the highest frame rate: cameras' clocks are not exact."""

_USUAL_FPS = 25.0

_MISSING = 0.1
"""Share of the announced duration that may be absent at the end before a file counts as cut off."""


class Refused(Exception):
    """The file can't be used; the message is a key of probe.py's table."""


@dataclass
class Track:
    """What the packets of a track show; times in ticks of its clock."""

    tick: float
    """Seconds."""
    packets: int = 0
    shown: int = 0
    """Those that are not only there for others to be decoded from."""
    first: float = math.inf
    last: float = -math.inf
    """When the last picture begins."""
    end: float = -math.inf

    def add(self, packet: Any) -> None:
        self.packets += 1
        at = packet.pts if packet.pts is not None else packet.dts
        if at is not None and not packet.is_discard:
            self.shown += 1
            self.first = min(self.first, at)
            self.last = max(self.last, at)
            self.end = max(self.end, at + (packet.duration or 0))

    @property
    def duration(self) -> float:
        """In seconds."""
        return (self.end - self.first) * self.tick if self.end > self.first else 0.0

    @property
    def rate(self) -> float:
        """Pictures in a second, or 0 where they do not tell."""
        seconds = (self.last - self.first) * self.tick
        return (self.shown - 1) / seconds if seconds > 0 else 0.0


class _Log(logging.Handler):
    """Keeps what ffmpeg's log tells that nothing else does."""

    def __init__(self) -> None:
        super().__init__()
        self.hints: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        self.hints.update(hint for words, hint in _HINTS.items() if words in message)


def facts(path: str, limits: Limits) -> dict[str, Any]:
    """VideoFacts without the path. Raises Refused."""
    import av

    hints = _listen()
    options = demuxer_options(int(limits["max_streams"]))
    options |= {"enable_drefs": 0, "max_pixels": int(limits["max_pixels"])}
    texts = {name: str(value) for name, value in options.items()}
    try:
        container = av.open(f"file:{path}", options=texts, metadata_errors="replace")
    except (av.FFmpegError, MemoryError) as error:
        raise Refused(_why_not_opened(path, error, hints)) from None
    with container:
        stream = _pictures(container, limits)
        if "names_files" in hints or names_files(path, container):
            raise Refused("names_files")
        if stream.width * stream.height > limits["max_pixels"]:
            raise Refused("too_many_pixels")
        tracks, picture = _look(container, stream, limits)
        if picture is None:
            raise Refused(_why_no_picture(stream, tracks[stream.index], hints))
        if "duration_guessed" not in hints:
            _check_end(container, stream, tracks)
        return _video_facts(container, stream, tracks[stream.index], picture, limits)


def _listen() -> set[str]:
    """What ffmpeg's log tells, from now on."""
    import av

    log, logger = _Log(), logging.getLogger("libav")
    logger.handlers, logger.propagate = [log], False
    av.logging.set_level(av.logging.WARNING)
    av.logging.set_skip_repeated(False)
    return log.hints


def _pictures(container: Any, limits: Limits) -> Any:
    """The track that is looked at: the first of pictures that is no cover."""
    streams = container.streams
    if len(streams) - len(streams.attachments) > limits["max_streams"]:
        raise Refused("too_many_streams")
    for stream in streams.video:
        if not stream.disposition & stream.disposition.attached_pic:
            context = stream.codec_context
            if context is None or context.codec.name not in PICTURES.split(","):
                raise Refused("codec_refused")
            return stream
    raise Refused("audio_only" if streams.audio else "no_frames")


def _look(container: Any, stream: Any, limits: Limits) -> tuple[dict[int, Track], Any]:
    """What all packets show, by the index of their track, and the first picture or None.

    Stops where a limit is passed.
    """
    tracks = {s.index: Track(float(s.time_base or 0)) for s in container.streams}
    played = {stream.index, *(s.index for s in container.streams.audio)}
    context, picture = stream.codec_context, None
    context.thread_count = 1
    context.options = {"max_pixels": str(int(limits["max_pixels"]))}
    for packet in _packets(container):
        track = tracks[packet.stream_index]
        track.add(packet)
        if packet.stream_index in played and track.duration > limits["max_duration_seconds"]:
            raise Refused("too_long")
        if packet.stream_index == stream.index:
            if track.packets > limits["max_frames"]:
                raise Refused("too_many_frames")
            if picture is None and track.packets <= _TRIES:
                picture = _picture(context, packet)
    return tracks, picture or _picture(context, None)


def _packets(container: Any) -> Iterator[Any]:
    import av

    try:
        # Empty ones stand for pictures left out, or for the end.
        yield from (packet for packet in container.demux() if packet.size)
    except MemoryError:
        raise Refused("memory") from None
    except (av.FFmpegError, IndexError):
        # As for ffmpeg, what cannot be read is the end. PyAV trips there over late tracks.
        return


def _picture(context: Any, packet: Any) -> Any:
    """The first picture that a packet gives, or None; without a packet, what the decoder kept."""
    import av

    try:
        return next(iter(context.decode(packet)), None)
    except MemoryError:
        raise Refused("memory") from None
    except av.FFmpegError:
        return None


def _why_no_picture(stream: Any, track: Track, hints: set[str]) -> str:
    if not track.packets:
        return "no_frames"
    if not stream.width or not stream.height:
        return "zero_size"
    return "too_many_pixels" if "too_many_pixels" in hints else "undecodable"


def _check_end(container: Any, stream: Any, tracks: Mapping[int, Track]) -> None:
    """Refuse a file whose header announces more than there is.

    Where a track does not say how long it is, the file's duration is that of the longest.
    """
    if stream.duration:
        announced = float(stream.duration * stream.time_base)
        there = tracks[stream.index].duration
    else:
        announced = (container.duration or 0) / 1e6
        shown = [t for t in tracks.values() if t.end > t.first]
        ends, starts = [t.end * t.tick for t in shown], [t.first * t.tick for t in shown]
        there = max(ends, default=0.0) - min(starts, default=0.0)
    if announced - there > max(1.0, _MISSING * announced):
        raise Refused("truncated")


def _video_facts(
    container: Any, stream: Any, track: Track, picture: Any, limits: Limits
) -> dict[str, Any]:
    if track.rate > limits["max_fps"] * _TOLERANCE:
        raise Refused("too_many_frames")
    if picture.width * picture.height > limits["max_pixels"]:
        raise Refused("too_many_pixels")
    fps = float(stream.average_rate or stream.guessed_rate or 0)
    if track.rate:
        fps = _agreed(fps, track.rate, track.rate / 100)
    start = float((stream.start_time or 0) * stream.time_base)
    if track.first < math.inf:
        start = _agreed(start, track.first * track.tick, 1 / (fps or _USUAL_FPS))
    upright = picture.rotation % 180 == 0
    pixel = float(stream.sample_aspect_ratio or 0) or 1.0
    return {
        "start": start,
        "duration": track.duration or 1 / (fps or _USUAL_FPS),
        "width": picture.width if upright else picture.height,
        "height": picture.height if upright else picture.width,
        "fps": fps,
        "container": container.format.name,
        "codec": stream.codec_context.codec.canonical_name,
        "audio_codec": next((_codec(a) for a in container.streams.audio), None),
        "pixels": picture.format.name,
        "pixel_ratio": pixel if upright else 1 / pixel,
    }


def _agreed(announced: float, measured: float, tolerance: float) -> float:
    """What the header says where the packets bear it out, else what they say."""
    return announced if abs(announced - measured) <= tolerance else measured


def _codec(sound: Any) -> str | None:
    return sound.codec_context.codec.canonical_name if sound.codec_context else None


def _why_not_opened(path: str, error: Exception, hints: set[str]) -> str:
    if "too_many_streams" in hints:
        return "too_many_streams"
    if isinstance(error, MemoryError):
        return "memory"
    if _is_picture(path):
        return "picture"
    with open(path, "rb") as file:
        return "truncated" if _starts_like_video(file.read(16)) else "not_a_video"


def _starts_like_video(head: bytes) -> bool:
    return (
        head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free")
        or head[:4] in (b"\x1aE\xdf\xa3", b"OggS")
        or head[:3] == b"FLV"
        or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
    )


def _is_picture(path: str) -> bool:
    from PIL import Image

    try:
        with Image.open(path):
            return True
    except Exception:  # Its readers of some fifty formats raise anything.
        return False


def _main(path: str, limits: str) -> None:
    try:
        answer = facts(path, json.loads(limits))
    except Refused as refusal:
        answer = {"reason": str(refusal)}
    except MemoryError:
        answer = {"reason": "memory"}
    print(json.dumps(answer))


if __name__ == "__main__":
    _main(*sys.argv[1:])
