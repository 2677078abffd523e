"""How long a minute of video takes, from the file to the JSON, and that the scores are right."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.runner import Ask, running
from benchmarks.videos import SECONDS, minute

RUNS = 5


def measure() -> dict[str, float]:
    path = minute()
    with running("ours", path) as ours, running("straightforward", path) as naive:
        times = [(float(ours("time")), float(naive("time"))) for _ in range(RUNS)]
        mine, theirs = scores(ours), scores(naive)
    difference = np.abs(mine - theirs)
    return {
        "seconds of video": SECONDS,
        "ours (s)": round(median(o for o, _ in times), 2),
        "ours per second of video (s)": round(median(o for o, _ in times) / SECONDS, 4),
        "straightforward way (s)": round(median(n for _, n in times), 2),
        "times faster": round(median(n / o for o, n in times), 2),
        "clips": len(mine),
        "same top-1": round(float((mine.argmax(1) == theirs.argmax(1)).mean()), 4),
        "mean difference of scores": round(float(difference.mean()), 5),
        "largest difference of scores": round(float(difference.max()), 4),
    }


def scores(runner: Ask) -> NDArray[np.float32]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scores.npy"
        runner(f"scores {path}")
        found: NDArray[np.float32] = np.load(path)
    return found


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
