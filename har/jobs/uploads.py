"""Uploads that come in parts, so that a lost connection costs no more than a part of one.

An upload is a folder like a job's, with its facts and its parts, which are named after where they
begin. What is stored is all that is known of it, so that any web of several can go on with it. Once
it is finished, it becomes the job of the same id.
"""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import IO, cast

from har.errors import NotFound, Unfinished, WrongOffset
from har.jobs.retention import ORPHAN_SECONDS
from har.jobs.storage import Folder, Storage, Upload

_FACTS = "upload.json"
_PREFIX = "upload-"
"""Of ids, by which the unfinished are found among all jobs."""

_PIECE = 1 << 16
"""Bytes that are read at once, the most that is lost where the connection is."""


@dataclass(frozen=True)
class InParts:
    """What is to be the source of a job: an upload, by its id."""

    id: str


@dataclass(frozen=True)
class Facts:
    """What was said of an upload when it was begun."""

    length: int
    """Its bytes, in the end."""
    name: str
    """What the client calls the file."""
    metadata: str
    """What the client wants to be told again."""
    client: str


@dataclass(frozen=True)
class Received:
    """An upload, as far as it is there."""

    id: str
    facts: Facts
    offset: int
    """Its bytes, so far."""
    parts: tuple[str, ...]
    """Names of files, in their order."""
    touched: float

    @property
    def expires(self) -> float:
        """When it is removed, in seconds since the epoch, unless more comes."""
        return self.touched + ORPHAN_SECONDS


def begin(storage: Storage, facts: Facts) -> Received:
    """An upload of which nothing is there yet."""
    id = _PREFIX + secrets.token_urlsafe(16)
    storage.begin(id, _FACTS, json.dumps(asdict(facts)).encode())
    return find(storage, id)


def find(storage: Storage, id: str) -> Received:
    """Raises NotFound."""
    files = storage.files(id)
    with _open(storage, id, _FACTS) as file:
        facts = Facts(**json.load(file))
    names, offset = _chain(files)
    touched = max((file.touched for file in files.values()), default=0.0)
    return Received(id, facts, offset, tuple(names), touched)


def unfinished(storage: Storage) -> list[Received]:
    """All uploads that are no jobs yet."""
    found = []
    for id in storage.having(_PREFIX, _FACTS):
        try:
            found.append(find(storage, id))
        except NotFound:
            continue
    return found


def append(storage: Storage, id: str, offset: int, stream: IO[bytes]) -> None:
    """Store what a stream brings as the part that begins there; where the stream raises, what it
    had brought, before that is raised on.

    Raises WrongOffset where another part was quicker, and NotFound where the upload was removed.
    """
    piece = stream.read(_PIECE)
    if not piece:
        return
    try:
        with storage.adding(id, _part(offset)) as file:
            file.write(piece)
            broken = _copy(stream, file)
    except FileExistsError:
        raise WrongOffset(
            "Another request brought the same part of this upload. Ask with HEAD where to go on."
        ) from None
    except FileNotFoundError:
        raise unknown() from None
    if broken:
        raise broken


def whole(storage: Storage, id: str) -> Upload:
    """A finished upload, to be read from its beginning. Raises NotFound and Unfinished."""
    found = find(storage, id)
    if found.offset < found.facts.length:
        raise Unfinished(
            f"Of this upload {found.offset} bytes of {found.facts.length} are there. Send the rest "
            "first."
        )
    return Upload(cast(IO[bytes], _Joined(storage, found)), found.facts.name)


def clear(storage: Storage, id: str) -> None:
    """Remove what made an upload of a folder that is a job's now."""
    parts = [name for name in storage.files(id) if name.startswith("part-")]
    storage.discard(id, [_FACTS, *parts])


def unknown() -> NotFound:
    """The error for an upload that is not there."""
    return NotFound(
        "There is no such upload, or no longer. Begin a new one by a POST to /uploads, and send "
        "the file from its beginning."
    )


class _Joined(io.RawIOBase):
    """Reads the parts of an upload one after the other. Raises NotFound where one is gone."""

    def __init__(self, storage: Storage, upload: Received) -> None:
        self._following = (_open(storage, upload.id, name) for name in upload.parts)
        self._file: IO[bytes] = io.BytesIO()

    def read(self, size: int = -1) -> bytes:
        while not (data := self._file.read(size)):
            following = next(self._following, None)
            if following is None:
                return b""
            self._file.close()
            self._file = following
        return data

    def close(self) -> None:
        self._file.close()
        super().close()


def _open(storage: Storage, id: str, name: str) -> IO[bytes]:
    try:
        return storage.open(id, name)
    except FileNotFoundError:
        raise unknown() from None


def _part(offset: int) -> str:
    return f"part-{offset:015}"


def _chain(files: Mapping[str, Folder]) -> tuple[list[str], int]:
    """The parts that follow one another from the beginning, and where they end."""
    names, offset = [], 0
    while (part := files.get(_part(offset))) and part.bytes:
        names.append(_part(offset))
        offset += part.bytes
    return names, offset


def _copy(stream: IO[bytes], file: IO[bytes]) -> Exception | None:
    """Copy a stream to its end, or until it raises; then that is returned."""
    while True:
        try:
            piece = stream.read(_PIECE)
        except Exception as error:
            return error
        if not piece:
            return None
        file.write(piece)
