"""Judging predictions, against values worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from har.training import evaluate, predictions
from har.training.calibration import Calibration
from har.training.evaluate import Confusion
from har.training.manifest import Row
from har.training.predictions import Predictions
from har.training.scoring import HeldBack, Scores
from har.types import UNKNOWN


def row(file: str, label: str, fold: int | None = 0) -> Row:
    return Row(file, label, "here" if file < "c" else "there", f"group-{file}", fold)


PREDICTIONS = Predictions(
    rows=(
        row("a", "Sit"),
        row("b", "Sit"),
        row("c", "Walk"),
        row("d", "Walk"),
        row("e", "Walk"),
        row("x", "Plank", None),
        row("y", "Dance", None),
    ),
    labels=("Sit", "Walk"),
    probabilities=np.array(
        [[0.9, 0.1], [0.2, 0.6], [0.2, 0.8], [0.7, 0.3], [0.8, 0.1], [0.5, 0.4], [0.65, 0.1]]
    ),
    thresholds=np.array([0.6, 0.65, 0.6, 0.6, 0.6, 0.6, 0.6]),
    said=("Sit", UNKNOWN, "Walk", "Sit", "Sit", UNKNOWN, "Sit"),
)


def test_known_and_unknown_are_told_apart() -> None:
    found = evaluate.judge(PREDICTIONS)
    assert found.metrics.videos == 5
    assert found.metrics.top1 == pytest.approx(2 / 5)
    assert found.metrics.balanced == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert found.metrics.classes == ["Sit", "Walk"]
    assert found.metrics.confusion == [[1, 1, 0], [2, 1, 0]]
    assert found.metrics.per_source["there"].videos == 3
    assert found.unknown == 2
    assert found.unknown_files == {"Dance": ["y"], "Plank": ["x"]}
    # Of 5 x 2 pairs, 0.6 against 0.65 alone is the wrong way round.
    assert found.auroc == pytest.approx(9 / 10)
    assert found.groups == {"Sit": 2, "Walk": 3}


def test_each_video_is_held_against_its_own_threshold() -> None:
    point = evaluate.judge(PREDICTIONS).point
    assert point.coverage == pytest.approx(4 / 5)
    assert point.accuracy == pytest.approx(2 / 4)
    assert point.accepted_unknown == pytest.approx(1 / 2)
    assert point.threshold == pytest.approx(0.607, abs=0.001)


def test_errors_come_with_their_clips_the_surest_first() -> None:
    assert evaluate.judge(PREDICTIONS).errors == [
        Confusion("Walk", "Sit", 2, ["e", "d"], near=False),
        Confusion("Sit", "Walk", 1, ["b"], near=False),
    ]


def test_intervals_hold_the_number_itself() -> None:
    found = evaluate.judge(PREDICTIONS)
    numbers = evaluate.numbers(found)
    assert set(found.intervals) == {"top1", "balanced", "macro_f1", "class Sit", "class Walk"}
    assert all(i.low <= numbers[name] <= i.high for name, i in found.intervals.items())


def test_without_unknown_videos_there_is_no_auroc() -> None:
    known = replace(
        PREDICTIONS,
        rows=PREDICTIONS.rows[:5],
        probabilities=PREDICTIONS.probabilities[:5],
        thresholds=PREDICTIONS.thresholds[:5],
        said=PREDICTIONS.said[:5],
    )
    found = evaluate.judge(known)
    assert found.auroc is None
    assert "auroc" not in evaluate.numbers(found)


def test_runs_are_pooled() -> None:
    found = evaluate.judge(predictions.joined([PREDICTIONS, PREDICTIONS]))
    alone = evaluate.judge(PREDICTIONS)
    assert found.metrics.videos == 10
    assert found.errors[0] == Confusion("Walk", "Sit", 4, ["e", "d"], near=False)
    numbers, before = evaluate.numbers(found), evaluate.numbers(alone)
    # The area is a mean over twice as many points.
    assert numbers.pop("aurc") == pytest.approx(before.pop("aurc"), abs=0.03)
    assert numbers == pytest.approx(before)
    assert found.intervals == alone.intervals


def test_what_the_order_of_frames_is_worth() -> None:
    shuffled = replace(PREDICTIONS, probabilities=PREDICTIONS.probabilities[:, ::-1])
    found = evaluate.dropped(PREDICTIONS, shuffled)
    assert found["Sit"].right == (0.5, 0.5)
    assert found["Sit"].f1 == pytest.approx((0.4, 0.5))
    assert found["Walk"].right == pytest.approx((1 / 3, 2 / 3))
    assert found["Walk"].f1 == pytest.approx((0.4, 2 / 3))
    assert found["all"].right == pytest.approx((2 / 5, 3 / 5))


def test_each_fold_gets_its_calibration_and_threshold() -> None:
    held = HeldBack(
        run="run",
        rows=(row("a", "Sit", 0), row("b", "Walk", 1)),
        labels=("Sit", "Walk"),
        learnt=None,
        folds=np.array([0, 1]),
        scores=(
            Scores(np.array([[1.0, -1.0], [3.0, 0.0]]), np.array([0.5, 1.5])),
            Scores(np.array([[0.0, 2.0]]), np.array([1.0])),
        ),
        unusable=(),
    )
    found = evaluate.of_folds(held, {0: Calibration(2, 1, 0.5, 0.3), 1: Calibration(1, 1, -1, 0.4)})
    assert found.thresholds.tolist() == [0.3, 0.4]

    def sigmoid(logit: float) -> float:
        return float(1 / (1 + np.exp(-logit)))

    assert found.probabilities[0, 0] == pytest.approx((sigmoid(1.0) + sigmoid(2.0)) / 2)
    assert found.probabilities[1, 1] == pytest.approx(sigmoid(1.0))
    assert found.is_right.all()
    assert found.said == ("Sit", "Walk")
