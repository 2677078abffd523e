"""What is named where nothing is done, and how often a fight is found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from har.training.metrics import Booleans
from har.training.predictions import Predictions

ALARM, CALM = "Fight", "NoFight"
"""The action to be alarmed by, and the label of scenes like those that it happens in."""


@dataclass(frozen=True)
class Background:
    """Videos in which nothing is done."""

    videos: int
    false_alarms: float
    """The share of which an action is named; background and UNKNOWN are right."""
    named: dict[str, int]
    """How often which action is, the most frequent first."""


@dataclass(frozen=True)
class Alarms:
    """How often ALARM is found, and how often it is a false alarm in the scenes of CALM."""

    videos: int
    calm_videos: int
    found: float
    """The share of the videos of ALARM of which it is the most probable label."""
    false_alarms: float
    """The share of the videos of CALM of which it is."""
    found_surely: float
    """As ``found``, with a confidence that reaches the threshold."""
    sure_false_alarms: float


def background(predictions: Predictions) -> Background | None:
    """None where in every video something is done."""
    quiet = predictions.is_background
    if not quiet.any():
        return None
    named = np.flatnonzero(quiet & predictions.is_action & predictions.is_sure)
    counts = Counter(predictions.labels[predictions.best[i]] for i in named)
    return Background(int(quiet.sum()), len(named) / int(quiet.sum()), dict(counts.most_common()))


def alarms(predictions: Predictions) -> Alarms | None:
    """None where the model does not know ALARM, or there are no videos of it or of CALM."""
    labels = np.array([row.label for row in predictions.rows])
    fights, calm = labels == ALARM, labels == CALM
    if ALARM not in predictions.labels or not fights.any() or not calm.any():
        return None
    raised: Booleans = predictions.best == predictions.labels.index(ALARM)
    surely = raised & predictions.is_sure
    return Alarms(
        videos=int(fights.sum()),
        calm_videos=int(calm.sum()),
        found=float(raised[fights].mean()),
        false_alarms=float(raised[calm].mean()),
        found_surely=float(surely[fights].mean()),
        sure_false_alarms=float(surely[calm].mean()),
    )
