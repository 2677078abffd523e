"""The command ``evaluate``. What is heavy is imported when it runs."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from har.errors import BadOption
from har.training import video_options

if TYPE_CHECKING:
    from config import Settings
    from har.training.predictions import Predictions
    from har.training.report import Report
    from har.training.scoring import Video
    from har.training.sequences import Timelines, Untrimmed

_SHUFFLE_SEED = 0


def add_evaluate(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``evaluate``."""
    video_options.add(parser)
    model = parser.add_mutually_exclusive_group()
    model.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="the model; without it, the default one"
    )
    model.add_argument(
        "--model",
        default="",
        metavar="NAME",
        help="instead, one of `har models`, or the file of one trained here",
    )
    model.add_argument(
        "--folds",
        type=Path,
        nargs="+",
        metavar="DIR",
        help="instead, the folders of one training run or several that differ by their seed: each "
        "video is scored by the model that has not seen its group",
    )
    parser.add_argument("--fold", type=int, metavar="K", help="only the videos of this fold")
    parser.add_argument(
        "--shuffle",
        action="store_true",
        help="measure as well with the frames of each clip in random order",
    )
    parser.add_argument(
        "--sequences",
        type=Path,
        metavar="CSV",
        help="measure the timelines of untrimmed videos: file,start,end,label and perhaps fold",
    )
    parser.add_argument(
        "--joined",
        type=int,
        default=0,
        metavar="N",
        help="measure the timelines of N videos that are joined from clips",
    )
    parser.add_argument(
        "--report", type=Path, metavar="DIR", help="write report.md, pictures and metrics.json here"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers here as well")


def run_evaluate(arguments: argparse.Namespace, settings: Settings) -> int:
    """Measure, print, and write the report where asked."""
    if arguments.joined < 0:
        raise BadOption("--joined must be 0 or more.")
    rows = video_options.rows(arguments, "train" if arguments.folds else "test")
    if arguments.fold is not None:
        rows = [row for row in rows if row.fold == arguments.fold]
    if not rows:
        raise BadOption(f"There are no videos of fold {arguments.fold}.")

    from har.training import report, scoring, sequences

    # The trained model is measured: what helps it where it is unsure need not be loaded.
    settings = replace(settings, clip_model="off")
    videos = scoring.videos_of(rows, arguments.root)
    unknown = scoring.videos_in(arguments.unknown) if arguments.unknown else []
    untrimmed = (
        sequences.read(arguments.sequences, arguments.root, rows) if arguments.sequences else []
    )
    measure = _folds if arguments.folds else _checkpoint
    measured = measure(arguments, [*videos, *unknown], settings)
    timelines = _timelines(arguments, videos, untrimmed, measured.judge, settings)
    found = _report(measured, timelines)
    if arguments.report:
        report.write(found, arguments.report)
    if arguments.json:
        report.write_json(found, arguments.json)
    print(report.summary(found))
    return 0


@dataclass(frozen=True)
class _Measured:
    """What the asked models say, and how timelines are judged by them."""

    title: str
    told: str
    names: list[str]
    ordered: list[Predictions]
    shuffled: list[Predictions]
    judge: Callable[[str, list[Untrimmed]], Timelines]


def _checkpoint(
    arguments: argparse.Namespace, videos: list[Video], settings: Settings
) -> _Measured:
    from har.recognition.recognizer import Recognizer
    from har.training import evaluate, sequences

    recognizer = Recognizer.load(settings, arguments.checkpoint, arguments.model)
    name = recognizer.model.name
    ordered = [evaluate.of_checkpoint(recognizer, videos, settings)]
    shuffled = (
        [evaluate.of_checkpoint(recognizer, videos, settings, _SHUFFLE_SEED)]
        if arguments.shuffle
        else []
    )
    return _Measured(
        title="Evaluation",
        told=f"All were scored by {name}, as requests are.",
        names=[name],
        ordered=ordered,
        shuffled=shuffled,
        judge=lambda name, found: sequences.of_checkpoint(name, recognizer, found, settings),
    )


def _folds(arguments: argparse.Namespace, videos: list[Video], settings: Settings) -> _Measured:
    from har.training import evaluate, scoring, sequences

    runs: list[Path] = arguments.folds
    names = [run.name for run in runs]
    if len(set(names)) < len(names):
        raise BadOption("Two of the runs have the same name; rename the folder of one.")
    ordered, shuffled = [], []
    for run in runs:
        held = scoring.held_back(run, videos, settings)
        calibrations = evaluate.calibrations(held)
        ordered.append(evaluate.of_folds(held, calibrations))
        if arguments.shuffle:
            held = scoring.held_back(run, videos, settings, _SHUFFLE_SEED)
            shuffled.append(evaluate.of_folds(held, calibrations))
    return _Measured(
        title="Cross-validation",
        told="Each video was scored as requests are, by the model of a fold that has seen no video "
        "of its group; each fold's confidence was calibrated on the other folds' videos.",
        names=names,
        ordered=ordered,
        shuffled=shuffled,
        judge=lambda name, found: sequences.of_runs(name, runs, found, settings),
    )


def _timelines(
    arguments: argparse.Namespace,
    labelled: list[Video],
    untrimmed: list[Untrimmed],
    judge: Callable[[str, list[Untrimmed]], Timelines],
    settings: Settings,
) -> list[Timelines]:
    from har.training import joining

    found = []
    if untrimmed:
        found.append(judge(arguments.sequences.name, untrimmed))
    if arguments.joined:
        with tempfile.TemporaryDirectory() as folder:
            made = joining.join(labelled, arguments.joined, Path(folder), settings)
            found.append(judge(f"joined from {joining.CLIPS} clips", made))
    return found


def _report(measured: _Measured, timelines: list[Timelines]) -> Report:
    from har.training import evaluate, predictions
    from har.training.intervals import over_seeds
    from har.training.report import Report

    pooled = predictions.joined(measured.ordered)
    named = zip(measured.names, measured.ordered, strict=True)
    runs = {name: evaluate.judge(run) for name, run in named}
    shuffled = measured.shuffled
    return Report(
        title=measured.title,
        told=measured.told,
        labels=pooled.labels,
        runs=runs,
        pooled=evaluate.judge(pooled),
        spread=over_seeds([evaluate.numbers(found) for found in runs.values()]),
        shuffled=evaluate.dropped(pooled, predictions.joined(shuffled)) if shuffled else None,
        timelines=timelines,
    )
