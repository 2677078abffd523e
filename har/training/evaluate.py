"""Judges predictions on labelled videos: of one checkpoint, or held back in cross-validation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tqdm import tqdm

from config import Settings
from har.errors import ManifestError
from har.recognition.recognizer import Recognizer
from har.training import calibration, metrics, scoring
from har.training.calibration import Calibration, Point
from har.training.intervals import Interval, over_groups
from har.training.manifest import Row
from har.training.metrics import Bin, Booleans, Floats, Integers, Metrics
from har.training.scoring import HeldBack, Video

_ERRORS = 10
"""Kinds of errors that are told."""


@dataclass(frozen=True)
class Predictions:
    """What a model says of each of some videos."""

    rows: tuple[Row, ...]
    labels: tuple[str, ...]
    probabilities: Floats
    """Shape [videos, labels]: the mean over a video's clips of what requests get."""
    thresholds: Floats
    """Shape [videos]: the confidence from which the model is believed."""

    @property
    def truth(self) -> Integers:
        """Shape [videos]: the index of each label, -1 for another action."""
        return scoring.truth_of(self.rows, self.labels)

    @property
    def confidence(self) -> Floats:
        """Shape [videos]."""
        highest: Floats = self.probabilities.max(axis=1)
        return highest

    @property
    def right(self) -> Booleans:
        """Shape [videos]; no answer to an unknown action is right."""
        return metrics.is_right(self.probabilities, self.truth)


def of_checkpoint(
    recognizer: Recognizer, videos: Sequence[Video], settings: Settings, shuffle: int | None = None
) -> Predictions:
    """What a checkpoint says, as it is served; ``shuffle`` is clip_logits()'s.

    Raises ManifestError where the model knows none of the labels.
    """
    model = recognizer.model
    rows = tuple(video.row for video in videos)
    if not any(row.label in model.labels for row in rows):
        raise ManifestError(
            f"The model knows none of the labels; it knows {', '.join(model.labels)}."
        )
    with tqdm(desc="scoring", total=len(videos), unit="video", leave=False, disable=None) as bar:
        clips = scoring.clip_logits(recognizer, videos, settings, shuffle, bar)
    served = [model.probabilities(torch.from_numpy(logits)).mean(dim=0) for logits in clips]
    return Predictions(
        rows=rows,
        labels=model.labels,
        probabilities=torch.stack(served).numpy(),
        thresholds=np.full(len(rows), model.threshold),
    )


def calibrations(held: HeldBack) -> dict[int, Calibration]:
    """For each fold the calibration of the other folds' videos."""
    groups = [row.group for row in held.rows]
    return calibration.by_fold(held.logits, held.truth, groups, held.folds)


def of_folds(held: HeldBack, calibrations: dict[int, Calibration]) -> Predictions:
    """What the models of the folds say, each with its fold's calibration."""
    probabilities = np.empty((len(held.rows), len(held.labels)))
    for fold, found in calibrations.items():
        inside = np.flatnonzero(held.folds == fold)
        probabilities[inside] = found.probabilities([held.logits[i] for i in inside])
    return Predictions(
        rows=held.rows,
        labels=held.labels,
        probabilities=probabilities,
        thresholds=np.array([calibrations[fold].threshold for fold in held.folds.tolist()]),
    )


def joined(runs: Sequence[Predictions]) -> Predictions:
    """The predictions of several runs on the same videos, one after the other."""
    return Predictions(
        rows=tuple(row for run in runs for row in run.rows),
        labels=runs[0].labels,
        probabilities=np.concatenate([run.probabilities for run in runs]),
        thresholds=np.concatenate([run.thresholds for run in runs]),
    )


@dataclass(frozen=True)
class Confusion:
    """A kind of error."""

    truth: str
    predicted: str
    videos: int
    files: list[str]
    """Their names, once each, the ones with the highest confidence first."""


@dataclass(frozen=True)
class Findings:
    """How good predictions are."""

    metrics: Metrics
    intervals: dict[str, Interval]
    """95% confidence over groups, by the names of numbers()."""
    groups: dict[str, int]
    """How many groups each class has: with few, its interval says little."""
    errors: list[Confusion]
    """The most frequent ones first."""
    unknown: int
    """Videos of other actions."""
    unknown_files: dict[str, list[str]]
    """Them by their label."""
    auroc: float | None
    """Of the confidence, known against unknown; None where there are no unknown videos."""
    point: Point
    """What the thresholds in force give; theirs is the mean."""
    reliability: list[Bin]
    curve: list[Point]
    """The coverage-accuracy curve."""


