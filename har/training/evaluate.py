"""Measures a checkpoint on labelled videos, through the code that serves requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from config import Settings
from har.errors import ManifestError, MediaError
from har.media.probe import probe
from har.recognition.recognizer import Recognizer
from har.training.manifest import Row
from har.training.metrics import Metrics, measure


@dataclass(frozen=True)
class Evaluation:
    """How a model did on a manifest."""

    metrics: Metrics
    not_scored: dict[str, list[str]]
    """Files whose label the model does not know, by label."""


def evaluate(
    recognizer: Recognizer, rows: Sequence[Row], root: Path, settings: Settings
) -> Evaluation:
    """Measure on the rows whose label the model knows.

    Raises ManifestError where there are none, and for a file that is no usable video.
    """
    labels = recognizer.checkpoint.labels
    scored = [row for row in rows if row.label in labels]
    if not scored:
        raise ManifestError(f"The model knows none of the labels; it knows {', '.join(labels)}.")
    bar = tqdm(scored, "scoring", unit="clip", leave=False, disable=None)
    probabilities = np.stack([_video_scores(recognizer, root, row, settings) for row in bar])
    truth = np.array([labels.index(row.label) for row in scored])
    not_scored: dict[str, list[str]] = {}
    for row in rows:
        if row.label not in labels:
            not_scored.setdefault(row.label, []).append(row.file)
    sources = [row.source for row in scored]
    return Evaluation(measure(probabilities, truth, labels, sources), not_scored)


def _video_scores(
    recognizer: Recognizer, root: Path, row: Row, settings: Settings
) -> NDArray[np.float32]:
    """A video's prediction [labels]: the mean over its clips."""
    try:
        scores = recognizer.clip_scores(probe(root / row.file, settings))
    except MediaError as error:
        raise ManifestError(f"{row.file} cannot be used: {error.detail}") from error
    mean: NDArray[np.float32] = scores.mean(axis=0)
    return mean


def report(evaluation: Evaluation) -> str:
    """The numbers, as people read them on a terminal."""
    found = evaluation.metrics
    lines = [
        f"{found.videos} clips scored",
        f"top-1 {found.top1:.1%}, top-5 {found.top5:.1%}, balanced {found.balanced:.1%}, "
        f"calibration error {found.ece:.3f}",
    ]
    for title, shares in (("class", found.per_class), ("source", found.per_source)):
        lines += ["", f"{title:<24} clips  right"]
        lines += [f"{name:<24} {s.videos:>5} {s.top1:>6.1%}" for name, s in shares.items()]
    for label, files in evaluation.not_scored.items():
        lines += ["", f"not scored, as the model does not know {label}:"]
        lines += [f"  {file}" for file in files]
    return "\n".join(lines)
