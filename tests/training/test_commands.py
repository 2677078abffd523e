"""Training and evaluation end to end, on a miniature of the real data."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import config
from har import cli
from har.media.probe import probe
from har.models import checkpoint
from har.models.checkpoint import Checkpoint
from har.recognition.recognizer import Recognizer
from har.training import card, crossval
from har.training.dataset import Dataset
from har.training.loop import Recipe, score
from tests.training.conftest import LEARNT, Mini

EPOCHS = "6"

Scores = NDArray[np.float32]


@pytest.fixture(scope="session")
def trained(mini: Mini, mini_data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint that the command makes of the miniature."""
    out = tmp_path_factory.mktemp("trained") / "model.safetensors"
    assert har(mini, "train", *mini.options, "--out", str(out), "--epochs", EPOCHS) == 0
    return out


def har(mini: Mini, *arguments: str) -> int:
    """Run a command with the cache and settings of the miniature."""
    patch = pytest.MonkeyPatch()
    with patch.context() as environment:
        environment.setenv("HAR_DATA_DIR", str(mini.settings.data_dir))
        environment.setenv("HAR_CLIP_MODEL", "off")
        return cli.main(arguments)


def test_train_writes_a_checkpoint_with_its_numbers(trained: Path) -> None:
    model = checkpoint.load(trained)
    assert model.labels == LEARNT
    assert model.data["videos"] == 14
    assert model.data["others"] == {"StandStill": 2}
    assert model.data["folds"] == 2
    assert model.metrics["metrics"]["videos"] == 12
    assert 0 < model.metrics["metrics"]["top1"] <= 1
    assert model.metrics["unknown"] == 2
    assert model.metrics["point"]["threshold"] == model.threshold
    assert len(model.metrics["curve"]) == 101
    assert sorted(p.name for p in trained.parent.iterdir()) == [
        "model-card.md",
        "model.safetensors",
    ]


def test_the_card_tells_its_numbers_and_limits(trained: Path) -> None:
    model = checkpoint.load(trained)
    text = (trained.parent / "model-card.md").read_text()
    assert "PushUps, Walk, Yoga" in text
    assert f"| right at first (top-1) | {model.metrics['metrics']['top1']:.1%} |" in text
    assert "must not be used for" in text
    assert "urveillance" in text
    assert "| pushups | 4 |" in text
    assert "StandStill" in text
    assert str(trained.parent) not in text
    assert text == card.card(model)


def test_same_seed_same_file(mini: Mini, trained: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.safetensors"
    assert har(mini, "train", *mini.options, "--out", str(again), "--epochs", EPOCHS) == 0
    assert again.read_bytes() == trained.read_bytes()


@pytest.fixture(scope="session")
def recognizer(mini: Mini, trained: Path) -> Recognizer:
    return Recognizer.load(mini.settings, trained)


@pytest.fixture(scope="session")
def served(recognizer: Recognizer, mini_data: Dataset, mini: Mini) -> dict[int, Scores]:
    """What requests get for the videos of fold 1, by their index: probabilities [clips, labels]."""
    return {
        i: recognizer.clip_scores(probe(mini.root / row.file, mini.settings))
        for i, row in enumerate(mini_data.rows)
        if row.fold == 1
    }


def test_training_and_serving_give_the_same_probabilities(
    recognizer: Recognizer, mini_data: Dataset, served: dict[int, Scores]
) -> None:
    """Vectors from the cache and the loop's scoring, against what a request gets."""
    model = recognizer.checkpoint
    for i, scores in served.items():
        logits = score(model.network(), mini_data.videos[i][0], Recipe())
        offline = model.probabilities(logits).numpy()
        assert offline.shape == scores.shape
        assert np.abs(offline - scores).max() < 0.01
    assert sum(len(scores) for scores in served.values()) > len(served)


def test_evaluate_scores_as_requests_are(
    mini: Mini,
    trained: Path,
    mini_data: Dataset,
    served: dict[int, Scores],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "numbers.json"
    options = [*mini.options, "--checkpoint", str(trained), "--json", str(out), "--fold", "1"]
    assert har(mini, "evaluate", *options) == 0
    found = json.loads(out.read_text())
    right = [
        mini_data.labels[scores.mean(axis=0).argmax()] == mini_data.rows[i].label
        for i, scores in served.items()
    ]
    assert found["metrics"]["videos"] == len(served) == 6
    assert found["metrics"]["top1"] == pytest.approx(np.mean(right))
    assert set(found["metrics"]["per_class"]) == set(LEARNT)
    assert found["not_scored"] == {}
    printed = capsys.readouterr().out
    assert "6 clips scored" in printed
    assert f"top-1 {np.mean(right):.1%}" in printed


def test_labels_that_the_model_does_not_know_are_listed(
    mini: Mini, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with mini.manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))
    still = [row for row in rows if row["label"] == "StandStill"]
    few = tmp_path / "few.csv"
    with few.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows([*still, rows[-1]])
    options = ["--manifest", str(few), "--root", str(mini.root), "--checkpoint", str(trained)]
    assert har(mini, "evaluate", *options) == 0
    printed = capsys.readouterr().out
    assert "1 clips scored" in printed
    assert "does not know StandStill" in printed
    assert all(row["file"] in printed for row in still)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--epochs", "0"], "--epochs must be 1 or more"),
        (["--root", "nowhere"], "not below the root"),
        (["--manifest", "none.csv"], "none.csv cannot be read"),
    ],
)
def test_bad_options_of_train(
    mini: Mini, capsys: pytest.CaptureFixture[str], options: list[str], says: str
) -> None:
    assert har(mini, "train", *mini.options, *options) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--fold", "7"], "no videos of fold 7"),
        (["--checkpoint", "none.safetensors"], "none.safetensors is not there"),
    ],
)
def test_bad_options_of_evaluate(
    mini: Mini, capsys: pytest.CaptureFixture[str], options: list[str], says: str
) -> None:
    assert har(mini, "evaluate", *mini.options, *options) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("keep", "says"),
    [
        ({"PushUps"}, "two labels"),
        ({"1"}, "two folds"),
    ],
)
def test_too_little_to_hold_back(
    mini: Mini, tmp_path: Path, capsys: pytest.CaptureFixture[str], keep: set[str], says: str
) -> None:
    with mini.manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))
    path = tmp_path / "small.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(row for row in rows if keep & {row["label"], row["fold"]})
    assert har(mini, "train", "--manifest", str(path), "--root", str(mini.root)) == 2
    assert says in capsys.readouterr().err


