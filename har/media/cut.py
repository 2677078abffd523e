"""Cuts stretches out of a video: as they are, from a key frame on, or exactly, encoded anew.

Times are seconds on the video's clock.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import ffmpeg

from config import Settings
from har.media import decoder, encoder
from har.media.convert import is_webm
from har.types import VideoFacts, ignore

_FORMATS = {
    "avi": ("avi", ".avi"),
    "mpegts": ("mpegts", ".ts"),
    "flv": ("flv", ".flv"),
    "ogg": ("ogg", ".ogv"),
}
_MOV = {".mov": ("mov", ".mov"), ".3gp": ("3gp", ".3gp")}
_MP4 = ("mp4", ".mp4")
_WEBM, _MATROSKA = ("webm", ".webm"), ("matroska", ".mkv")


def cut(video: VideoFacts, start: float, end: float, folder: Path, settings: Settings) -> Path:
    """The stretch from a key frame at or before ``start`` to ``end`` by stream copy: a file of the
    video's own kind in ``folder``.

    Raises as encoder.write() does.
    """
    kind, suffix = _format(video)
    name = f"cut{suffix}"
    source = _source(with_index(video, folder, settings), start, settings)
    # Its times begin at zero, since what came before is not there.
    output = _copy(video, source, name, format=kind, t=end, avoid_negative_ts="make_zero")
    encoder.write(output, video, folder, settings, ignore)
    return folder / name


def clip(video: VideoFacts, start: float, end: float, out: Path, settings: Settings) -> None:
    """Write ``out``: the pictures from ``start`` to ``end``, exactly, as H.264 in MP4.

    Raises as encoder.write() does.
    """
    source = _source(video, start, settings, noaccurate_seek=None)
    picture = source["V:0"].filter("trim", start=start, end=end).filter("setpts", "PTS-STARTPTS")
    coded = {**encoder.H264, "preset": "veryfast", "crf": 18}
    output = ffmpeg.output(encoder.plain(picture), out.name, format="mp4", **coded)
    encoder.write(output, video, out.parent, settings, ignore)


def with_index(video: VideoFacts, folder: Path, settings: Settings) -> VideoFacts:
    """The same video as a file whose key frames are found, which those of a broadcast are not."""
    if video.container != "mpegts":
        return video
    name = "indexed.mkv"
    output = _copy(video, decoder.source(video, settings), name, format="matroska")
    encoder.write(output, video, folder, settings, ignore)
    return dataclasses.replace(video, path=folder / name, container="matroska,webm")


def _source(video: VideoFacts, start: float, settings: Settings, **options: None) -> Any:
    return decoder.source(video, settings, ss=start, seek_timestamp=1, **options)


def _copy(video: VideoFacts, source: Any, name: str, **options: Any) -> Any:
    heard = [source["a:0"]] if encoder.is_heard(video) else []
    return ffmpeg.output(source["V:0"], *heard, name, c="copy", **options)


def _format(video: VideoFacts) -> tuple[str, str]:
    """What ffmpeg writes of the video's kind, and how the names of such files end."""
    first = video.container.split(",")[0]
    if first == "mov":
        return _MOV.get(video.path.suffix, _MP4)
    if first == "matroska":
        return _WEBM if is_webm(video) else _MATROSKA
    return _FORMATS[first]
