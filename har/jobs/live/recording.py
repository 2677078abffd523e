"""The file that a browser records of a live stream, piece by piece."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO

from har.jobs.storage import ORIGINAL

_EBML = b"\x1a\x45\xdf\xa3"
"""How Matroska and WebM begin; others that browsers record are MP4."""


class Recording:
    """A recording in a folder of its own, which is made with the first piece."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder, self._most = folder, most_bytes
        self._file: IO[bytes] | None = None
        self.path: Path | None = None
        """Where it is, once there is any."""
        self.bytes = 0

    def add(self, piece: bytes) -> bool:
        """Add a piece; False where it would be longer than it may be, and is left out.

        Raises OSError where there is no room; nothing is kept of it then.
        """
        if self.bytes + len(piece) > self._most:
            return False
        try:
            self._write(piece)
        except OSError:
            self.remove()
            raise
        self.bytes += len(piece)
        return True

    def close(self) -> None:
        """Have all of it in the file."""
        if self._file is not None:
            self._file.close()

    def remove(self) -> None:
        """Remove what there is of it."""
        # What has no room is still to be written, and is not wanted.
        with suppress(OSError):
            self.close()
        self._file = self.path = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, piece: bytes) -> None:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self.path = self._folder / (ORIGINAL + (".webm" if piece[:4] == _EBML else ".mp4"))
            self._file = self.path.open("wb")
        self._file.write(piece)
        self._file.flush()
