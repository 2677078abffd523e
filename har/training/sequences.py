"""Untrimmed videos whose timeline is known, and how well the served timelines fit it."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath

from tqdm import tqdm

from config import Settings
from har.errors import CheckpointError, ManifestError
from har.recognition.recognizer import Recognizer
from har.training import scoring, segments
from har.training.intervals import Spread, over_seeds
from har.training.manifest import Row
from har.training.scoring import Video
from har.training.segments import SegmentScores, Span
from har.types import Options

_SHORTEST_NAME = 8
"""Letters of a name that two files do not share by chance."""


@dataclass(frozen=True)
class Untrimmed:
    """A video of several actions."""

    video: Video
    spans: tuple[Span, ...]
    """What it shows, in seconds from its first frame."""

    @property
    def fold(self) -> int | None:
        """The fold whose model has not seen its people; None where that is not known."""
        return self.video.row.fold


@dataclass(frozen=True)
class Timelines:
    """How well the timelines of some untrimmed videos fit."""

    name: str
    told: str
    """A sentence that says which model was asked, and what that means."""
    scores: list[SegmentScores]
    """One per model, or per run of which each video's own fold is asked."""
    spread: dict[str, Spread]
    """Over these, by the names of SegmentScores."""


def read(path: Path, root: Path, rows: Sequence[Row]) -> list[Untrimmed]:
    """The videos of a CSV file with the columns ``file,start,end,label`` and perhaps ``fold``.

    Times are seconds from a video's first frame; files are below ``root``. Without the column, a
    video has the fold of the clips of ``rows`` that were cut from it, which is told by the names:
    the last part of ``SitDown_972cefaa02a.mp4`` begins with that of ``sit_then_stand_972cefaa02``.
    Raises ManifestError.
    """
    lines: dict[str, list[dict[str, str]]] = defaultdict(list)
    for line in _lines(path):
        lines[line["file"]].append(line)
    missing = [file for file in lines if not (root / file).is_file()]
    if missing:
        raise ManifestError(f"{', '.join(missing[:5])}: not below the root.")
    return [_untrimmed(file, root, found, rows) for file, found in lines.items()]


def _lines(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = {"file", "start", "end", "label"} - set(reader.fieldnames or ())
            if missing:
                raise ManifestError(f"{path.name} lacks the column {', '.join(sorted(missing))}.")
            lines = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{path.name} cannot be read as a CSV file.") from error
    if not lines:
        raise ManifestError(f"{path.name} lists no videos.")
    return lines


def _untrimmed(
    file: str, root: Path, lines: Sequence[dict[str, str]], rows: Sequence[Row]
) -> Untrimmed:
    try:
        spans = [Span(float(x["start"]), float(x["end"]), x["label"]) for x in lines]
        folds = {int(x["fold"]) for x in lines if x.get("fold")}
    except (TypeError, ValueError) as error:
        raise ManifestError(f"{file} has a start, end or fold that is no number.") from error
    spans.sort(key=lambda span: span.start)
    ends = [0.0, *(span.end for span in spans)]
    if any(not before <= s.start < s.end for before, s in zip(ends, spans, strict=False)):
        raise ManifestError(f"{file} has spans that overlap or end before they start.")
    folds = folds or _folds_of_cuttings(file, rows)
    if len(folds) > 1:
        raise ManifestError(f"{file} belongs to more than one fold.")
    row = Row(file, "sequence", "sequences", file, folds.pop() if folds else None)
    return Untrimmed(Video(row, root / file), tuple(spans))


def _folds_of_cuttings(file: str, rows: Sequence[Row]) -> set[int]:
    name = _last_part(file)
    if len(name) < _SHORTEST_NAME:
        return set()
    cut = [row for row in rows if _last_part(row.file).startswith(name)]
    return {row.fold for row in cut if row.fold is not None}


def _last_part(file: str) -> str:
    return PurePath(file).stem.rsplit("_", 1)[-1]


def of_checkpoint(
    name: str, recognizer: Recognizer, videos: Sequence[Untrimmed], settings: Settings
) -> Timelines:
    """The fit of one model's timelines."""
    bar = tqdm(videos, name, unit="video", leave=False, disable=None)
    found = [timeline(recognizer, video, settings) for video in bar]
    told = "All were scored by this one model, which may have been trained on these people."
    return _judged(name, told, [segments.measure([v.spans for v in videos], found)])


def of_runs(
    name: str, runs: Sequence[Path], videos: Sequence[Untrimmed], settings: Settings
) -> Timelines:
    """The fit of the timelines of the folds' models of each run.

    A video whose fold is known is scored by that fold's model only, which has not seen its people.
    Where there are others, each fold's model in turn scores them, which gives as many scores per
    run as it has folds.
    """
    strangers = sum(video.fold is None for video in videos)
    told = "Each video was scored by the model that has not seen its people."
    if strangers:
        told = (
            f"It is not known to which fold {strangers} of the {len(videos)} videos belong: each "
            "fold's model was asked for them in turn, and some of these may have seen their people."
        )
    scores = []
    for run in runs:
        folds = _folds(run) if strangers else sorted({v.fold for v in videos if v.fold is not None})
        found = {fold: _of_fold(name, run, fold, videos, settings) for fold in folds}
        for turn in folds if strangers else folds[:1]:
            spans = [
                found[turn if video.fold is None else video.fold][i]
                for i, video in enumerate(videos)
            ]
            scores.append(segments.measure([video.spans for video in videos], spans))
    return _judged(name, told, scores)


def _folds(run: Path) -> list[int]:
    names = [path.stem.removeprefix("fold-") for path in run.glob("fold-*.safetensors")]
    if not names:
        raise CheckpointError(f"The run {run.name} has no fold-K.safetensors. Train it to its end.")
    return sorted(int(name) for name in names if name.isdecimal())


def _of_fold(
    name: str, run: Path, fold: int, videos: Sequence[Untrimmed], settings: Settings
) -> dict[int, list[Span]]:
    """The timelines of the videos that a fold's model may be asked for, by their index."""
    recognizer = Recognizer.load(settings, scoring.fold_path(run, fold))
    wanted = [i for i, video in enumerate(videos) if video.fold in (None, fold)]
    bar = tqdm(wanted, f"{name}, fold {fold}", unit="video", leave=False, disable=None)
    return {i: timeline(recognizer, videos[i], settings) for i in bar}


def timeline(recognizer: Recognizer, untrimmed: Untrimmed, settings: Settings) -> list[Span]:
    """The served timeline of a video, with the trained model's labels alone.

    At a threshold of 0 that model is believed for every clip, and the zero-shot model never asked.
    Raises ManifestError for a file that cannot be used.
    """
    video = scoring.facts(untrimmed.video, settings)
    report = recognizer.recognise(video, Options(threshold=0.0, annotate=False), lambda _: None)
    return [Span(a.start - video.start, a.end - video.start, a.label) for a in report.timeline]


def _judged(name: str, told: str, scores: list[SegmentScores]) -> Timelines:
    return Timelines(name, told, scores, over_seeds([asdict(score) for score in scores]))
