"""A disk that tests may fill."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.prerequisites import missing

_BLOCK = 1 << 16


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Has a folder, which it makes, be a disk of its own, in memory."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        missing("these tests need to mount a small disk, as root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def filled(disk: Path, leaving: int = 0) -> Iterator[None]:
    """Fills a disk but for so many bytes, while the block lasts."""
    filler = disk / "filler"
    try:
        # The last write fails where nothing is to be left.
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while (more := shutil.disk_usage(disk).free - leaving) > 0 or not leaving:
                file.write(bytes(min(max(more, 1), _BLOCK)))
        yield
    finally:
        filler.unlink()
