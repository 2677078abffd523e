"""Metrics against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from har.training import metrics
from har.training.metrics import Bin, Share

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


def test_measure() -> None:
    found = metrics.measure(PROBABILITIES, TRUTH, LABELS, SOURCES)
    assert found.videos == 5
    assert found.top1 == pytest.approx(3 / 5)
    assert found.top5 == 1
    assert found.balanced == pytest.approx((2 / 3 + 0 + 1) / 3)
    # a: 2 of 3 found, 2 of 3 right; b: never right; c: always.
    assert found.macro_f1 == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert found.per_class == {"a": Share(3, 2 / 3), "b": Share(1, 0.0), "c": Share(1, 1.0)}
    assert found.per_source == {"x": Share(2, 1.0), "y": Share(3, 1 / 3)}
    assert found.confusion == [[2, 1, 0], [1, 0, 0], [0, 0, 1]]


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


def test_top_k() -> None:
    assert metrics.top_k(PROBABILITIES, TRUTH, 1) == pytest.approx(3 / 5)
    assert metrics.top_k(PROBABILITIES, TRUTH, 2) == 1


def test_all_right() -> None:
    found = metrics.measure(np.eye(3), np.arange(3), LABELS, ["x"] * 3)
    assert found.top1 == found.balanced == found.macro_f1 == 1
    assert found.ece == 0


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
