"""A minute of video at its own speed: how soon each clip is answered, and the memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median, quantiles

import psutil

import config
from benchmarks.videos import SECONDS, minute
from har.models import checkpoint
from har.recognition.clips import windows


def measure() -> dict[str, float]:
    latencies, memory = watched(minute())
    model = checkpoint.load(config.load().checkpoint)
    clips = len(windows(round(SECONDS * model.fps), model.frames, model.stride))
    return {
        "seconds of video": SECONDS,
        "clips": clips,
        "clips skipped": clips - len(latencies),
        "last frame to answer, median (ms)": round(median(latencies), 1),
        "last frame to answer, p95 (ms)": round(quantiles(latencies, n=20)[-1], 1),
        "memory at the first answer (MiB)": round(memory[0], 1),
        "memory at the last answer (MiB)": round(memory[-1], 1),
    }


def watched(path: Path) -> tuple[list[float], list[float]]:
    """Latency in ms, and resident memory in MiB, at each answer of ``har live``."""
    argv = [sys.executable, "-m", "har", "live", str(path)]
    latencies, memory = [], []
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            latencies.append(json.loads(line)["latency_ms"])
            memory.append(psutil.Process(process.pid).memory_info().rss / 2**20)
    return latencies, memory
