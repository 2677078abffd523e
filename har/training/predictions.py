"""What a model says of labelled videos, and whether it is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from har.training import metrics, scoring
from har.training.manifest import Row
from har.training.metrics import Booleans, Floats, Integers
from har.training.scoring import Unusable


@dataclass(frozen=True)
class Predictions:
    """What a model says of each of some videos."""

    rows: tuple[Row, ...]
    labels: tuple[str, ...]
    probabilities: Floats
    """Shape [videos, labels]: the mean over a video's clips of what requests get."""
    thresholds: Floats
    """Shape [videos]: the confidence from which the model is believed."""
    said: tuple[str, ...]
    """The label that holds for most of each video's timeline, UNKNOWN among them."""
    unusable: tuple[Unusable, ...] = ()
    """Videos that could not be opened; they are not among the rows."""

    def only(self, chosen: Booleans) -> Predictions:
        """Those of the videos that are chosen [videos]; none that could not be opened."""
        at = np.flatnonzero(chosen).tolist()
        return Predictions(
            rows=tuple(self.rows[i] for i in at),
            labels=self.labels,
            probabilities=self.probabilities[at],
            thresholds=self.thresholds[at],
            said=tuple(self.said[i] for i in at),
        )

    @property
    def is_found(self) -> Booleans:
        """Shape [videos]: whether they are as people find them, with all names that are right."""
        return np.array([bool(row.accept) for row in self.rows])

    @cached_property
    def accepted(self) -> Booleans:
        """Shape [videos, labels]: the labels that are right."""
        return scoring.accepted_of(self.rows, self.labels)

    @property
    def is_known(self) -> Booleans:
        """Shape [videos]: whether the model has a label that is right."""
        return np.asarray(self.accepted.any(axis=1))

    @property
    def is_background(self) -> Booleans:
        """Shape [videos]: whether nothing is done."""
        return np.array([row.is_background for row in self.rows])

    @property
    def best(self) -> Integers:
        """Shape [videos]: the index of the most probable label."""
        best: Integers = self.probabilities.argmax(axis=1)
        return best

    @property
    def confidence(self) -> Floats:
        """Shape [videos]."""
        highest: Floats = self.probabilities.max(axis=1)
        return highest

    @property
    def is_sure(self) -> Booleans:
        """Shape [videos]: whether the confidence reaches the threshold."""
        sure: Booleans = self.confidence >= self.thresholds
        return sure

    @property
    def is_action(self) -> Booleans:
        """Shape [videos]: whether the most probable label is an action, and not background."""
        action: Booleans = ~scoring.background_of(self.labels)[self.best]
        return action

    @property
    def is_named_right(self) -> Booleans:
        """Shape [videos]: whether the most probable label is right; none is for an unknown
        action."""
        return metrics.is_right(self.probabilities, self.accepted)

    @property
    def is_right(self) -> Booleans:
        """Shape [videos]: as is_named_right; to be unsure is right where nothing is done."""
        return self.is_named_right | (self.is_background & self.is_known & ~self.is_sure)

    @property
    def is_in_top5(self) -> Booleans:
        """Shape [videos]: whether a right label is among the first five, or is_right."""
        return metrics.in_top(self.probabilities, self.accepted, 5) | self.is_right


def joined(runs: Sequence[Predictions]) -> Predictions:
    """The predictions of several runs on the same videos, one after the other."""
    return Predictions(
        rows=tuple(row for run in runs for row in run.rows),
        labels=runs[0].labels,
        probabilities=np.concatenate([run.probabilities for run in runs]),
        thresholds=np.concatenate([run.thresholds for run in runs]),
        said=tuple(said for run in runs for said in run.said),
        unusable=tuple(video for run in runs for video in run.unusable),
    )
