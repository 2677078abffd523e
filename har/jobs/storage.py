"""Where the files of jobs lie: one folder per job, under names that we make.

That is a local folder, one that machines share, or S3, all through fsspec. A file is in storage
whole or not at all, whatever stops whoever writes it.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Any, cast

from config import Settings
from har.jobs import disk
from har.jobs.location import connect, make_root

ORIGINAL = "source"
ANNOTATED = "annotated.mp4"
PLAYABLE = "playable.mp4"
PICTURE = "picture.jpg"
"""What a stream shows right now, see har.jobs.live.shown."""

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

ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Of any job; it is the name of a folder, too."""

_NAME = re.compile(
    r"(source|fetched|annotated|playable|picture|frames-\d{1,5}|embeddings|upload|part-\d{15})(\.\w+)*",
    re.ASCII,
)
"""Of any file of a job, or of an upload in parts, those that are still being written included."""

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Upload:
    """A file that somebody sends, and what they call it."""

    stream: IO[bytes]
    name: str


@dataclass(frozen=True)
class Kept:
    """An upload as it was stored."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Folder:
    """What is stored of a job, or one file of it."""

    bytes: int
    touched: float
    """When the newest of it was written, in seconds since the epoch."""


class Storage:
    """The files of all jobs. Threads may share one; processes may not.

    Every method raises ValueError for an id or a name that we do not make.
    """

    def __init__(self, settings: Settings) -> None:
        """Raises ConfigError for a place that cannot be used, and ToolMissing for want of s3fs."""
        self._fs, self._root = connect(settings)
        self._folder = Path(self._root) if "file" in self._fs.protocol else None
        if self._folder is not None:
            make_root(self._folder)

    def keep(self, id: str, upload: Upload) -> Kept:
        """Store an upload. Raises FileExistsError where the job has files already."""
        self._claim(id)
        try:
            return self.store(id, upload)
        except BaseException:
            self.remove(id)
            raise

    def store(self, id: str, upload: Upload) -> Kept:
        """Store an upload beside what the job has already."""
        extension = PurePath(upload.name).suffix.lower()
        name = ORIGINAL + (extension if extension in _EXTENSIONS else "")
        with self._writing(id, name) as file:
            return Kept(name, *_copy(upload.stream, file))

    def begin(self, id: str, name: str, content: bytes) -> None:
        """Store the first file of something new. Raises FileExistsError where there are others."""
        self._claim(id)
        with self._writing(id, name) as file:
            file.write(content)

    def adding(self, id: str, name: str) -> AbstractContextManager[IO[bytes]]:
        """A new file beside others, which is there once the block is left.

        That raises FileExistsError where the name was taken first, and on a disk FileNotFoundError
        where the others are gone.
        """
        path = self._path(id, name)
        if self._folder is None:
            return _object(self._fs, path, "xb")
        return disk.adding(Path(path))

    def put(self, id: str, path: Path) -> int:
        """Move a local file to the job's, in the place of one of that name; returns its bytes."""
        size = path.stat().st_size
        if self._folder is None or not disk.move(path, Path(self._path(id, path.name))):
            self._add(id, path)
            path.unlink()
        return size

    def share(self, id: str, path: Path) -> None:
        """Store a local file that stays where it is, and is not written to any more."""
        if self._folder is None or not disk.link(path, Path(self._path(id, path.name))):
            self._add(id, path)

    def local(self, id: str, name: str, folder: Path) -> Path:
        """A path that a file can be read from: its own, or else that of a copy in ``folder``.

        Raises FileNotFoundError.
        """
        path = self._path(id, name)
        if self._folder is not None:
            Path(path).stat()
            return Path(path)
        self._fs.get_file(path, str(folder / name))
        return folder / name

    def open(self, id: str, name: str) -> IO[bytes]:
        """A file to read and seek in. Raises FileNotFoundError."""
        path = self._path(id, name)
        if self._folder is not None:
            return Path(path).open("rb")
        return cast(IO[bytes], self._fs.open(path, "rb"))

    def size(self, id: str, name: str) -> int:
        """Bytes of a file. Raises FileNotFoundError."""
        return int(self._fs.size(self._path(id, name)))

    def files(self, id: str) -> dict[str, Folder]:
        """The files of a job by their names, those that are being written included; none of what is
        not there."""
        path = self._path(id)
        if self._folder is not None:
            stats = disk.files(Path(path))
            return {name: Folder(stat.st_size, stat.st_mtime) for name, stat in stats.items()}
        found = self._fs.find(path, detail=True).items()
        return {PurePath(key).name: Folder(info["size"], _written(info)) for key, info in found}

    def having(self, prefix: str, name: str) -> list[str]:
        """The ids with a prefix that have a file of a name."""
        if self._folder is not None:
            return [path.parent.name for path in self._folder.glob(f"{prefix}*/{name}")]
        found = map(PurePath, self._fs.find(self._root, prefix=prefix))
        return [path.parent.name for path in found if path.name == name]

    def discard(self, id: str, names: Iterable[str]) -> None:
        """Remove some files of a job, one after the other."""
        for name in names:
            with suppress(FileNotFoundError):
                self._fs.rm_file(self._path(id, name))

    def remove(self, id: str) -> None:
        """Remove all files of a job; those that are not there are removed already."""
        path = self._path(id)
        if self._folder is not None:
            disk.remove(Path(path))
        else:
            with suppress(FileNotFoundError):
                self._fs.rm(path, recursive=True)

    def folders(self) -> dict[str, Folder]:
        """What is stored of each job. A folder that holds anything else is no job's: left out."""
        found: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
        for path, info in self._fs.find(self._root, withdirs=True, detail=True).items():
            id, _, name = path.removeprefix(self._root).strip("/").partition("/")
            found[id].append((name, info))
        return {
            id: Folder(
                bytes=sum(info["size"] for name, info in entries if name),
                touched=max(_written(info) for _, info in entries),
            )
            for id, entries in found.items()
            if ID.fullmatch(id) and all(_is_ours(name, info["type"]) for name, info in entries)
        }

    def free_bytes(self) -> int | None:
        """Bytes that can still be stored; None where there is no limit that can be asked for."""
        return None if self._folder is None else shutil.disk_usage(self._folder).free

    def _path(self, id: str, name: str | None = None) -> str:
        if not ID.fullmatch(id):
            raise ValueError(f"not the id of a job: {id!r}")
        if name is None:
            return f"{self._root}/{id}"
        if not _NAME.fullmatch(name):
            raise ValueError(f"not the name of a job's file: {name!r}")
        return f"{self._root}/{id}/{name}"

    def _add(self, id: str, path: Path) -> None:
        with path.open("rb") as file, self._writing(id, path.name) as copy:
            shutil.copyfileobj(file, copy, _CHUNK)

    def _claim(self, id: str) -> None:
        path = self._path(id)
        if self._folder is not None:
            Path(path).mkdir(parents=True)
            disk.sync(self._folder)
        elif self._fs.exists(path):
            raise FileExistsError(path)

    def _writing(self, id: str, name: str) -> AbstractContextManager[IO[bytes]]:
        """A file that is there once the block is left, and not at all where the block raises."""
        path = self._path(id, name)
        return _object(self._fs, path) if self._folder is None else disk.writing(Path(path))


def media_type(path: Path, container: str) -> str:
    """The media type to serve a video under; ``container`` is ffmpeg's list of names for it."""
    types = _MEDIA_TYPES.get(container.split(",")[0], {"": "application/octet-stream"})
    return types.get(path.suffix, types[""])


def _copy(stream: IO[bytes], file: IO[bytes]) -> tuple[int, str]:
    """Bytes and SHA-256 of what was copied."""
    size, digest = 0, hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        file.write(chunk)
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()


@contextmanager
def _object(fs: Any, path: str, mode: str = "wb") -> Iterator[IO[bytes]]:
    file = fs.open(path, mode)
    try:
        yield file
        file.close()
    except BaseException:
        # Closed, so that its end does not store what there is of it.
        file.closed = True
        file.discard()
        raise


def _is_ours(name: str, kind: str) -> bool:
    return kind == ("file" if name else "directory") and (not name or bool(_NAME.fullmatch(name)))


def _written(info: dict[str, Any]) -> float:
    """When an entry of fsspec's listing was written; S3 does not know it of folders."""
    if "LastModified" in info:
        return float(info["LastModified"].timestamp())
    return float(info.get("mtime", 0.0))
