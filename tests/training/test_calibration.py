"""Calibration on synthetic logits whose right answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from har.models.checkpoint import Checkpoint
from har.models.confidence import scaled
from har.training import calibration
from har.training.calibration import Calibration, Point, Scored
from har.training.metrics import auroc, calibration_error, is_right


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
    return list(logits[:, None]), shown(np.where(right, best, (best + 1) % 3))


def shown(truth: np.ndarray) -> np.ndarray:
    """The labels that are right [videos, 3], of the index of one for each video."""
    return np.eye(3, dtype=bool)[truth]


def scored(clips: list[np.ndarray], accepted: np.ndarray) -> Scored:
    """Each video a group of its own, and no background."""
    groups = [str(i) for i in range(len(clips))]
    background = np.zeros(accepted.shape[1], bool)
    return Scored(clips, accepted, background, groups, np.ones(len(clips)))


def fitted(clips: list[np.ndarray], accepted: np.ndarray) -> tuple[float, float, float]:
    """The fit of videos that count alike."""
    return calibration.fit(clips, accepted, np.ones(len(clips)))


@pytest.mark.parametrize("parameters", [(1.0, 1.0, 0.0), (3.0, 1.0, -0.7), (2.0, 0.4, 0.5)])
def test_known_probabilities_are_found(parameters: tuple[float, float, float]) -> None:
    clips, accepted = synthetic(*parameters)
    found = fitted(clips, accepted)
    logits = torch.linspace(-3, 8, 50)
    expected, actual = (scaled(logits, *each).sigmoid().numpy() for each in (parameters, found))
    assert actual == pytest.approx(expected, abs=0.04)
    probabilities = Calibration(*found, 0.5).probabilities(clips)
    right = is_right(probabilities, accepted)
    assert calibration_error(probabilities.max(axis=1), right) < 0.03


def test_videos_count_alike_however_many_their_clips() -> None:
    clips, accepted = synthetic(2.0, 1.0, 0.3)
    longer = [np.repeat(clip, 1 + i % 7, axis=0) for i, clip in enumerate(clips)]
    found = fitted(longer, accepted)
    assert found == pytest.approx(fitted(clips, accepted), 1e-3)


def test_a_video_is_as_sure_as_it_is_right_where_its_clips_differ() -> None:
    """Two of three clips say one label and the third another; in three of five videos the first
    is right."""
    rng = np.random.default_rng(7)
    orders = rng.permuted(np.tile(np.arange(3), (1500, 1)), axis=1)
    clips = [
        np.where(np.arange(3) == order[[0, 0, 1], None], rng.normal(1, 1, (3, 1)), -4.0)
        for order in orders
    ]
    chosen = Calibration(1, 1, 0, 0).probabilities(clips).argmax(axis=1)
    right = rng.random(len(clips)) < 0.6
    accepted = shown(np.where(right, chosen, (chosen + 1) % 3))
    probabilities = Calibration(*fitted(clips, accepted), 0).probabilities(clips)
    assert probabilities.max(axis=1).mean() == pytest.approx(right.mean(), abs=0.03)


def test_a_video_counts_as_much_as_its_weight_says() -> None:
    """Twice as much where it is there twice, and not at all at 0."""
    clips, accepted = synthetic(2.0, 1.0, 0.3, videos=300)
    of_two = np.arange(300) % 3 == 0
    found = calibration.fit(clips, accepted, np.where(of_two, 2.0, 1.0))
    doubled = [clip for clip, two in zip(clips, of_two, strict=True) for _ in range(1 + two)]
    assert found == pytest.approx(fitted(doubled, np.repeat(accepted, 1 + of_two, axis=0)), 1e-3)
    found = calibration.fit(clips, accepted, np.where(of_two, 0.0, 1.0))
    left = [clip for clip, two in zip(clips, of_two, strict=True) if not two]
    assert found == pytest.approx(fitted(left, accepted[~of_two]), 1e-3)


def test_an_unknown_video_counts_as_a_mistake() -> None:
    clips, accepted = synthetic(2.0, 1.0, 0.3)
    strangers = [np.full((2, 3), 4.0)] * 500
    with_strangers = np.concatenate([accepted, np.zeros((500, 3), bool)])
    found = fitted([*clips, *strangers], with_strangers)
    before, after = (
        Calibration(*parameters, 0.5).probabilities(strangers[:1]).max()
        for parameters in (fitted(clips, accepted), found)
    )
    assert after < before - 0.1


@pytest.mark.parametrize("right", [True, False])
def test_a_few_videos_that_are_all_right_or_all_wrong_give_no_certainty(right: bool) -> None:
    clips = [np.array([[4.0, -4.0]]), np.array([[3.0, -3.0]]), np.array([[5.0, -5.0]])]
    parameters = fitted(clips, np.array([[right, not right]] * 3))
    found = Calibration(*parameters, 0.5).probabilities(clips).max(axis=1)
    # Platt's targets: (n + 1) / (n + 2) and 1 / (n + 2).
    assert found == pytest.approx(0.8 if right else 0.2, abs=0.04)


def test_probabilities_are_those_that_are_served() -> None:
    logits = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32) * 20
    labels = tuple("abcd")
    model = Checkpoint(
        labels=labels, learnt=labels, backbone="", features=1, head="bilstm", sizes={}, frames=16,
        fps=8.0, stride=8, size=224, fit="squash", mean=(0, 0, 0), std=(1, 1, 1), temperature=1.7,
        skew=0.6, bias=-0.4, threshold=0.5, data={}, metrics={}, state={},
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


def answers(seed: int, videos: int = 900) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Confidences, whether the answer is right, which is as likely as the confidence says, and
    groups of ten videos."""
    rng = np.random.default_rng(seed)
    confidence = rng.beta(4, 2, size=videos)
    return confidence, rng.random(videos) < confidence, [str(i // 10) for i in range(videos)]


def precision(confidence: np.ndarray, right: np.ndarray, threshold: float) -> float:
    return float(right[confidence >= threshold].mean())


def test_the_threshold_is_the_lowest_with_the_stated_precision() -> None:
    confidence, right, groups = answers(0, videos=20_000)
    found = calibration.choose(confidence, right, groups)
    assert precision(confidence, right, found) == pytest.approx(calibration.PRECISION, abs=0.01)
    assert precision(confidence, right, found - 0.03) < calibration.PRECISION


def test_unknown_actions_that_are_named_raise_the_threshold() -> None:
    confidence, right, groups = answers(0)
    unknown = np.random.default_rng(1).beta(5, 3, size=200)
    found = calibration.choose(
        np.append(confidence, unknown), np.append(right, [False] * 200), [*groups, *["x"] * 200]
    )
    assert found > calibration.choose(confidence, right, groups) + 0.02


def test_the_precision_holds_on_videos_that_the_threshold_was_not_chosen_on() -> None:
    kept = []
    for seed in range(20):
        found = calibration.choose(*answers(seed, videos=300))
        confidence, right, _ = answers(seed + 100, videos=20_000)
        kept.append(precision(confidence, right, found) >= calibration.PRECISION - 0.005)
    # The lowest threshold that is good enough on its own videos is so about half of the times.
    assert sum(kept) >= 14


def test_where_all_is_right_all_is_named() -> None:
    confidence, _, groups = answers(0)
    assert calibration.choose(confidence, np.ones(900, bool), groups) == 0


def test_where_no_threshold_is_good_enough_it_is_the_one_with_the_best_precision() -> None:
    confidence = np.repeat([0.2, 0.5, 0.8], 100)
    right = np.concatenate([np.arange(100) % 10 < share for share in (2, 7, 5)])
    groups = [str(i) for i in range(300)]
    # From 0.5 on 60 % are right, from 0.8 on 50 %.
    assert calibration.choose(confidence, right, groups) == pytest.approx(0.5)


def test_where_nothing_is_right_nothing_is_named() -> None:
    confidence, _, groups = answers(0)
    assert calibration.choose(confidence, np.zeros(900, bool), groups) == 1
    assert calibration.choose(confidence[:0], np.zeros(0, bool), []) == 1


def test_background_is_never_named_and_so_never_wrong() -> None:
    clips, accepted = synthetic(1.0, 1.0, 0.0, 900)
    plain = scored(clips, accepted)
    quiet = replace(plain, background=np.array([False, False, True]))
    probabilities = Calibration(*fitted(clips, accepted), 0).probabilities(clips)
    named = np.flatnonzero(probabilities.argmax(axis=1) != 2)
    expected = calibration.choose(
        probabilities.max(axis=1)[named],
        is_right(probabilities, accepted)[named],
        [plain.groups[i] for i in named],
    )
    assert calibration.calibrate(quiet).threshold == expected
    assert calibration.calibrate(plain).threshold != expected


def test_each_fold_is_calibrated_without_its_own_videos() -> None:
    clips, accepted = synthetic(2.0, 1.0, -0.5, 800)
    folds = np.arange(len(clips)) % 4
    found = calibration.by_fold(scored(clips, accepted), folds)
    assert sorted(found) == [0, 1, 2, 3]
    # What fold 0 says of itself changes the calibration of the others, and not its own.
    lies = np.where((folds == 0)[:, None], np.roll(accepted, 1, axis=1), accepted)
    changed = calibration.by_fold(scored(clips, lies), folds)
    assert changed[0] == found[0]
    assert changed[1] != found[1]


def test_calibration_keeps_the_order_of_clips() -> None:
    clips, accepted = synthetic(3.0, 1.0, -1.0, 800)
    found = calibration.calibrate(scored(clips[:400], accepted[:400]))
    best = np.array([clip.max() for clip in clips])
    confidence = found.probabilities(clips).max(axis=1)
    assert auroc(confidence[:500], confidence[500:]) == pytest.approx(
        auroc(best[:500], best[500:]), abs=1e-6
    )
