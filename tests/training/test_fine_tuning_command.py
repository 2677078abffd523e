"""``har train --model``: stopped, taken up again, and used by the other commands."""

from __future__ import annotations

import csv
import json
import shutil
import signal
from pathlib import Path

import pytest

import config
from har.models import registry
from har.models.clip_checkpoint import ClipCheckpoint
from har.training import card
from har.training.runs import Run
from tests.training import small
from tests.training.conftest import Mini, har
from tests.training.test_train_command import started, wait_until


@pytest.fixture(scope="module")
def few(bars: Path, tmp_path_factory: pytest.TempPathFactory) -> Mini:
    folder = tmp_path_factory.mktemp("few")
    with (folder / "few.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "label", "source", "group", "fold"))
        writer.writerows((r.file, r.label, r.source, r.group, r.fold) for r in small.ROWS)
    settings = config.Settings(data_dir=folder / "var", clip_model="off")
    return Mini(folder / "few.csv", bars, settings)


def options(few: Mini, folders: Path, folder: Path) -> list[str]:
    return [
        *("train", "--model", str(folders / "videomae"), *few.options),
        *("--run", str(folder / "run"), "--out", str(folder / "mine.safetensors")),
        *("--batch", "2", "--epochs", "2", "--augment", "mirror:0.5@before, crop:0.5@after"),
    ]


@pytest.fixture(scope="module")
def whole(few: Mini, folders: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was not stopped, and of the checkpoint that it wrote."""
    folder = tmp_path_factory.mktemp("fine-tuned")
    assert har(few, *options(few, folders, folder)) == 0
    return folder


@pytest.mark.slow
def test_it_writes_a_calibrated_checkpoint_and_its_card(whole: Path, folders: Path) -> None:
    model = registry.read(whole / "mine.safetensors")
    assert isinstance(model, ClipCheckpoint)
    assert (model.network, model.labels) == ("videomae", ("SitDown", "Walk"))
    assert model.temperature != 1
    assert model.metrics["metrics"]["videos"] == 4
    told = (whole / "model-card.md").read_text()
    assert told == card.card(model)
    assert "trained from `videomae` on, sees 16 frames" in told
    assert str(folders) not in told
    assert sorted(path.name for path in (whole / "run").iterdir()) == [
        *("final.safetensors", "fold-0.safetensors", "fold-1.safetensors"),
        *("recipe.toml", "tensorboard", "videos.json"),
    ]


@pytest.mark.slow
def test_a_run_that_was_stopped_ends_with_the_same_bytes(
    few: Mini, folders: Path, whole: Path, tmp_path: Path
) -> None:
    run = Run(tmp_path / "run")
    stopped = started(few, *options(few, folders, tmp_path))
    wait_until(lambda: run.state("fold-0") is not None, stopped)
    stopped.send_signal(signal.SIGINT)
    _, error = stopped.communicate(timeout=60)
    assert stopped.returncode == 130
    assert error.splitlines()[-1] == f"har: stopped; go on with: har train --resume {run.folder}"
    assert not run.checkpoint("final").exists()
    assert har(few, "train", "--resume", str(run.folder)) == 0
    for part in ("fold-0", "fold-1", "final"):
        expected = Run(whole / "run").checkpoint(part).read_bytes()
        assert run.checkpoint(part).read_bytes() == expected


@pytest.mark.slow
def test_the_other_commands_take_the_file(
    few: Mini, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, video = str(whole / "mine.safetensors"), str(few.root / small.ROWS[0].file)
    asked = ["--no-annotate", "--threshold", "0", "--out", str(tmp_path)]
    assert har(few, "predict", video, "--model", file, *asked) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["models"]["trained"] == "videomae (mine.safetensors)"
    assert {segment["source"] for segment in result["segment_predictions"]} == {"videomae"}
    for option in ("--model", "--checkpoint"):
        numbers = tmp_path / "numbers.json"
        assert har(few, "evaluate", *few.options, option, file, "--json", str(numbers)) == 0
        assert "videomae (mine.safetensors)" in numbers.read_text()
    again = shutil.copy(whole / "run" / "fold-0.safetensors", tmp_path / "again.safetensors")
    folds = ["--folds", str(whole / "run"), "--checkpoint", str(again)]
    assert har(few, "calibrate", *few.options, *folds) == 0
    found, expected = registry.read(again), registry.read(whole / "mine.safetensors")
    assert (found.temperature, found.bias) == (expected.temperature, expected.bias)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HAR_CHECKPOINT", file)
        assert har(few, "models") == 0
        assert "mine.safetensors  a fine-tuned videomae" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (
            ["--model", "r3d_18", "--head", "lstm", "--from-scratch"],
            "A clip network has no head: leave it out.",
        ),
        (["--from-scratch"], "--from-scratch is for a network that is named with --model."),
        (["--model", "nobody"], "There is no model nobody"),
        (["--classes", "Walk,Fly"], "There is no class Fly. The classes are SitDown, Walk."),
    ],
)
def test_bad_options(
    few: Mini, tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: list[str], says: str
) -> None:
    assert har(few, "train", *few.options, "--run", str(tmp_path / "run"), *asked) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()
