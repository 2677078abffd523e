"""Calibration on synthetic logits whose right answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from har.models.checkpoint import Checkpoint
from har.models.confidence import scaled
from har.training import calibration
from har.training.calibration import Calibration, Point
from har.training.metrics import auroc, calibration_error


def synthetic(
    temperature: float, skew: float, bias: float, videos: int = 6000
) -> tuple[list[np.ndarray], np.ndarray]:
    """Logits of videos of one clip, whose highest is right with the probability that it stands
    for."""
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(videos, 3)) * 3
    best = logits.argmax(axis=1)
    scale = scaled(torch.from_numpy(logits.max(axis=1)), temperature, skew, bias)
    right = rng.random(videos) < torch.sigmoid(scale).numpy()
    return list(logits[:, None]), np.where(right, best, (best + 1) % 3)


@pytest.mark.parametrize("parameters", [(1.0, 1.0, 0.0), (3.0, 1.0, -0.7), (2.0, 0.4, 0.5)])
def test_known_parameters_are_found(parameters: tuple[float, float, float]) -> None:
    clips, truth = synthetic(*parameters)
    found = calibration.fit(clips, truth)
    assert found == pytest.approx(parameters, rel=0.3, abs=0.2)
    probabilities = Calibration(*found, 0.5).probabilities(clips)
    right = probabilities.argmax(axis=1) == truth
    assert calibration_error(probabilities.max(axis=1), right) < 0.03


def test_videos_count_alike_however_many_their_clips() -> None:
    clips, truth = synthetic(2.0, 1.0, 0.3)
    longer = [np.repeat(clip, 1 + i % 7, axis=0) for i, clip in enumerate(clips)]
    assert calibration.fit(longer, truth) == pytest.approx(calibration.fit(clips, truth), 1e-3)


def test_an_unknown_video_counts_as_a_mistake() -> None:
    clips, truth = synthetic(2.0, 1.0, 0.3)
    strangers = [np.full((2, 3), 4.0)] * 500
    found = calibration.fit([*clips, *strangers], np.append(truth, [-1] * 500))
    before, after = (
        Calibration(*fitted, 0.5).probabilities(strangers[:1]).max()
        for fitted in (calibration.fit(clips, truth), found)
    )
    assert after < before - 0.1


@pytest.mark.parametrize("right", [True, False])
def test_a_few_videos_that_are_all_right_or_all_wrong_give_no_certainty(right: bool) -> None:
    clips = [np.array([[4.0, -4.0]]), np.array([[3.0, -3.0]]), np.array([[5.0, -5.0]])]
    fitted = calibration.fit(clips, np.zeros(3, int) + (not right))
    found = Calibration(*fitted, 0.5).probabilities(clips).max(axis=1)
    # Platt's targets: (n + 1) / (n + 2) and 1 / (n + 2).
    assert found == pytest.approx(0.8 if right else 0.2, abs=0.02)


def test_probabilities_are_those_that_are_served() -> None:
    logits = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32) * 20
    model = Checkpoint(
        labels=tuple("abcd"), backbone="", features=1, head="bilstm", sizes={}, frames=16, fps=8.0,
        stride=8, size=224, fit="squash", mean=(0, 0, 0), std=(1, 1, 1), temperature=1.7, skew=0.6,
        bias=-0.4, threshold=0.5, data={}, metrics={}, state={},
    )  # fmt: skip
    served = model.probabilities(torch.from_numpy(logits)).mean(dim=0).numpy()
    assert Calibration(1.7, 0.6, -0.4, 0.5).probabilities([logits])[0] == pytest.approx(
        served, abs=1e-6
    )


CONFIDENCE = np.array([0.9, 0.8, 0.6, 0.3])
RIGHT = np.array([True, True, False, False])
UNKNOWN = np.array([0.7, 0.2])


def test_curve() -> None:
    points = calibration.curve(CONFIDENCE, RIGHT, UNKNOWN)
    assert points[0] == Point(0.0, 1.0, 0.5, 1.0)
    assert points[50] == Point(0.5, 0.75, pytest.approx(2 / 3), 0.5)
    assert points[75] == Point(0.75, 0.5, 1.0, 0.0)
    assert points[100] == Point(1.0, 0.0, 1.0, 0.0)


def known_and_unknown(seed: int, videos: int = 900, unknown: int = 30) -> tuple[np.ndarray, ...]:
    """Confidences that are probabilities of being right, and lower ones of unknown actions."""
    rng = np.random.default_rng(seed)
    known = rng.beta(4, 2, size=videos)
    confidence = np.append(known, rng.beta(3, 4, size=unknown))
    right = np.append(rng.random(videos) < known, np.zeros(unknown, bool))
    return confidence, right, np.arange(videos + unknown) < videos


def test_without_unknown_videos_the_threshold_is_where_right_and_wrong_are_as_likely() -> None:
    confidence, right, is_known = known_and_unknown(0, videos=4000, unknown=0)
    groups = [str(i % 400) for i in range(4000)]
    found = calibration.choose(confidence, right, is_known, groups)
    assert found == pytest.approx(0.5, abs=0.06)


def test_the_more_sure_unknown_videos_are_the_higher_the_threshold() -> None:
    confidence, right, is_known = known_and_unknown(0)
    groups = [str(i % 93) for i in range(930)]
    low = calibration.choose(confidence, right, is_known, groups)
    higher = np.where(is_known, confidence, 0.3 + 0.7 * confidence)
    assert 0.5 < low < calibration.choose(higher, right, is_known, groups) < 1


def test_the_threshold_depends_little_on_which_few_unknown_videos_there_are() -> None:
    samples = [known_and_unknown(seed) for seed in range(12)]
    groups = [str(i % 93) for i in range(930)]
    chosen = [calibration.choose(*sample, groups) for sample in samples]
    best_of_one = []
    for confidence, right, is_known in samples:
        points = calibration.curve(confidence[is_known], right[is_known], confidence[~is_known])
        utility = [p.coverage * (2 * p.accuracy - 1) - p.accepted_unknown for p in points]
        best_of_one.append(points[int(np.argmax(utility))].threshold)
    assert np.std(chosen) < 0.8 * np.std(best_of_one)
    assert np.mean(chosen) == pytest.approx(np.mean(best_of_one), abs=0.05)


def test_each_fold_is_calibrated_without_its_own_videos() -> None:
    clips, truth = synthetic(2.0, 1.0, -0.5, 800)
    folds = np.arange(len(clips)) % 4
    groups = [str(i) for i in range(len(clips))]
    found = calibration.by_fold(clips, truth, groups, folds)
    assert sorted(found) == [0, 1, 2, 3]
    # What fold 0 says of itself changes the calibration of the others, and not its own.
    lies = np.where(folds == 0, (truth + 1) % 3, truth)
    changed = calibration.by_fold(clips, lies, groups, folds)
    assert changed[0] == found[0]
    assert changed[1] != found[1]


def test_calibration_keeps_the_order_of_clips() -> None:
    clips, truth = synthetic(3.0, 1.0, -1.0, 800)
    fitted = calibration.calibrate(clips[:400], truth[:400], [str(i) for i in range(400)])
    best = np.array([clip.max() for clip in clips])
    confidence = fitted.probabilities(clips).max(axis=1)
    assert auroc(confidence[:500], confidence[500:]) == pytest.approx(
        auroc(best[:500], best[500:]), abs=1e-6
    )
