"""The shipped checkpoint for pictures of a quarter of the pixels.

It does all that the shipped one does in a quarter of the time; what it says is not the point.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from config import Settings
from tests.machine_files import made

SIZE = 96
"""Of the shorter side, in pixels."""
_MAKE = """
import sys
from dataclasses import replace
from pathlib import Path

from har.models import checkpoint

small, shipped, size = sys.argv[1:]
replace(checkpoint.load(Path(shipped)), size=int(size)).save(Path(small))
"""


@cache
def small() -> Path:
    """The file; another one whenever the shipped checkpoint is another."""
    shipped = Settings().checkpoint
    return made(f"small-{SIZE}.safetensors", [shipped], _MAKE, str(shipped), str(SIZE))
