"""The command ``train``: what it writes, what it refuses, and how it is stopped and taken up."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

import config
from har.media.probe import probe
from har.models import checkpoint
from har.models.checkpoint import Checkpoint, place
from har.models.joint import START, Joint, labels_with, similarity
from har.models.motion_backbone import MotionBackbone
from har.recognition.clips import windows
from har.recognition.recognizer import Recognizer
from har.training import card, manifest
from har.training.features import Extractor
from har.training.manifest import Row
from har.training.runs import Run
from tests.training import small
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
    extractor = Extractor(model.embedder(), model.fps, model.size, model.frames, mini.settings)
    for row in manifest.known(manifest.read(mini.manifest, mini.root))[::3]:
        path = mini.root / row.file
        vectors = torch.from_numpy(extractor.of(path, row.label).vectors[0]).float()
        starts = windows(len(vectors), model.frames, model.stride)
        clips = torch.stack([vectors[first : first + model.frames] for first in starts])
        with torch.inference_mode():
            expected = model.probabilities(model.network()(clips)[0]).numpy()
        found = served.clip_scores(probe(path, mini.settings))
        assert len(found) > 1
        assert found == pytest.approx(expected, abs=0.01)


def listed(path: Path, rows: Sequence[Row], *columns: str) -> str:
    """A manifest of the rows, with these columns beside file and label."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ("file", "label", *columns), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(asdict(row) | {"accept": "|".join(row.accept)} for row in rows)
    return str(path)


FOUND = (
    Row("bars0.mp4", "SitDown", "web", "x", None, ("Walk",)),
    Row("bars1.mp4", "PlayingGuitar", "web", "y", None, ("Strumming",)),
)
"""Videos as people find them."""


@pytest.fixture(scope="module")
def few(bars: Path, tmp_path_factory: pytest.TempPathFactory) -> Mini:
    """Two actions in two folds, in pictures that are seen in moments; and FOUND."""
    folder = tmp_path_factory.mktemp("few")
    for row in FOUND:
        (folder / f"found-{row.file}").write_bytes((bars / row.file).read_bytes() + b"found")
    for row in small.ROWS:
        (folder / row.file).symlink_to(bars / row.file)
    columns = ("source", "group", "fold")
    listed(folder / "few.csv", small.ROWS, *columns)
    listed(folder / "part1.csv", small.ROWS[:2], *columns)
    listed(folder / "part2.csv", small.ROWS[2:], *columns)
    found = [replace(row, file=f"found-{row.file}") for row in FOUND]
    listed(folder / "found.csv", found, "source", "group", "accept")
    settings = config.Settings(data_dir=folder / "var", clip_model="off")
    return Mini(folder / "few.csv", folder, settings)


QUICK = ("--epochs", "1", "--batch", "2", "--size", "32", "--fps", "8", "--sizes", "width=16")


def trained(few: Mini, folder: Path, *asked: str) -> Checkpoint:
    """What a quick training wrote, with a manifest of its own where one is asked for."""
    out = folder / "model.safetensors"
    given = (*few.options, *QUICK, "--run", str(folder / "run"), "--out", str(out), *asked)
    assert har(few, "train", *given) == 0
    return checkpoint.load(out)


SMALL = ("--backbone", "tf_efficientnet_lite0", "--frames", "8", "--stride", "8", "--augment", "")


