"""Where the files of jobs lie: one folder per job, under names that we make."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO

from config import Settings

ORIGINAL = "source"
ANNOTATED = "annotated.mp4"

_MEDIA_TYPES = {
    "mov": {"": "video/mp4", ".mov": "video/quicktime", ".3gp": "video/3gpp"},
    "matroska": {"": "video/matroska", ".webm": "video/webm"},
    "avi": {"": "video/x-msvideo"},
    "mpegts": {"": "video/mp2t"},
    "flv": {"": "video/x-flv"},
    "ogg": {"": "video/ogg"},
}
"""By the container's first name in ffmpeg, then by extension where that tells more."""

_EXTENSIONS = {".3gp", ".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".ogv", ".ts", ".webm"}


@dataclass(frozen=True)
class Upload:
    """A file that somebody sends, and what they call it."""

    stream: IO[bytes]
    name: str


def folder(settings: Settings, id: str) -> Path:
    """The folder of a job."""
    return settings.data_dir / "jobs" / id


def keep(upload: Upload, folder: Path) -> Path:
    """Write an upload into a new folder and return its path there."""
    extension = PurePath(upload.name).suffix.lower()
    folder.mkdir(parents=True)
    path = folder / (ORIGINAL + (extension if extension in _EXTENSIONS else ""))
    with path.open("xb") as file:
        shutil.copyfileobj(upload.stream, file, 1 << 20)
    return path


def remove(folder: Path) -> None:
    """Remove a job's folder and all in it; one that is not there is removed already."""
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)


def media_type(path: Path, container: str) -> str:
    """The media type to serve a video under; ``container`` is ffmpeg's list of names for it."""
    types = _MEDIA_TYPES.get(container.split(",")[0], {"": "application/octet-stream"})
    return types.get(path.suffix, types[""])
