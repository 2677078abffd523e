"""A copy that browsers play, of videos that they do not."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from config import Settings
from har.media import decoder, encoder
from har.types import VideoFacts

_EIGHT_BITS = {"yuv420p", "yuvj420p"}
_PICTURES = {
    "h264": _EIGHT_BITS,
    "vp8": _EIGHT_BITS,
    "vp9": {*_EIGHT_BITS, "yuv420p10le"},
    "av1": {*_EIGHT_BITS, "yuv420p10le"},
}
"""What browsers decode of each codec, by its ``pixels``."""

_MP4_PICTURES = {"h264", "vp9", "av1"}
_MP4_SOUNDS = {None, "aac", "mp3", "opus", "flac"}
_WEBM_PICTURES = {"vp8", "vp9", "av1"}
_WEBM_SOUNDS = {None, "opus", "vorbis"}

_DOCTYPE = b"\x42\x82\x84webm"
"""The element of a Matroska file's head by which it is WebM."""

_HEAD = 256


def is_playable(video: VideoFacts) -> bool:
    """Whether browsers play a video as it is."""
    if not _is_decoded(video) or encoder.begins_late(video):
        return False
    if is_webm(video):
        return video.codec in _WEBM_PICTURES and video.audio_codec in _WEBM_SOUNDS
    is_mp4 = video.container.startswith("mov,")
    return is_mp4 and video.codec in _MP4_PICTURES and video.audio_codec in _MP4_SOUNDS


def is_webm(video: VideoFacts) -> bool:
    """Whether it is WebM by its name and by its head, as each browser wants one of them."""
    if video.path.suffix != ".webm":
        return False
    with video.path.open("rb") as file:
        return _DOCTYPE in file.read(_HEAD)


def convert(
    video: VideoFacts, out: Path, settings: Settings, progress: Callable[[float], None]
) -> None:
    """Write ``out``: an MP4 that browsers play, on the original's own clock.

    Pictures that browsers decode are copied, others become H.264. ``out`` appears when it is whole.
    ``progress`` gets fractions, 0..1. Raises as encoder.write() does.
    """
    source = decoder.source(video, settings)
    if _is_decoded(video) and video.codec in _MP4_PICTURES:
        output = encoder.copied(video, source)
    else:
        output = encoder.encoded(video, source, source["V:0"])
    with tempfile.TemporaryDirectory(dir=out.parent) as name:
        encoder.write(output, video, Path(name), settings, progress)
        (Path(name) / encoder.COPY).replace(out)
    progress(1.0)


def _is_decoded(video: VideoFacts) -> bool:
    """Whether browsers decode its pictures, in a container that they know."""
    return video.pixels in _PICTURES.get(video.codec, ())