@pytest.fixture
def training(mini: Mini, mini_data: Dataset, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A training of many epochs in a process of its own, with a cache of its own."""
    environment = os.environ | {"HAR_DATA_DIR": str(tmp_path / "var"), "HAR_CLIP_MODEL": "off"}
    arguments = ["train", *mini.options, "--out", str(tmp_path / "out" / "m.safetensors")]
    process = subprocess.Popen(
        [sys.executable, "-m", "har", *arguments, "--epochs", "100000"],
        cwd=config.ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        process.kill()


@pytest.mark.parametrize("vectors", [1, 14])
def test_ctrl_c_stops_cleanly(
    training: subprocess.Popen[str], tmp_path: Path, vectors: int
) -> None:
    """While vectors are computed, and after the last of them."""
    cache = tmp_path / "var" / "cache" / "features"
    deadline = time.monotonic() + 120
    while len(list(cache.glob("*.npy"))) < vectors:
        assert training.poll() is None, training.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    training.send_signal(signal.SIGINT)
    _, error = training.communicate(timeout=60)
    assert training.returncode == 130
    assert error == "har: stopped\n"
    assert not (tmp_path / "out").exists()
    assert list(cache.glob("*.part")) == []


def test_judging_synthetic_scores(mini_data: Dataset) -> None:
    """Scores that name every video right and are low for the unknown: nothing is left to wish."""
    logits = [(8 * target - 4).expand(2, -1) for target in mini_data.targets]
    found = crossval.judge(mini_data, logits)
    assert found.metrics.top1 == found.metrics.balanced == 1
    assert found.metrics.ece < 0.05
    assert (found.auroc, found.unknown) == (1.0, 2)
    assert (found.point.coverage, found.point.accuracy, found.point.accepted_unknown) == (1, 1, 0)
    swapped = [video.roll(1, dims=1) for video in logits]
    assert crossval.judge(mini_data, swapped).metrics.top1 == 0


def test_the_model_that_is_shipped() -> None:
    path = config.ROOT / "logs" / "best_model.safetensors"
    model: Checkpoint = checkpoint.load(path)
    assert model.labels == (
        "BodyWeightSquats", "Fight", "JumpingJack", "NoFight", "PushUps", "SitDown", "StandUp",
        "TurnAround", "Walk", "Yoga",
    )  # fmt: skip
    assert path.stat().st_size < 20e6
    assert model.metrics["metrics"]["top1"] > 0.74
    assert model.metrics["metrics"]["balanced"] > 0.6
    assert path.with_name("model-card.md").read_text() == card.card(model)
