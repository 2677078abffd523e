"""Writes to and removals from a local disk, or one that machines share, that others may see."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy.exc import DBAPIError

_TRIES = 5
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
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync(path.parent)


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
