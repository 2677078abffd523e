"""The shipped checkpoint for pictures of a quarter of the pixels, made once per machine.

It does all that the shipped one does in a quarter of the time; what it says is not the point.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from functools import cache
from pathlib import Path

from config import ROOT, Settings

SIZE = 112
"""Of the shorter side, in pixels."""
_FOLDER = ROOT / "out" / "tests"
_MAKE = """
import sys
from dataclasses import replace
from pathlib import Path

from har.models import checkpoint

shipped, small, size = sys.argv[1:]
replace(checkpoint.load(Path(shipped)), size=int(size)).save(Path(small))
"""


@cache
def small() -> Path:
    """The file; another one whenever the shipped checkpoint is another."""
    shipped = Settings().checkpoint
    digits = hashlib.sha256(shipped.read_bytes()).hexdigest()[:8]
    path = _FOLDER / f"small-{SIZE}-{digits}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:  # one of the processes that run tests
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            arguments = str(shipped), str(path), str(SIZE)
            subprocess.run([sys.executable, "-c", _MAKE, *arguments], cwd=ROOT, check=True)
    return path
