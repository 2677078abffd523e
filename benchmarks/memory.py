"""Peak memory for a short and for a long video, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.videos import half_hour, minute

_CHILD = """
import resource, sys
from pathlib import Path
from benchmarks.runner import ours

answer, _ = ours()
answer(Path(sys.argv[1]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def measure() -> dict[str, float]:
    short, long = peak(minute()), peak(half_hour())
    return {
        "peak, 1 minute (MiB)": round(short, 1),
        "peak, 30 minutes (MiB)": round(long, 1),
        "difference (MiB)": round(long - short, 1),
    }


def peak(path: Path) -> float:
    """Peak resident memory, in MiB, of a process that recognises a video."""
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(path)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "HAR_MAX_UPLOAD_MB": "2000"},
    )
    return float(done.stdout)
