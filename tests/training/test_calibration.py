"""Calibration on synthetic logits whose right answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from har.training import calibration
from har.training.calibration import Point


def synthetic(temperature: float, bias: float) -> tuple[list[torch.Tensor], torch.Tensor]:
    """Logits of 4000 videos of one clip, and labels drawn from the probabilities they stand for
    at that temperature and bias."""
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(4000, 5, generator=generator) * 4
    probabilities = torch.sigmoid(logits / temperature + bias)
    targets = torch.bernoulli(probabilities, generator=generator)
    return list(logits[:, None]), targets


@pytest.mark.parametrize(("temperature", "bias"), [(1.0, 0.0), (3.0, -0.7), (0.5, 1.2)])
def test_a_known_temperature_and_bias_are_found(temperature: float, bias: float) -> None:
    found = calibration.fit(*synthetic(temperature, bias))
    assert found == pytest.approx((temperature, bias), rel=0.1, abs=0.07)


def test_videos_count_alike_however_many_their_clips() -> None:
    logits, targets = synthetic(2.0, 0.3)
    longer = [clip.expand(1 + i % 7, -1) for i, clip in enumerate(logits)]
    assert calibration.fit(longer, targets) == pytest.approx(calibration.fit(logits, targets), 1e-3)


CONFIDENCE = np.array([0.9, 0.8, 0.6, 0.3])
RIGHT = np.array([True, True, False, False])
UNKNOWN = np.array([0.7, 0.2])


def test_curve() -> None:
    points = calibration.curve(CONFIDENCE, RIGHT, UNKNOWN)
    assert points[0] == Point(0.0, 1.0, 0.5, 1.0)
    assert points[50] == Point(0.5, 0.75, pytest.approx(2 / 3), 0.5)
    assert points[75] == Point(0.75, 0.5, 1.0, 0.0)
    assert points[100] == Point(1.0, 0.0, 1.0, 0.0)


def test_the_threshold_shuts_out_the_unknown() -> None:
    chosen = calibration.choose(calibration.curve(CONFIDENCE, RIGHT, UNKNOWN))
    assert 0.7 < chosen.threshold <= 0.8
    assert (chosen.coverage, chosen.accuracy, chosen.accepted_unknown) == (0.5, 1.0, 0.0)


def test_without_unknown_videos_mistakes_alone_decide() -> None:
    chosen = calibration.choose(calibration.curve(CONFIDENCE, RIGHT, np.array([])))
    assert 0.6 < chosen.threshold <= 0.8
