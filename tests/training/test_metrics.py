"""Metrics against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from har.training import metrics
from har.training.metrics import Bin, Risk, Share

LABELS = ("a", "b", "c")
PROBABILITIES = np.array(
    [
        [0.9, 0.05, 0.05],
        [0.6, 0.3, 0.1],
        [0.2, 0.7, 0.1],
        [0.5, 0.4, 0.1],
        [0.1, 0.3, 0.6],
    ]
)
TRUTH = np.array([0, 0, 0, 1, 2])
SOURCES = ["x", "x", "y", "y", "y"]


ACCEPTED = np.eye(3, dtype=bool)[TRUTH]


def test_measure() -> None:
    right = metrics.is_right(PROBABILITIES, ACCEPTED)
    found = metrics.measure(
        classes=[LABELS[i] for i in TRUTH],
        said=[LABELS[i] for i in PROBABILITIES.argmax(axis=1)],
        right=right,
        in_top5=metrics.in_top(PROBABILITIES, ACCEPTED, 5),
        sources=SOURCES,
        ece=0.1,
    )
    assert found.videos == 5
    assert found.top1 == pytest.approx(3 / 5)
    assert found.top5 == 1
    assert found.balanced == pytest.approx((2 / 3 + 0 + 1) / 3)
    # a: 2 of 3 found, 2 of 3 right; b: never right; c: always.
    assert found.macro_f1 == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert found.per_class == {"a": Share(3, 2 / 3), "b": Share(1, 0.0), "c": Share(1, 1.0)}
    assert found.per_source == {"x": Share(2, 1.0), "y": Share(3, 1 / 3)}
    assert found.confusion == [[2, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]]


def test_what_is_right_counts_as_the_class_and_other_labels_together() -> None:
    found = metrics.measure(
        classes=["jump", "jump", "walk"],
        said=["parkour", "diving", "jump"],
        right=np.array([True, False, False]),
        in_top5=np.array([True, False, True]),
        sources=["x"] * 3,
        ece=0.0,
    )
    assert found.classes == ["jump", "walk"]
    assert found.confusion == [[1, 0, 1], [1, 0, 0]]
    # jump: found once of twice, and said twice of which once is right.
    assert found.macro_f1 == pytest.approx((1 / 2 + 0) / 2)


def test_f1_punishes_false_alarms_that_recall_does_not_see() -> None:
    counts = metrics.confusion(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), 2)
    # a: precision 2/3, recall 1; b: precision 1, recall 1/2.
    assert metrics.balanced(counts) == pytest.approx((1 + 1 / 2) / 2)
    assert metrics.macro_f1(counts) == pytest.approx((4 / 5 + 2 / 3) / 2)


def test_a_class_without_videos_is_left_out() -> None:
    counts = metrics.confusion(np.array([0, 0]), np.array([0, 2]), 3)
    assert metrics.balanced(counts) == pytest.approx(1 / 2)
    assert metrics.macro_f1(counts) == pytest.approx(2 / 3)
    assert np.isnan(metrics.recalls(counts)[1:]).all()


def test_a_right_label_among_the_first() -> None:
    assert metrics.in_top(PROBABILITIES, ACCEPTED, 1).mean() == pytest.approx(3 / 5)
    assert metrics.in_top(PROBABILITIES, ACCEPTED, 2).all()
    # Of several that are right, any will do.
    assert metrics.in_top(PROBABILITIES, ACCEPTED | np.array([True, False, False]), 1).sum() == 4


def test_calibration_error_of_two_bins() -> None:
    confidence = np.array([0.2, 0.4, 0.9, 0.7])
    right = np.array([False, True, True, True])
    # Below one half: mean 0.3, half right; above: mean 0.8, all right.
    assert metrics.calibration_error(confidence, right, bins=2) == pytest.approx(0.2)
    low, high = metrics.reliability(confidence, right, bins=2)
    assert low == Bin(0.5, pytest.approx(0.3), 0.5)
    assert high == Bin(0.5, pytest.approx(0.8), 1.0)


def test_calibration_error_at_the_edges() -> None:
    confidence = np.array([0.0, 1.0, 0.5])
    right = np.array([False, True, True])
    assert metrics.calibration_error(confidence, right, bins=2) == pytest.approx(2 / 3 * 0.25)


def test_auroc() -> None:
    known, unknown = np.array([0.9, 0.5, 0.3]), np.array([0.5, 0.1])
    assert metrics.auroc(known, unknown) == pytest.approx((2 + 1.5 + 1) / 6)
    assert metrics.auroc(known, known) == 0.5


def test_risk_and_coverage() -> None:
    confidence = np.array([0.5, 0.9, 0.7, 0.6])
    right = np.array([False, True, False, True])
    curve = metrics.risk_coverage(confidence, right)
    assert curve == [Risk(0.25, 0.0), Risk(0.5, 1 / 2), Risk(0.75, 1 / 3), Risk(1.0, 2 / 4)]
    assert metrics.aurc(curve) == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)


def test_the_risk_of_answers_that_are_as_sure_does_not_depend_on_their_order() -> None:
    confidence = np.array([0.9, 0.5, 0.5, 0.5])
    for right in ([True, True, False, False], [True, False, False, True]):
        curve = metrics.risk_coverage(confidence, np.array(right))
        # Each of the three has two chances in three to be wrong.
        expected = [0, 2 / 3 / 2, 4 / 3 / 3, 2 / 4]
        assert [point.risk for point in curve] == pytest.approx(expected)


def test_the_area_is_least_where_the_wrong_ones_come_last() -> None:
    right = np.array([True] * 8 + [False] * 2)
    sure = np.linspace(1, 0, 10)
    best, worst = (metrics.aurc(metrics.risk_coverage(c, right)) for c in (sure, sure[::-1]))
    assert best == pytest.approx((1 / 9 + 2 / 10) / 10)
    assert best < metrics.aurc(metrics.risk_coverage(np.ones(10), right)) < worst
    assert metrics.aurc(metrics.risk_coverage(sure, np.ones(10, bool))) == 0
