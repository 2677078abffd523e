"""Files that take seconds to make: made once per machine, by the first process that needs them."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from config import ROOT

_FOLDER = ROOT / "out" / "tests"


def made(name: str, makers: Iterable[Path], code: str, *arguments: str) -> Path:
    """The file that Python code makes, whose arguments are the file and these.

    ``makers`` are the files that it is made of: where one has changed, it is made again.
    """
    content = b"".join(file.read_bytes() for file in makers)
    stem, dot, ending = name.rpartition(".")
    path = _FOLDER / f"{stem}-{hashlib.sha256(content).hexdigest()[:8]}{dot}{ending}"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            subprocess.run(
                [sys.executable, "-c", code, str(path), *arguments], cwd=ROOT, check=True
            )
    return path
