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
from har.training import alarms, calibration, metrics, naming, scoring, selection
from har.training.alarms import Alarms, Background
from har.training.calibration import Calibration, Point
from har.training.intervals import Interval, over_groups
from har.training.manifest import Row
from har.training.metrics import Bin, Floats, Integers, Metrics
from har.training.naming import Naming
from har.training.predictions import Predictions
from har.training.scoring import HeldBack, Scores, Unusable, Video
from har.training.selection import Selection

_ERRORS = 10
"""Kinds of errors that are told."""


def of_checkpoint(
    recognizer: Recognizer, videos: Sequence[Video], settings: Settings, shuffle: int | None = None
) -> Predictions:
    """What a checkpoint says, as it is served; ``shuffle`` is score()'s.

    Raises ManifestError where the model knows none of the labels.
    """
    model = recognizer.model
    if not scoring.accepted_of([video.row for video in videos], model.labels).any():
        raise ManifestError(
            f"The model knows none of the labels; it knows {', '.join(model.labels)}."
        )
    with tqdm(desc="scoring", total=len(videos), unit="video", leave=False, disable=None) as bar:
        found = scoring.score(recognizer, videos, settings, shuffle, bar)
    usable = [(v.row, s) for v, s in zip(videos, found, strict=True) if isinstance(s, Scores)]
    if not usable:
        raise ManifestError("None of the videos can be opened.")
    served = [model.probabilities(torch.from_numpy(scores.logits)).numpy() for _, scores in usable]
    return Predictions(
        rows=tuple(row for row, _ in usable),
        labels=model.labels,
        probabilities=np.stack([clips.mean(axis=0) for clips in served]),
        thresholds=np.full(len(usable), model.threshold),
        said=tuple(
            _said(model.labels, clips, model.threshold, scores)
            for clips, (_, scores) in zip(served, usable, strict=True)
        ),
        unusable=tuple(one for one in found if isinstance(one, Unusable)),
    )


def _said(labels: Sequence[str], clips: Floats, threshold: float, scores: Scores) -> str:
    """What holds for most of a video's timeline, from its clips' probabilities [clips, labels]."""
    return scoring.longest(scoring.named(labels, clips, threshold), scores.seconds)


def calibrations(held: HeldBack) -> dict[int, Calibration]:
    """For each fold the calibration of the other folds' videos."""
    return calibration.by_fold(held.scored, held.folds)


def of_folds(held: HeldBack, calibrations: dict[int, Calibration]) -> Predictions:
    """What the models of the folds say, each with its fold's calibration."""
    used = [calibrations[fold] for fold in held.folds.tolist()]
    pairs = list(zip(used, held.scores, strict=True))
    clips = [found.of_clips(scores.logits) for found, scores in pairs]
    return Predictions(
        rows=held.rows,
        labels=held.labels,
        probabilities=np.stack([video.mean(axis=0) for video in clips]),
        thresholds=np.array([found.threshold for found in used]),
        said=tuple(
            _said(held.labels, video, found.threshold, scores)
            for video, (found, scores) in zip(clips, pairs, strict=True)
        ),
        unusable=held.unusable,
    )


@dataclass(frozen=True)
class Confusion:
    """A kind of error."""

    truth: str
    predicted: str
    videos: int
    files: list[str]
    """Their names, once each, the ones with the highest confidence first."""
    near: bool
    """Whether what was said is a near relation of what it was."""


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
    selection: Selection | None
    """What is named, and its risk; None where nothing could be."""
    background: Background | None
    """None where there are no videos in which nothing is done."""
    alarms: Alarms | None
    """None where there are no videos of fights."""
    naming: Naming | None
    """What was said of the videos that have ``accept``; None where none has."""


