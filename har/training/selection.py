"""What is named, and how much of that is right: risk, coverage and the stated precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from har.training import metrics
from har.training.calibration import PRECISION
from har.training.metrics import Risk
from har.training.predictions import Predictions

_POINTS = 101


@dataclass(frozen=True)
class Selection:
    """The videos of which an action can be named: those whose most probable label is no background.

    What is said of an unknown action is wrong, and an action is where nothing is done.
    """

    videos: int
    aurc: float
    """Area under the risk-coverage curve."""
    aurc_known: float | None
    """The same over the videos of known actions alone; None where nothing of them is named."""
    curve: list[Risk]
    named: int
    """Videos whose confidence reaches their threshold."""
    precision: float | None
    """The share of these that is right; None where nothing is named."""
    stated: float
    """What a threshold that is chosen by calibration promises."""


def judge(predictions: Predictions) -> Selection | None:
    """None where no action can be named."""
    action, right = predictions.is_action, predictions.is_named_right
    if not action.any():
        return None
    known = action & predictions.is_known
    curve = metrics.risk_coverage(predictions.confidence[action], right[action])
    of_known = metrics.risk_coverage(predictions.confidence[known], right[known])
    named = action & predictions.is_sure
    return Selection(
        videos=int(action.sum()),
        aurc=metrics.aurc(curve),
        aurc_known=metrics.aurc(of_known) if of_known else None,
        curve=_thinned(curve),
        named=int(named.sum()),
        precision=float(right[named].mean()) if named.any() else None,
        stated=PRECISION,
    )


def _thinned(curve: Sequence[Risk]) -> list[Risk]:
    """At most _POINTS of its points, the first and the last among them."""
    at = np.unique(np.linspace(0, len(curve) - 1, _POINTS).round().astype(int))
    return [curve[i] for i in at]
