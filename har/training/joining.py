"""Joins held-back clips to untrimmed videos whose boundaries are known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path

import ffmpeg
import numpy as np

from config import Settings
from har.errors import ManifestError
from har.media import child
from har.media.ffmpeg import executable, input_options
from har.training import scoring
from har.training.manifest import Row
from har.training.scoring import Video
from har.training.segments import Span
from har.training.sequences import Untrimmed

CLIPS = 5
"""Clips in a joined video."""
_FPS = 15
_SIDE = 256
"""Of the square that all clips are squashed to, as the networks see them."""
_TIMEOUT = 300.0
_MOST_BYTES = 1 << 30


def join(
    videos: Sequence[Video], count: int, folder: Path, settings: Settings, seed: int = 0
) -> list[Untrimmed]:
    """Write ``count`` videos to ``folder``, each of CLIPS clips of one fold; the folds take turns.

    A video's labels are drawn alike, however many clips each has, and neighbours differ. Raises
    ManifestError where a fold has clips of one label only, and for a file that cannot be used.
    """
    rng = np.random.default_rng(seed)
    by_fold: dict[int, dict[str, list[Video]]] = defaultdict(lambda: defaultdict(list))
    for video in videos:
        if video.row.fold is not None:
            by_fold[video.row.fold][video.row.label].append(video)
    poor = [fold for fold, by_label in by_fold.items() if len(by_label) < 2]
    if poor or not by_fold:
        raise ManifestError("Joined videos need clips of two labels or more in each fold.")
    folds = sorted(by_fold)
    made = []
    for i in range(count):
        fold = folds[i % len(folds)]
        clips = _drawn(by_fold[fold], rng)
        made.append(_joined(clips, fold, folder / f"joined-{i}.mp4", settings))
    return made


def _drawn(by_label: dict[str, list[Video]], rng: np.random.Generator) -> list[Video]:
    labels: list[str] = []
    while len(labels) < CLIPS:
        others = [label for label in sorted(by_label) if label not in labels[-1:]]
        fresh = [label for label in others if label not in labels]
        labels.append(str(rng.choice(fresh or others)))
    return [by_label[label][rng.integers(len(by_label[label]))] for label in labels]


def _joined(clips: Sequence[Video], fold: int, out: Path, settings: Settings) -> Untrimmed:
    frames = [max(1, round(scoring.facts(c, settings).duration * _FPS)) for c in clips]
    try:
        child.run(
            _arguments(clips, frames, out, settings),
            timeout=_TIMEOUT,
            reads=[clip.path for clip in clips],
            writes=out.parent,
            file_size=_MOST_BYTES,
        )
    except (child.ChildFailed, child.ChildTimeout) as error:
        names = ", ".join(clip.row.file for clip in clips)
        raise ManifestError(f"{names} cannot be joined to one video.") from error
    times = [0.0, *(end / _FPS for end in accumulate(frames))]
    spans = tuple(
        Span(start, end, clip.row.label)
        for (start, end), clip in zip(pairwise(times), clips, strict=True)
    )
    row = Row(out.name, "sequence", "joined", out.name, fold)
    return Untrimmed(Video(row, out), spans, (fold,))


def _arguments(
    clips: Sequence[Video], frames: Sequence[int], out: Path, settings: Settings
) -> list[str]:
    pictures = []
    for i, (clip, count) in enumerate(zip(clips, frames, strict=True)):
        source = ffmpeg.input(f"file:{clip.path.absolute()}", **input_options(settings))["V:0"]
        # ffmpeg-python refuses equal filters of one input, where a clip is there twice.
        picture = source.filter("setpts", f"PTS-STARTPTS+0*{i}").filter("fps", _FPS)
        picture = picture.filter("scale", _SIDE, _SIDE).filter("setsar", 1)
        # Exactly so many frames, that the boundaries are where they are said to be.
        picture = picture.filter("tpad", stop_mode="clone", stop_duration=1)
        pictures.append(picture.filter("trim", end_frame=count).filter("format", "yuv420p"))
    joined = ffmpeg.concat(*pictures, v=1, a=0)
    output = joined.output(f"file:{out}", vcodec="libx264", preset="ultrafast", crf=18)
    flags = ("-nostdin", "-hide_banner", "-v", "error", "-y")
    return list(output.global_args(*flags).compile(executable(settings)))