def judge(predictions: Predictions) -> Findings:
    """Judge the predictions for known videos, and how unsure the others are."""
    known, confidence = predictions.is_known, predictions.confidence
    named_right, sure = predictions.is_named_right, predictions.is_sure
    unknown = confidence[~known]
    return Findings(
        metrics=_metrics(predictions),
        intervals=_intervals(predictions),
        groups=_groups(predictions),
        errors=_errors(predictions),
        unknown=len(unknown),
        unknown_files=_unknown_files(predictions),
        auroc=metrics.auroc(confidence[known], unknown) if len(unknown) else None,
        point=calibration.point(
            float(predictions.thresholds.mean()), sure[known], named_right[known], sure[~known]
        ),
        reliability=metrics.reliability(confidence[known], named_right[known]),
        curve=calibration.curve(confidence[known], named_right[known], unknown),
        selection=selection.judge(predictions),
        background=alarms.background(predictions),
        alarms=alarms.alarms(predictions),
        naming=naming.judge(predictions),
    )


def numbers(findings: Findings) -> dict[str, float]:
    """The numbers to compare runs by: ``top1``, ``balanced``, ..., ``class Walk``, ``source a``."""
    found = findings.metrics
    named = {"top1": found.top1, "top5": found.top5, "balanced": found.balanced}
    named |= {"macro_f1": found.macro_f1, "ece": found.ece}
    if findings.auroc is not None:
        named["auroc"] = findings.auroc
    if findings.selection is not None:
        named["aurc"] = findings.selection.aurc
    named |= {f"class {name}": share.top1 for name, share in found.per_class.items()}
    return named | {f"source {name}": share.top1 for name, share in found.per_source.items()}


def _metrics(predictions: Predictions) -> Metrics:
    """Of the videos of which the model knows a label."""
    known = np.flatnonzero(predictions.is_known)
    return metrics.measure(
        classes=[predictions.rows[i].label for i in known],
        said=_best_names(predictions, known),
        right=predictions.is_right[known],
        in_top5=predictions.is_in_top5[known],
        sources=[predictions.rows[i].source for i in known],
        ece=metrics.calibration_error(
            predictions.confidence[known], predictions.is_named_right[known]
        ),
    )


def _best_names(predictions: Predictions, rows: Integers) -> list[str]:
    return [predictions.labels[i] for i in predictions.best[rows]]


def _intervals(predictions: Predictions) -> dict[str, Interval]:
    known = np.flatnonzero(predictions.is_known)
    classes, truth, predicted = metrics.indexed(
        [predictions.rows[i].label for i in known],
        _best_names(predictions, known),
        predictions.is_right[known],
    )

    def statistics(drawn: Integers) -> dict[str, float]:
        counts = metrics.confusion(truth[drawn], predicted[drawn], len(classes))
        per_class = zip(classes, metrics.recalls(counts).tolist(), strict=True)
        return {
            "top1": float(counts.trace() / counts.sum()),
            "balanced": metrics.balanced(counts),
            "macro_f1": metrics.macro_f1(counts),
        } | {f"class {label}": recall for label, recall in per_class}

    return over_groups([predictions.rows[i].group for i in known], statistics)


def _groups(predictions: Predictions) -> dict[str, int]:
    known = np.flatnonzero(predictions.is_known)
    pairs = {(predictions.rows[i].label, predictions.rows[i].group) for i in known}
    return dict(sorted(Counter(label for label, _ in pairs).items()))


def _errors(predictions: Predictions) -> list[Confusion]:
    wrong = np.flatnonzero(predictions.is_known & ~predictions.is_right)
    kinds: dict[tuple[str, str], list[int]] = {}
    for i in wrong[np.argsort(-predictions.confidence[wrong], kind="stable")]:
        kind = (predictions.rows[i].label, predictions.labels[predictions.best[i]])
        kinds.setdefault(kind, []).append(i)
    worst = sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0]))[:_ERRORS]
    return [
        Confusion(
            truth,
            predicted,
            len(found),
            _files(predictions.rows[i] for i in found),
            naming.is_near(predictions.rows[found[0]], predicted),
        )
        for (truth, predicted), found in worst
    ]


def _unknown_files(predictions: Predictions) -> dict[str, list[str]]:
    unknown = [predictions.rows[i] for i in np.flatnonzero(~predictions.is_known)]
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
    found = _metrics(predictions)
    f1 = metrics.f1(np.array(found.confusion)).tolist()
    right = {"all": found.top1} | {name: share.top1 for name, share in found.per_class.items()}
    return right, {"all": found.macro_f1} | dict(zip(found.classes, f1, strict=True))
