"""Writes to and removals from a local disk, or one that machines share, that others may see."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from sqlalchemy.exc import DBAPIError

_TRIES = 5
_NO_LINKS = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP)
"""Why a file cannot have a second name: two file systems, or one that has no links."""

_FULL = (
    os.strerror(errno.ENOSPC),
    os.strerror(errno.EDQUOT),
    "SQLITE_FULL",
    "SQLITE_IOERR_SHMSIZE",
)
"""What systems and databases say of a disk that is full."""


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """A file that is at ``path`` once the block is left, and nowhere where the block raises."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _whole(path, Path.replace) as file:
        yield file


@contextmanager
def adding(path: Path) -> Iterator[IO[bytes]]:
    """As writing(), into a folder that is there; raises FileExistsError where ``path`` is taken."""
    with _whole(path, _take_name) as file:
        yield file


def move(path: Path, target: Path) -> bool:
    """Rename a file, once its bytes are safe; False where the two are on different file systems."""
    sync(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    sync(target.parent)
    return True


def link(path: Path, target: Path) -> bool:
    """Give a file a second name, once its bytes are safe, in the place of what had it; False where
    the two cannot be one file."""
    sync(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = _part(target)
    try:
        os.link(path, part)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return False
    part.replace(target)
    # Two names of one file are not replaced.
    part.unlink(missing_ok=True)
    sync(target.parent)
    return True


def files(folder: Path) -> dict[str, os.stat_result]:
    """What is in a folder that others write to; nothing where it is not there."""
    found = {}
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                found[entry.name] = entry.stat(follow_symlinks=False)
    return found


def remove(folder: Path) -> None:
    """Remove a folder and all in it, also while others do the same or write one more file.

    A file that someone has open on a file server is left behind; it can only be removed later.
    """
    for _ in range(_TRIES):
        try:
            shutil.rmtree(folder)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTEMPTY):
                raise
        if not folder.exists():
            return


@contextmanager
def _whole(path: Path, settle: Callable[[Path, Path], object]) -> Iterator[IO[bytes]]:
    part = _part(path)
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        settle(part, path)
    finally:
        part.unlink(missing_ok=True)
    sync(path.parent)


def _take_name(part: Path, path: Path) -> None:
    """Of several that want a name at once, one gets it, and the others FileExistsError."""
    try:
        os.link(part, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # Without links, those who come at the very same moment are not told apart.
        if path.exists():
            raise FileExistsError(path) from None
        part.replace(path)


def _part(path: Path) -> Path:
    """The name of a file that is not whole yet."""
    return path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")


def sync(path: Path) -> None:
    """Have a file's bytes, or a folder's names, outlast a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_full(error: Exception) -> bool:
    """Whether an error of the system, or of a database, is for want of room."""
    if not isinstance(error, DBAPIError | OSError):
        return False
    cause = error.orig if isinstance(error, DBAPIError) else error
    said = getattr(cause, "sqlite_errorname", None) or str(cause)
    return any(words in said for words in _FULL)
