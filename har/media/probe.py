"""Looks at a file before anything else does, in a process of its own, and refuses what is no video
or more than the settings allow."""

from __future__ import annotations

import dataclasses
import json
import logging
from pathlib import Path

from config import Settings
from har import errors
from har.media import child, decoder
from har.types import VideoFacts

_TIMEOUT = 60.0
"""Seconds, of which it takes less than one unless the disk is slow."""

_LIMITS = ("max_pixels", "max_duration_seconds", "max_fps", "max_frames", "max_streams")

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
    "memory": (
        errors.Undecodable,
        "Opening the video takes more memory than allowed. Convert it to H.264 in MP4.",
    ),
    "codec_refused": (
        errors.CodecRefused,
        "The video is in a format that is rare today. Convert it to H.264 in MP4 and try again.",
    ),
    "names_files": (
        errors.NamesFiles,
        "A part of the video lies in other files. Export it as one file that holds everything.",
    ),
    "too_long": (
        errors.TooLong,
        "Videos may last {max_duration_seconds:g} s at most. Cut it into parts.",
    ),
    "too_many_pixels": (
        errors.TooManyPixels,
        "The picture may have {max_pixels} pixels (width x height) at most. Send a smaller copy.",
    ),
    "too_many_frames": (
        errors.TooManyFrames,
        "Videos may have {max_frames} frames and {max_fps:g} of them in a second at most. Send a "
        "copy with fewer.",
    ),
    "too_many_streams": (
        errors.TooManyStreams,
        "A file may have {max_streams} tracks at most. Export it with its picture and sound alone.",
    ),
}


def probe(path: Path, settings: Settings) -> VideoFacts:
    """The facts of a video file. Raises the MediaError that says why it can't be used."""
    _check_bytes(path, settings)
    argv = child.python("har.media.probe_child", str(path.absolute()), limits(settings))
    memory = decoder.memory(settings)
    try:
        out = child.run(argv, timeout=_TIMEOUT, seconds=_TIMEOUT, reads=[path], memory=memory)
    except child.ChildTimeout:
        raise decoder.stalled() from None
    except child.ChildFailed as error:
        _log.warning("probe of %s: %s", path, error)
        raise _refusal("undecodable", settings) from None
    answer = json.loads(out)
    if "reason" in answer:
        raise _refusal(answer["reason"], settings)
    return VideoFacts(path=path, **answer)


def limits(settings: Settings) -> str:
    """What the probe's process is told of the settings."""
    return json.dumps({name: getattr(settings, name) for name in _LIMITS})


def _refusal(reason: str, settings: Settings) -> errors.MediaError:
    kind, sentence = _REASONS[reason]
    return kind(sentence.format(**dataclasses.asdict(settings)))


def _check_bytes(path: Path, settings: Settings) -> None:
    if path.stat().st_size == 0:
        raise errors.EmptyFile("The file has no bytes. Upload it again.")
    limit = settings.max_upload_mb
    if path.stat().st_size > limit * 1_000_000:
        raise errors.TooLarge(f"Videos may have {limit} MB at most. Send a smaller copy.")
