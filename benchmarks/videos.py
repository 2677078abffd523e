"""The videos that are measured, made once with ffmpeg and kept in var/benchmarks."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path

import config
from har.media import ffmpeg
from har.media.probe import probe

DATA = config.ROOT.parent / "shared" / "data"
FOLDER = config.ROOT / "var" / "benchmarks"
SECONDS = 60


def minute() -> Path:
    """60 s of 1280x720 H.264 at 30 fps and 2.5 Mb/s: the longest clip of each class, joined."""
    path = FOLDER / "minute.mp4"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        clips = _longest_clips()
        inputs = [argument for clip in clips for argument in ("-i", str(clip))]
        fit = "scale=1280:720:force_original_aspect_ratio=decrease,pad=1280:720:-1:-1"
        parts = [f"[{i}:v]{fit},fps=30,setsar=1[v{i}];" for i in range(len(clips))]
        joined = "".join(f"[v{i}]" for i in range(len(clips))) + f"concat=n={len(clips)}"
        h264 = ("-t", str(SECONDS), "-c:v", "libx264", "-b:v", "2500k", "-pix_fmt", "yuv420p")
        _ffmpeg(*inputs, "-filter_complex", "".join(parts) + joined, *h264, str(path))
    return path


def half_hour() -> Path:
    """The same, thirty times over."""
    path = FOLDER / "half-hour.mp4"
    if not path.exists():
        _ffmpeg("-stream_loop", "29", "-i", str(minute()), "-c", "copy", str(path))
    return path


def _longest_clips() -> list[Path]:
    longest: dict[str, tuple[float, Path]] = {}
    with (DATA / "manifest.csv").open() as file:
        for row in csv.DictReader(file):
            if row["fold"]:
                path = DATA / row["file"]
                seconds = probe(path, config.Settings()).duration
                longest[row["label"]] = max(longest.get(row["label"], (0.0, path)), (seconds, path))
    return [path for _, path in longest.values()]


def _ffmpeg(*arguments: str) -> None:
    program = ffmpeg.executable(config.load())
    subprocess.run([program, "-v", "error", "-nostdin", "-y", *arguments], check=True)
