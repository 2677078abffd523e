"""The command ``train``: what it writes, what it refuses, and how it is stopped and taken up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import config
from har.media.probe import probe
from har.models import checkpoint
from har.recognition.clips import windows
from har.recognition.recognizer import Recognizer
from har.training import card, manifest
from har.training.features import Extractor
from har.training.runs import Run
from tests.training.conftest import LEARNT, Mini, har

PARTS = ("fold-1", "fold-3", "final")
CONFIG = """\
# Small enough to be trained in a test
backbone = "tf_efficientnet_lite0"
size = 64
frames = 8
stride = 4
augment = ""
sizes = { width = 16, hidden = 8 }
epochs = 25
batch = 4
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "small.toml"
    path.write_text(CONFIG)
    return path


def environment(mini: Mini) -> dict[str, str]:
    return {"HAR_DATA_DIR": str(mini.settings.data_dir), "HAR_CLIP_MODEL": "off"}


def started(mini: Mini, *arguments: str) -> subprocess.Popen[str]:
    """The command in a process of its own, on its way."""
    return subprocess.Popen(
        [sys.executable, "-m", "har", *arguments],
        cwd=config.ROOT,
        env=os.environ | environment(mini),
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not happened():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def options(mini: Mini, recipe: Path, folder: Path, out: Path) -> list[str]:
    return [
        *("train", "--config", str(recipe), *mini.options),
        *("--run", str(folder), "--out", str(out)),
    ]


@pytest.fixture(scope="module")
def whole(mini: Mini, recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run ``run`` and the checkpoint that it wrote."""
    folder = tmp_path_factory.mktemp("whole")
    assert har(mini, *options(mini, recipe, folder / "run", folder / "model.safetensors")) == 0
    return folder


def test_it_writes_a_checkpoint_its_card_and_a_run(whole: Path) -> None:
    model = checkpoint.load(whole / "model.safetensors")
    assert model.labels == LEARNT
    assert model.data["videos"] == 14
    assert model.data["others"] == {"StandStill": 2}
    assert model.sizes["width"] == 16
    assert model.metrics
    assert (whole / "model-card.md").read_text() == card.card(model)
    assert str(whole) not in card.card(model)
    assert sorted(p.name for p in (whole / "run").iterdir()) == [
        *("final.safetensors", "fold-1.safetensors", "fold-3.safetensors"),
        *("recipe.toml", "tensorboard", "videos.json"),
    ]
    final = whole / "run" / "final.safetensors"
    assert final.read_bytes() == (whole / "model.safetensors").read_bytes()
    assert checkpoint.load(whole / "run" / "fold-1.safetensors").data["videos"] < 14


def test_training_and_serving_give_the_same_probabilities(whole: Path, mini: Mini) -> None:
    """The vectors that are trained on and the head's scores of them, against what requests get."""
    served = Recognizer.load(mini.settings, whole / "model.safetensors")
    model = checkpoint.load(whole / "model.safetensors")
    extractor = Extractor(model.embedder(), model.fps, model.size, model.frames, mini.settings, 1)
    for row in manifest.known(manifest.read(mini.manifest, mini.root))[::3]:
        path = mini.root / row.file
        vectors = torch.from_numpy(extractor.of(path)[0]).float()
        starts = windows(len(vectors), model.frames, model.stride)
        clips = torch.stack([vectors[first : first + model.frames] for first in starts])
        with torch.inference_mode():
            expected = model.probabilities(model.network()(clips)[0]).numpy()
        found = served.clip_scores(probe(path, mini.settings))
        assert len(found) > 1
        assert found == pytest.approx(expected, abs=0.01)


@pytest.mark.slow
def test_a_run_that_was_stopped_and_killed_ends_with_the_same_bytes(
    mini: Mini, recipe: Path, whole: Path, tmp_path: Path
) -> None:
    """Ctrl-C in the first part, SIGKILL in the second; each time it goes on where it was."""
    run = Run(tmp_path / "run")
    out = tmp_path / "model.safetensors"
    stopped = started(mini, *options(mini, recipe, run.folder, out))
    wait_until(lambda: run.state("fold-1") is not None, stopped)
    stopped.send_signal(signal.SIGINT)
    _, error = stopped.communicate(timeout=60)
    assert stopped.returncode == 130
    assert error == f"har: stopped; go on with: har train --resume {run.folder}\n"
    assert not run.checkpoint("fold-1").exists()

    killed = started(mini, "train", "--resume", str(run.folder))
    wait_until(lambda: run.state("fold-3") is not None, killed)
    killed.kill()
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert run.checkpoint("fold-1").exists()
    assert not run.checkpoint("fold-3").exists()
    assert not out.exists()

    assert har(mini, "train", "--resume", str(run.folder)) == 0
    assert out.read_bytes() == (whole / "model.safetensors").read_bytes()
    for part in PARTS:
        expected = Run(whole / "run").checkpoint(part).read_bytes()
        assert run.checkpoint(part).read_bytes() == expected


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["--epochs", "9"], "begun with other settings: epochs (25, now 9). Leave them out"),
        (["--run", "other"], "--resume names the folder of the run"),
    ],
)
def test_a_run_is_not_taken_up_as_another(
    mini: Mini, whole: Path, capsys: pytest.CaptureFixture[str], asked: list[str], says: str
) -> None:
    assert har(mini, "train", "--resume", str(whole / "run"), *asked) == 2
    assert says in capsys.readouterr().err


def test_a_run_is_not_begun_over_another(
    mini: Mini, recipe: Path, whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert har(mini, *options(mini, recipe, whole / "run", whole / "model.safetensors")) == 2
    assert "run holds a run already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["--epochs", "0"], "epochs must be 1 or more, not 0."),
        (["--root", "nowhere"], "The root is not a folder."),
        (["--root", ""], "Name the folder that the videos are below, with --root."),
        (["--manifest", "none.csv"], "none.csv cannot be read"),
        (["--config", "none.toml"], "There is no file none.toml"),
        (["--unknown", "nowhere"], "nowhere is not a folder of videos."),
        (["--resume", "none"], "none holds no run that could be resumed."),
        (["--backbone", "no_such_net"], "no_such_net"),
        (["--augment", "blur:1@after"], "The augmentation 'blur:1@after' cannot be understood."),
        (["--sizes", "depth=3"], "sizes make no bilstm: bilstm has no size 'depth'"),
        (["--sizes", "width=2.5"], "sizes make no bilstm"),
        (["--head", "transformer", "--sizes", "heads=3"], "no multiple of twice the heads, 3"),
    ],
)
def test_bad_options(
    mini: Mini,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    asked: list[str],
    says: str,
) -> None:
    folder = ["--run", str(tmp_path / "run")] if "--resume" not in asked else []
    assert har(mini, "train", *mini.options, *folder, *asked) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("a.mp4,Walk,0\nb.mp4,Walk,1\n", "two labels"),
        ("a.mp4,Walk,0\nb.mp4,Sit,0\n", "two folds"),
    ],
)
def test_too_little_to_learn_from(
    mini: Mini, tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: str, says: str
) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "few.csv").write_text(f"file,label,fold\n{rows}")
    where = ["--manifest", str(tmp_path / "few.csv"), "--root", str(tmp_path)]
    assert har(mini, "train", *where, "--run", str(tmp_path / "run")) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
