"""How soon the command line answers."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from statistics import median

from benchmarks.speed import seconds

RUNS = 9


def measure() -> dict[str, float]:
    help_ = [sys.executable, "-m", "har", "--help"]
    bare = [sys.executable, "-c", "pass"]
    run = partial(subprocess.run, check=True, stdout=subprocess.DEVNULL)
    return {
        "har --help (s)": round(median(seconds(partial(run, help_)) for _ in range(RUNS)), 3),
        "python alone (s)": round(median(seconds(partial(run, bare)) for _ in range(RUNS)), 3),
    }
