"""Several live streams at once in one process: how soon each is answered, and what is skipped."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median, quantiles

import numpy as np
from numpy.typing import NDArray

import config
from benchmarks.videos import frames_of_minute
from har.recognition.clips import windows
from har.recognition.recognizer import Recognizer
from har.recognition.stream import Stream
from har.recognition.turns import Turns
from har.types import Options

MOST = 6
SECONDS = 30


def measure() -> dict[str, float]:
    """In a process of its own, as a worker has it."""
    argv = [sys.executable, "-m", "benchmarks.streams"]
    done = subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def watched() -> dict[str, float]:
    recognizer = Recognizer.load(config.load())
    recognizer.warm_up()
    model = recognizer.model
    pixels = frames_of_minute(model.fps, model.fit)
    each = len(windows(round(SECONDS * model.fps), model.frames, model.stride))
    found: dict[str, float] = {"seconds": SECONDS, "clips of each stream": each}
    for count in range(1, MOST + 1):
        latencies, dropped = at_once(count, recognizer, pixels)
        found |= {
            f"{count} at once: last frame to answer, median (ms)": round(median(latencies), 1),
            f"{count} at once: last frame to answer, p95 (ms)": round(
                quantiles(latencies, n=20)[-1], 1
            ),
            f"{count} at once: clips skipped of the stream with the most": max(dropped),
        }
    return found


def at_once(
    count: int, recognizer: Recognizer, pixels: NDArray[np.uint8]
) -> tuple[list[float], list[int]]:
    """Latencies in ms of all answers of so many streams, and the clips that each skipped."""
    turns = Turns()
    streams = [Stream(recognizer, Options(), turns) for _ in range(count)]
    with ThreadPoolExecutor(count) as pool:
        answering = [pool.submit(_latencies, stream) for stream in streams]
        _feed(streams, recognizer.model.fps, pixels)
        for stream in streams:
            stream.end()
        latencies = [one for answered in answering for one in answered.result()]
    return latencies, [stream.dropped for stream in streams]


def _latencies(stream: Stream) -> list[float]:
    return [1000 * answer.latency for answer in stream.answers()]


def _feed(streams: Sequence[Stream], fps: float, pixels: NDArray[np.uint8]) -> None:
    """Frames as they would come to streams that began at moments of their own."""
    draw = random.Random(0)
    starts = [draw.uniform(0, 1) for _ in streams]
    each = range(round(SECONDS * fps))
    comings = sorted((start + i / fps, i, k) for k, start in enumerate(starts) for i in each)
    began = time.monotonic()
    for moment, i, k in comings:
        time.sleep(max(0.0, began + moment - time.monotonic()))
        # Not the same pictures at the same time.
        streams[k].add(i / fps, pixels[(i + 50 * k) % len(pixels)])


if __name__ == "__main__":
    print(json.dumps(watched()))