@pytest.fixture(scope="module")
def plain(few: Mini, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return trained(few, tmp_path_factory.mktemp("plain"), *SMALL)


def test_several_manifests_are_learnt_as_one(few: Mini, plain: Checkpoint, tmp_path: Path) -> None:
    lists = f"{few.root / 'part1.csv'}, {few.root / 'part2.csv'}"
    found = trained(few, tmp_path, *SMALL, "--manifest", lists)
    assert found.data["videos"] == 4
    assert found.metrics == plain.metrics
    assert all(torch.equal(found.state[name], plain.state[name]) for name in plain.state)


def test_further_videos_calibrate_and_are_not_learnt(
    few: Mini, plain: Checkpoint, tmp_path: Path
) -> None:
    asked = ("--calibration", str(few.root / "found.csv"))
    found = trained(few, tmp_path, *SMALL, *asked)
    assert all(torch.equal(found.state[name], plain.state[name]) for name in plain.state)
    assert found.data == plain.data
    assert found.labels == plain.labels == ("SitDown", "Walk")
    assert (found.temperature, found.bias) != (plain.temperature, plain.bias)
    # They are reported apart. Of one any label is right, of the other none that the model has.
    assert plain.metrics["found"] is None
    naming = found.metrics["found"]
    assert (naming["videos"], naming["top1"]) == (2, 0.5)
    assert {said["file"] for said in naming["said"]} == {"found-bars0.mp4", "found-bars1.mp4"}
    assert found.metrics["metrics"]["videos"] == plain.metrics["metrics"]["videos"] == 4
    assert found.metrics["unknown"] == 0


def test_a_video_to_calibrate_counts_whatever_its_source(few: Mini, tmp_path: Path) -> None:
    found = [replace(row, file=f"found-{row.file}", source="web") for row in FOUND]
    rows = [replace(row, source="web") for row in small.ROWS]
    learnt = listed(tmp_path / "learnt.csv", rows, "source", "group", "fold")
    others = listed(tmp_path / "others.csv", found, "source", "group", "accept")
    model = trained(few, tmp_path, *SMALL, "--manifest", learnt, "--calibration", others)
    assert model.metrics["found"]["videos"] == 2


def test_a_video_is_learnt_or_calibrates(
    few: Mini, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = (*SMALL, "--calibration", str(few.manifest), "--run", str(tmp_path / "run"))
    assert har(few, "train", *few.options, *QUICK, *asked) == 2
    assert "listed more than once" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_manifest_may_tell_all_names_that_are_right(few: Mini, tmp_path: Path) -> None:
    rows = [replace(row, accept=("Running",)) for row in small.ROWS]
    lists = listed(tmp_path / "all.csv", rows, "source", "group", "fold", "accept")
    found = trained(few, tmp_path, *SMALL, "--manifest", lists)
    assert found.metrics["metrics"]["videos"] == found.metrics["found"]["videos"] == 4


@pytest.fixture(scope="module")
def joined(few: Mini, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training with the actions of Kinetics, and of what it wrote."""
    folder = tmp_path_factory.mktemp("joined")
    asked = ("--actions", "--frames", "16", "--views", "2", "--augment", "reverse:0.5@before")
    trained(few, folder, *asked, "--calibration", str(few.root / "found.csv"))
    return folder


def test_kinetics_actions_are_known_beside_those_that_were_learnt(few: Mini, joined: Path) -> None:
    model = checkpoint.load(joined / "model.safetensors")
    assert model.learnt == ("SitDown", "Walk")
    assert model.labels == labels_with(model.learnt)
    assert model.gate
    assert model.gate != START
    assert model.exemplars.shape == (4, 16)
    assert model.exemplars.norm(dim=1).numpy() == pytest.approx(1, abs=0.01)
    assert model.backbone_state == {}
    assert model.fit == "whole"
    # Fitted on the folds' models, which have no gate of their own.
    held_back = checkpoint.load(joined / "run" / "fold-0.safetensors")
    assert held_back.gate == START
    assert held_back.exemplars.shape == (2, 16)
    assert model.metrics["metrics"]["videos"] == 4
    assert model.metrics["found"]["videos"] == 2
    assert (joined / "model-card.md").read_text() == card.card(model)


def test_evidence_in_training_is_that_of_requests(few: Mini, joined: Path) -> None:
    model = checkpoint.load(joined / "model.safetensors")
    assert model.gate
    motion, head = model.embedder(), model.network()
    assert isinstance(motion, MotionBackbone)
    extractor = Extractor(motion, model.fps, model.size, model.frames, few.settings)
    served = Recognizer.load(few.settings, joined / "model.safetensors")
    for row in small.ROWS[:2]:
        path = few.root / row.file
        vectors = torch.from_numpy(extractor.of(path, row.label).vectors[0]).float()
        with torch.inference_mode():
            near = similarity(place(head, vectors), model.exemplars)
            evidence = [head(vectors)[0], motion.classify(vectors), near[:, None]]
            logits = Joint(model.learnt, model.gate)(torch.cat(evidence, dim=1))
        video = probe(path, few.settings)
        found = served.clip_evidence(video)
        assert found == pytest.approx(torch.cat(evidence, dim=1).numpy(), abs=0.05)
        expected = model.probabilities(logits).numpy()
        assert served.clip_scores(video) == pytest.approx(expected, abs=0.02)


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
        (["--manifest", ", none.csv,"], "none.csv cannot be read"),
        (["--manifest", " , "], "Name the manifest"),
        (["--calibration", "none.csv"], "none.csv cannot be read"),
        (["--views", "0"], "views must be from 1 to 100, not 0."),
        (["--actions", "--finetune"], "--actions is for a head on i3d that is not fine-tuned."),
        (["--actions", "--model", "i3d"], "--actions is for a head on i3d"),
        (["--actions", "--backbone", "tf_efficientnet_lite0"], "--actions is for a head on i3d"),
        (["--actions", "--augment", "mirror:1@after"], "--actions needs cached vectors"),
        (["--actions", "--augment", "interpolate:1@before"], "--actions needs cached vectors"),
        (["--actions", "--sampling", "random"], "--actions needs cached vectors"),
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