def judge(predictions: Predictions) -> Findings:
    """Judge the predictions for known videos, and how unsure the others are."""
    truth, confidence, right = predictions.truth, predictions.confidence, predictions.right
    known = truth >= 0
    sure = confidence >= predictions.thresholds
    unknown = confidence[~known]
    return Findings(
        metrics=_metrics(predictions, np.flatnonzero(known)),
        intervals=_intervals(predictions),
        groups=_groups(predictions),
        errors=_errors(predictions),
        unknown=len(unknown),
        unknown_files=_unknown_files(predictions),
        auroc=metrics.auroc(confidence[known], unknown) if len(unknown) else None,
        point=calibration.point(
            float(predictions.thresholds.mean()), sure[known], right[known], sure[~known]
        ),
        reliability=metrics.reliability(confidence[known], right[known]),
        curve=calibration.curve(confidence[known], right[known], unknown),
    )


def numbers(findings: Findings) -> dict[str, float]:
    """The numbers to compare runs by: ``top1``, ``balanced``, ..., ``class Walk``, ``source a``."""
    found = findings.metrics
    named = {"top1": found.top1, "top5": found.top5, "balanced": found.balanced}
    named |= {"macro_f1": found.macro_f1, "ece": found.ece}
    if findings.auroc is not None:
        named["auroc"] = findings.auroc
    named |= {f"class {name}": share.top1 for name, share in found.per_class.items()}
    return named | {f"source {name}": share.top1 for name, share in found.per_source.items()}


def _metrics(predictions: Predictions, rows: Integers) -> Metrics:
    return metrics.measure(
        predictions.probabilities[rows],
        predictions.truth[rows],
        predictions.labels,
        [predictions.rows[i].source for i in rows],
    )


def _intervals(predictions: Predictions) -> dict[str, Interval]:
    truth, labels = predictions.truth, predictions.labels
    predicted = predictions.probabilities.argmax(axis=1)
    known = np.flatnonzero(truth >= 0)

    def statistics(drawn: Integers) -> dict[str, float]:
        rows = known[drawn]
        counts = metrics.confusion(truth[rows], predicted[rows], len(labels))
        per_class = zip(labels, metrics.recalls(counts).tolist(), strict=True)
        return {
            "top1": float(counts.trace() / counts.sum()),
            "balanced": metrics.balanced(counts),
            "macro_f1": metrics.macro_f1(counts),
        } | {f"class {label}": recall for label, recall in per_class}

    return over_groups([predictions.rows[i].group for i in known], statistics)


def _groups(predictions: Predictions) -> dict[str, int]:
    pairs = {(row.label, row.group) for row in predictions.rows if row.label in predictions.labels}
    return dict(sorted(Counter(label for label, _ in pairs).items()))


def _errors(predictions: Predictions) -> list[Confusion]:
    wrong = np.flatnonzero((predictions.truth >= 0) & ~predictions.right)
    named = predictions.probabilities.argmax(axis=1)
    kinds: dict[tuple[str, str], list[int]] = {}
    for i in wrong[np.argsort(-predictions.confidence[wrong], kind="stable")]:
        kind = (predictions.rows[i].label, predictions.labels[named[i]])
        kinds.setdefault(kind, []).append(i)
    worst = sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0]))[:_ERRORS]
    return [
        Confusion(truth, predicted, len(found), _files(predictions.rows[i] for i in found))
        for (truth, predicted), found in worst
    ]


def _unknown_files(predictions: Predictions) -> dict[str, list[str]]:
    unknown = [row for row in predictions.rows if row.label not in predictions.labels]
    labels = sorted({row.label for row in unknown})
    return {label: _files(row for row in unknown if row.label == label) for label in labels}


def _files(rows: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(row.file for row in rows))


@dataclass(frozen=True)
class Shuffled:
    """A class with the frames of each clip in their order, and in random order.

    The share named right alone would mislead: a class that is said of every shuffled clip is named
    right more often, but its F1 falls.
    """

    right: tuple[float, float]
    f1: tuple[float, float]


def dropped(ordered: Predictions, shuffled: Predictions) -> dict[str, Shuffled]:
    """What the order of frames is worth to each class, and to ``all`` (top-1 and macro-F1)."""
    (right, f1), (other_right, other_f1) = (_per_class(p) for p in (ordered, shuffled))
    return {
        name: Shuffled((right[name], other_right[name]), (f1[name], other_f1[name]))
        for name in right
    }


def _per_class(predictions: Predictions) -> tuple[dict[str, float], dict[str, float]]:
    """The share named right, and the F1, of ``all`` and of each class that has videos."""
    found = _metrics(predictions, np.flatnonzero(predictions.truth >= 0))
    f1 = dict(zip(predictions.labels, metrics.f1(np.array(found.confusion)).tolist(), strict=True))
    right = {"all": found.top1} | {name: share.top1 for name, share in found.per_class.items()}
    return right, {"all": found.macro_f1} | f1
