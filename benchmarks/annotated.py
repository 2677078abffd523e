"""How long the annotated video takes, beside the plain encode of the same file."""

from __future__ import annotations

import subprocess
import tempfile
from functools import partial
from pathlib import Path
from statistics import median

import config
from benchmarks.speed import seconds
from benchmarks.videos import minute
from har.media import ffmpeg
from har.media.annotate import annotate
from har.media.probe import probe
from har.types import Action

RUNS = 5


def measure() -> dict[str, float]:
    settings = config.load()
    video = probe(minute(), settings)
    timeline = [Action(t, t + 4, "PushUps", 0.88, "bilstm") for t in range(0, 60, 4)]
    plain, ours = [], []
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "out.mp4"
        encode = [ffmpeg.executable(settings), "-v", "error", "-nostdin", "-y", "-i", video.path]
        encode += ["-c:v", "libx264", "-preset", "ultrafast", "-an", out]
        for _ in range(RUNS):
            plain.append(seconds(partial(subprocess.run, encode, check=True)))
            out.unlink()
            ours.append(seconds(partial(annotate, video, timeline, out, settings, lambda _: None)))
            out.unlink()
    return {
        "x264 ultrafast encode alone (s)": round(median(plain), 2),
        "annotated video (s)": round(median(ours), 2),
        "ratio": round(median(o / p for o, p in zip(ours, plain, strict=True)), 3),
    }
