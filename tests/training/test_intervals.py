"""Intervals over groups, on data whose answer is known."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from har.training import intervals
from har.training.intervals import Interval, Spread
from har.training.metrics import Integers


def of_mean(values: np.ndarray, groups: list[str]) -> Interval:
    def statistics(rows: Integers) -> Mapping[str, float]:
        return {"mean": float(values[rows].mean())}

    return intervals.over_groups(groups, statistics)["mean"]


def test_the_interval_of_independent_videos_is_that_of_theory() -> None:
    values = (np.random.default_rng(1).random(400) < 0.8).astype(float)
    found = of_mean(values, [str(i) for i in range(400)])
    half = 1.96 * np.sqrt(values.mean() * (1 - values.mean()) / 400)
    assert found.low == pytest.approx(values.mean() - half, abs=0.008)
    assert found.high == pytest.approx(values.mean() + half, abs=0.008)


def test_copies_of_a_video_make_no_interval_narrower() -> None:
    values = (np.random.default_rng(2).random(40) < 0.6).astype(float)
    groups = [str(i) for i in range(40)]
    alone = of_mean(values, groups)
    copied = of_mean(np.repeat(values, 10), [g for g in groups for _ in range(10)])
    assert (copied.low, copied.high) == pytest.approx((alone.low, alone.high))


def test_the_same_again() -> None:
    values = np.arange(10.0)
    groups = list("aabbccddee")
    assert of_mean(values, groups) == of_mean(values, groups)


def test_what_some_draws_do_not_tell_is_left_out() -> None:
    def statistics(rows: Integers) -> Mapping[str, float]:
        first = rows[rows == 0]
        return {"seen": 0.25 if len(first) else float("nan"), "never": float("nan")}

    found = intervals.over_groups(["a", "b", "c"], statistics)
    assert found == {"seen": Interval(0.25, 0.25)}


def test_spread_over_seeds() -> None:
    found = intervals.over_seeds([{"top1": 0.7}, {"top1": 0.8}, {"top1": 0.9}])
    assert found == {"top1": Spread(*(pytest.approx(x) for x in (0.8, 0.1, 0.7, 0.9)))}
    assert intervals.over_seeds([{"top1": 0.7}])["top1"].deviation == 0
