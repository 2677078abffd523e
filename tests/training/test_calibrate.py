"""Calibration end to end, on a miniature of the real data, and the card that tells of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from har.errors import CheckpointError
from har.models import checkpoint
from har.models.checkpoint import Checkpoint
from har.training import calibrate, calibration, card
from har.training.calibration import Calibration
from har.training.scoring import HeldBack
from tests.training.conftest import Mini, har


@pytest.fixture(scope="module")
def plain(mini_run: Path) -> Checkpoint:
    """The model as if it had never been calibrated."""
    model = checkpoint.load(mini_run / "final.safetensors")
    return replace(model, temperature=1.0, bias=0.0, threshold=0.5, metrics={})


def of(held: HeldBack) -> Calibration:
    return calibration.calibrate(held.scored)


def test_the_fit_is_that_of_the_held_back_scores(plain: Checkpoint, mini_held: HeldBack) -> None:
    found = calibrate.calibrated(plain, [mini_held])
    fitted = of(mini_held)
    assert fitted == Calibration(found.temperature, found.skew, found.bias, found.threshold)
    assert found.state is plain.state
    assert found.metrics["metrics"]["videos"] == 12
    assert found.metrics["unknown"] == 2
    assert len(found.metrics["curve"]) == 101
    assert found.metrics["metrics"]["ece"] != found.metrics["in_sample_ece"]


def test_several_runs_are_pooled(plain: Checkpoint, mini_held: HeldBack) -> None:
    once, twice = (
        calibrate.calibrated(plain, runs) for runs in ([mini_held], [mini_held, mini_held])
    )
    assert twice.metrics["runs"] == 2
    assert twice.metrics["metrics"]["videos"] == 24
    assert twice.metrics["spread"]["top1"]["mean"] == once.metrics["metrics"]["top1"]
    clips = list(mini_held.scored.clips)
    assert (twice.temperature, twice.skew, twice.bias) == calibration.fit(
        clips * 2, np.tile(mini_held.accepted, (2, 1)), np.ones(2 * len(clips))
    )


def test_a_model_of_other_labels_is_refused(plain: Checkpoint, mini_held: HeldBack) -> None:
    names = ("Jump", "Run", "Swim")
    other = replace(plain, labels=names, learnt=names)
    with pytest.raises(CheckpointError, match="seed-0 has other labels"):
        calibrate.calibrated(other, [mini_held])


def test_the_command_writes_the_checkpoint_and_its_card(
    mini: Mini,
    mini_run: Path,
    plain: Checkpoint,
    samples: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, others = tmp_path / "mine.safetensors", tmp_path / "others"
    plain.save(path)
    others.mkdir()
    (others / "arms.mp4").symlink_to(samples / "real" / "arm_wrestling.mp4")
    options = ["--folds", str(mini_run), "--checkpoint", str(path), "--unknown", str(others)]
    assert har(mini, "calibrate", *mini.options, *options) == 0
    found = checkpoint.load(path)
    assert found.metrics["unknown"] == 3
    assert found.threshold != plain.threshold
    printed = capsys.readouterr().out
    assert f"threshold {found.threshold:.2f}" in printed
    assert f"{found.metrics['spread']['ece']['mean']:.3f} on folds" in printed
    assert (tmp_path / "model-card.md").read_text() == card.card(found)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "mine.safetensors",
        "model-card.md",
        "others",
    ]


def test_the_card_tells_numbers_and_limits(plain: Checkpoint, mini_held: HeldBack) -> None:
    model = calibrate.calibrated(plain, [mini_held])
    text = card.card(model)
    found = model.metrics["metrics"]
    assert "PushUps, Walk, Yoga" in text
    low, high = (model.metrics["intervals"]["top1"][end] for end in ("low", "high"))
    assert (f"| right at first (top-1) | {found['top1']:.1%} | {low:.1%} to {high:.1%} |") in text
    assert f"| macro-F1 | {found['macro_f1']:.3f} |" in text
    assert f"below {model.threshold:.2f}, the zero-shot model" in text
    assert f"calibration error is {model.metrics['in_sample_ece']:.3f}" in text
    assert "of what is named, at least 90% is to be right" in text
    assert "must not be used for" in text
    assert "| pushups | 4 |" in text
    assert "StandStill" in text
    assert mini_held.run not in text


def test_a_run_that_lacks_a_fold_is_named(
    mini: Mini, mini_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(mini_run, tmp_path / "cut-off")
    (tmp_path / "cut-off" / "fold-3.safetensors").unlink()
    model = tmp_path / "cut-off" / "final.safetensors"
    options = ["--folds", str(tmp_path / "cut-off"), "--checkpoint", str(model)]
    before = model.read_bytes()
    assert har(mini, "calibrate", *mini.options, *options) == 2
    assert "cut-off has no fold-3.safetensors" in capsys.readouterr().err
    assert model.read_bytes() == before
