"""An hour of a stream, as fast as they are taken: whether the recogniser's memory stays flat."""

from __future__ import annotations

import gc
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from statistics import median

import numpy as np
import psutil
from torch import Tensor

import config
from benchmarks.videos import frames_of_minute
from har.recognition.recognizer import Recognizer
from har.recognition.stream import Stream
from har.types import Options

HOURS = 1
_SAMPLES = 80
_TRIED = 100
"""Clips before the first sample."""


def measure() -> dict[str, float]:
    """In a process of its own, which has nothing else in its memory."""
    argv = [sys.executable, "-m", "benchmarks.hours", str(HOURS)]
    done = subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def watched(hours: float) -> dict[str, float]:
    """The medians of what there was in the first and in the last quarter."""
    recognizer = Recognizer.load(config.load())
    recognizer.warm_up()
    model = recognizer.model
    pixels = frames_of_minute(model.fps, model.fit)
    stream = Stream(recognizer, Options())
    count = round(3600 * hours * model.fps)
    clips = (count - model.frames) // model.stride + 1
    taken = np.linspace(_TRIED, clips - 1, _SAMPLES).astype(int)
    answers, found = stream.answers(), []
    for clip, fresh in enumerate(_clips(count, model.frames, model.stride)):
        for i in fresh:
            stream.add(i / model.fps, pixels[i % len(pixels)])
        next(answers)
        if clip in taken:
            found.append(_held())
    quarter = _SAMPLES // 4
    facts: dict[str, float] = {
        "hours of stream": hours,
        "frames": count,
        "clips": clips,
        "clips skipped": stream.dropped,
    }
    for name in found[0]:
        first, last = (
            median(held[name] for held in part) for part in (found[:quarter], found[-quarter:])
        )
        facts |= {f"{name}, first quarter": first, f"{name}, last quarter": last}
    return facts


def _clips(count: int, length: int, stride: int) -> Iterator[range]:
    """The frames that complete each clip, one clip after the other."""
    ends = range(length, count + 1, stride)
    yield from itertools.starmap(range, itertools.pairwise([0, *ends]))


def _held() -> dict[str, float]:
    """What the process holds."""
    gc.collect()
    objects = gc.get_objects()
    memory = psutil.Process().memory_info().rss / 2**20
    return {
        "memory (MiB)": round(memory, 1),
        "objects": len(objects),
        "tensors": sum(issubclass(type(one), Tensor) for one in objects),
        "threads": psutil.Process().num_threads(),
        "open files": len(os.listdir("/proc/self/fd")),
    }


if __name__ == "__main__":
    print(json.dumps(watched(float(sys.argv[1]))))
