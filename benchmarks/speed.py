"""How long a minute of video takes, from the file to the JSON, and that the scores are right."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.runner import Ask, running
from benchmarks.videos import SECONDS, labelled, minute

RUNS = 5
LABELLED = 200
"""Videos on which the scores are compared, beside the minute."""


def measure() -> dict[str, float]:
    path = minute()
    with running("ours") as ours, running("straightforward") as naive:
        times = [(float(ours(f"time {path}")), float(naive(f"time {path}"))) for _ in range(RUNS)]
        parts = [json.loads(ours(f"parts {path}")) for _ in range(RUNS)]
        of_minute = agreement(ours, naive, [path])
        of_labelled = agreement(ours, naive, labelled(LABELLED))
    return {
        "seconds of video": SECONDS,
        "ours (s)": round(median(o for o, _ in times), 2),
        "ours per second of video (s)": round(median(o for o, _ in times) / SECONDS, 4),
        "straightforward way (s)": round(median(n for _, n in times), 2),
        "times faster": round(median(n / o for o, n in times), 2),
        "of ours, backbone (s)": round(median(p["backbone"] for p in parts), 3),
        "of ours, head (s)": round(median(p["head"] for p in parts), 3),
        "head / backbone": round(median(p["head"] / p["backbone"] for p in parts), 4),
        **{f"the minute: {name}": value for name, value in of_minute.items()},
        **{f"{LABELLED} labelled videos: {name}": value for name, value in of_labelled.items()},
    }


def agreement(ours: Ask, naive: Ask, videos: list[Path]) -> dict[str, float]:
    """How near both ways' scores of the same clips are."""
    mine = np.concatenate([scores(ours, video) for video in videos])
    theirs = np.concatenate([scores(naive, video) for video in videos])
    difference = np.abs(mine - theirs)
    return {
        "clips": len(mine),
        "same top-1": round(float((mine.argmax(1) == theirs.argmax(1)).mean()), 4),
        "mean difference of scores": round(float(difference.mean()), 5),
        "largest difference of scores": round(float(difference.max()), 4),
    }


def scores(runner: Ask, video: Path) -> NDArray[np.float32]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scores.npy"
        runner(f"scores {video} {path}")
        found: NDArray[np.float32] = np.load(path)
    return found


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
