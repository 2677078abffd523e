"""Untrimmed videos whose timeline is known, and how well the served timelines fit it."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath

from tqdm import tqdm

from config import Settings
from har.errors import CheckpointError, ManifestError
from har.models.labels import VOCABULARY
from har.recognition.recognizer import Recognizer
from har.training import manifest, scoring, segments
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

    folds: tuple[int, ...]
    """Those whose models are not trained on clips of it; empty where that is not known."""


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
    """The videos of a CSV file with the columns ``file,start,end,label`` and perhaps ``fold`` or
    ``group``.

    Times are seconds from a video's first frame; files are below ``root``. A video whose group is
    one of the ``rows``' has the folds that are not trained on that. Without either column, it has
    the fold of the clips of ``rows`` that were cut from it, which the names show: the last
    part of ``SitDown_972cefaa02a.mp4`` begins with that of ``sit_then_stand_972cefaa02``. Raises
    ManifestError.
    """
    lines: dict[str, list[dict[str, str]]] = defaultdict(list)
    for line in _lines(path):
        lines[line["file"]].append(line)
    missing = [file for file in lines if not (root / file).is_file()]
    if missing:
        raise ManifestError(f"{', '.join(missing[:5])}: not below the root.")
    of_group = dict(zip([row.group for row in rows], manifest.folds_without(rows), strict=True))
    return [_untrimmed(file, root, found, rows, of_group) for file, found in lines.items()]


def _lines(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
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
    file: str,
    root: Path,
    lines: Sequence[dict[str, str]],
    rows: Sequence[Row],
    of_group: Mapping[str, frozenset[int]],
) -> Untrimmed:
    spans = _spans(file, lines)
    folds = _stated_folds(file, lines) or _folds_of_cuttings(file, rows)
    if len(folds) > 1:
        raise ManifestError(f"{file} belongs to more than one fold.")
    groups = {x["group"] for x in lines if x.get("group") in of_group}
    if groups and not folds:
        folds = frozenset.intersection(*(of_group[group] for group in groups))
    row = Row(file, "sequence", "sequences", file, None)
    return Untrimmed(Video(row, root / file), spans, tuple(sorted(folds)))


def _spans(file: str, lines: Sequence[dict[str, str]]) -> tuple[Span, ...]:
    if not all(line["label"] for line in lines):
        raise ManifestError(f"{file} has a span without a label.")
    try:
        spans = [
            Span(float(line["start"]), float(line["end"]), VOCABULARY.label(line["label"]))
            for line in lines
        ]
    except (TypeError, ValueError) as error:
        raise ManifestError(f"{file} has a start or end that is no number.") from error
    spans.sort(key=lambda span: span.start)
    ends = [0.0, *(span.end for span in spans)]
    if any(not before <= s.start < s.end for before, s in zip(ends, spans, strict=False)):
        raise ManifestError(f"{file} has spans that overlap or end before they start.")
    return tuple(spans)


def _stated_folds(file: str, lines: Sequence[dict[str, str]]) -> frozenset[int]:
    try:
        return frozenset(int(line["fold"]) for line in lines if line.get("fold"))
    except ValueError as error:
        raise ManifestError(f"{file} has a fold that is no number.") from error


def _folds_of_cuttings(file: str, rows: Sequence[Row]) -> frozenset[int]:
    name = _last_part(file)
    if len(name) < _SHORTEST_NAME:
        return frozenset()
    cut = [row for row in rows if _last_part(row.file).startswith(name)]
    return frozenset(row.fold for row in cut if row.fold is not None)


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
    Others are scored in turn by the model of each fold that is not trained on their clips, or of
    all where that is not known, which gives as many scores per run.
    """
    scores = []
    for run in runs:
        asked = [video.folds or _folds(run) for video in videos]
        found = {
            fold: _of_fold(name, run, fold, videos, asked, settings)
            for fold in sorted({fold for folds in asked for fold in folds})
        }
        for turn in range(max(map(len, asked))):
            spans = [found[folds[turn % len(folds)]][i] for i, folds in enumerate(asked)]
            scores.append(segments.measure([video.spans for video in videos], spans))
    return _judged(name, _told(videos), scores)


def _told(videos: Sequence[Untrimmed]) -> str:
    strangers = sum(not video.folds for video in videos)
    shared = sum(len(video.folds) > 1 for video in videos)
    if strangers:
        return (
            f"It is not known to which fold {strangers} of the {len(videos)} videos belong: each "
            "fold's model was asked for them in turn, and some of these may have seen their people."
        )
    if shared:
        return (
            f"{shared} of the {len(videos)} videos show people of several folds: they were scored "
            "in turn by the models that were not trained on clips of them, each of which has seen "
            "others of some of these people."
        )
    return "Each video was scored by the model that has not seen its people."


def _folds(run: Path) -> tuple[int, ...]:
    names = [path.stem.removeprefix("fold-") for path in run.glob("fold-*.safetensors")]
    if not names:
        raise CheckpointError(f"The run {run.name} has no fold-K.safetensors. Train it to its end.")
    return tuple(sorted(int(name) for name in names if name.isdecimal()))


def _of_fold(
    name: str,
    run: Path,
    fold: int,
    videos: Sequence[Untrimmed],
    asked: Sequence[tuple[int, ...]],
    settings: Settings,
) -> dict[int, list[Span]]:
    """The timelines of the videos for which a fold's model is asked, by their index."""
    recognizer = Recognizer.load(settings, scoring.fold_path(run, fold))
    wanted = [i for i, folds in enumerate(asked) if fold in folds]
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
