"""Confidence intervals that respect groups, and the spread over seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har.training.metrics import Integers

RESAMPLES = 1000
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """Where a number lies with 95% confidence."""

    low: float
    high: float


def resampled(groups: Sequence[str], times: int, seed: int = 0) -> Iterator[NDArray[np.int64]]:
    """Indices of rows, ``times`` over, of as many groups drawn with replacement as there are.

    Videos of the same people or footage are not independent: drawing videos one by one would make
    intervals that are too narrow (the cluster bootstrap; Davison & Hinkley 1997, section 3.8).
    """
    rng = np.random.default_rng(seed)
    names = np.array(groups)
    members = [np.flatnonzero(names == group) for group in np.unique(names)]
    for _ in range(times):
        yield np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))])


def over_groups(
    groups: Sequence[str], statistics: Callable[[Integers], Mapping[str, float]]
) -> dict[str, Interval]:
    """The percentile interval of each of ``statistics``, which gets the indices of some rows.

    A statistic may be NaN where the rows do not tell it, such as the accuracy of a class that none
    of them has; those are left out.
    """
    drawn = [statistics(rows) for rows in resampled(groups, RESAMPLES)]
    tail = 50 * (1 - LEVEL)
    found = {}
    for name in drawn[0]:
        values = np.array([numbers[name] for numbers in drawn])
        values = values[np.isfinite(values)]
        if len(values):
            low, high = np.percentile(values, [tail, 100 - tail])
            found[name] = Interval(float(low), float(high))
    return found


@dataclass(frozen=True)
class Spread:
    """A number over several seeds."""

    mean: float
    deviation: float
    """The standard deviation of a sample; 0 for one seed."""
    low: float
    high: float


def over_seeds(runs: Sequence[Mapping[str, float]]) -> dict[str, Spread]:
    """The spread over the runs of each number that all of them have."""
    names = [name for name in runs[0] if all(name in run for run in runs)]
    return {name: _spread(np.array([run[name] for run in runs])) for name in names}


def _spread(values: NDArray[np.float64]) -> Spread:
    deviation = values.std(ddof=1) if len(values) > 1 else 0.0
    return Spread(float(values.mean()), float(deviation), float(values.min()), float(values.max()))
