from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import config
from har import doctor
from har.media import ffmpeg
from har.models.frame_backbone import PACKAGED
from har.models.zero_shot import weights
from tests.models import made
from tests.models.clip_networks.saved import save_residual
from tests.models.zero_shot.hub import serve
from tests.models.zero_shot.tiny_clip import save_tiny_clip

Examine = Callable[[config.Settings], tuple[int, dict[str, str]]]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("checkpoint"), PACKAGED, features=1280)


def save_checkpoint(folder: Path, backbone: str, features: int) -> Path:
    """An untrained head for three actions."""
    checkpoint = made.alone(backbone, features, ("PushUps", "SitDown", "Walk"))
    checkpoint.save(folder / "small.safetensors")
    return folder / "small.safetensors"


@pytest.fixture
def healthy(settings: config.Settings, checkpoint: Path) -> config.Settings:
    return replace(settings, checkpoint=checkpoint)


@pytest.fixture
def examine(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Examine:
    """The exit code, and what is said by the name of each check with its level in front."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")  # to be as before when the test is over

    def run(settings: config.Settings) -> tuple[int, dict[str, str]]:
        threads = torch.get_num_threads()
        code = doctor.main(settings)
        torch.set_num_threads(threads)
        return code, parsed(capsys.readouterr().out)

    return run


def parsed(output: str) -> dict[str, str]:
    said: dict[str, str] = {}
    name = ""
    for line in output.splitlines():
        if line.startswith(" "):
            said[name] += line.strip()
            continue
        level, name = line[:6].strip(), line[6:21].strip()
        said[name] = f"{level} {line[21:]}"
    return said


def test_a_machine_on_which_all_is_well(examine: Examine, healthy: config.Settings) -> None:
    code, said = examine(healthy)
    assert code == 0
    assert list(said) == [
        "Python", "ffmpeg", "Confinement", "torch", "Trained model", "Backbone", "Sentence model",
        "CLIP", "yt-dlp", "Data folder",
    ]  # fmt: skip
    assert not [line for line in said.values() if line.startswith("fail")]
    assert "libass and x264" in said["ffmpeg"]
    assert torch.__version__ in said["torch"]
    assert "3 labels" in said["Trained model"]
    assert PACKAGED in said["Backbone"]
    assert said["CLIP"] == "ok switched off; the semantic model is used"


def test_no_checkpoint_is_a_failure_and_the_rest_is_still_said(
    examine: Examine, healthy: config.Settings, tmp_path: Path
) -> None:
    code, said = examine(replace(healthy, checkpoint=tmp_path / "none.safetensors"))
    assert code == 1
    assert said["Trained model"].startswith("fail")
    assert "har train" in said["Trained model"]
    assert len(said) == 10


def test_a_model_without_its_weights_is_a_failure_with_the_command(
    examine: Examine,
    healthy: config.Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    code, said = examine(replace(healthy, model="mc3_18"))
    assert code == 1
    assert said["Trained model"].startswith("fail")
    assert "har models --fetch mc3_18" in said["Trained model"]
    save_residual("mc3_18")
    code, said = examine(replace(healthy, model="mc3_18"))
    assert code == 0
    assert said["Trained model"] == "ok mc3_18 (KINETICS400_V1), 400 labels"


def test_a_model_that_is_joined_to_kinetics_classifier(
    examine: Examine, healthy: config.Settings, tmp_path: Path
) -> None:
    joint = made.joint()
    joint.save(tmp_path / "joint.safetensors")
    code, said = examine(replace(healthy, checkpoint=tmp_path / "joint.safetensors"))
    assert code == 0
    assert said["Trained model"] == f"ok joint.safetensors: bilstm, {len(joint.labels)} labels"
    assert said["Backbone"] == f"ok i3d, {joint.features} features"


def test_i3d_by_its_name_is_there(examine: Examine, healthy: config.Settings) -> None:
    code, said = examine(replace(healthy, model="i3d"))
    assert code == 0
    assert said["Trained model"] == "ok i3d (Kinetics-400), 400 labels"


def test_a_damaged_checkpoint_is_a_failure(
    examine: Examine, healthy: config.Settings, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(healthy.checkpoint.read_bytes()[:5000])
    code, said = examine(replace(healthy, checkpoint=damaged))
    assert code == 1
    assert "damaged.safetensors" in said["Trained model"]


def test_an_ffmpeg_that_is_not_there(examine: Examine, healthy: config.Settings) -> None:
    code, said = examine(replace(healthy, ffmpeg="/nowhere/ffmpeg"))
    assert code == 1
    assert "HAR_FFMPEG" in said["ffmpeg"]


@pytest.mark.parametrize(("part", "word"), [("libx264", "x264"), (" ass ", "libass")])
def test_an_ffmpeg_without_what_annotation_needs(
    examine: Examine, healthy: config.Settings, tmp_path: Path, part: str, word: str
) -> None:
    """The real one, with a part of what it says it has left out."""
    poor = tmp_path / "ffmpeg"
    real = shlex.quote(ffmpeg.executable(config.Settings()))
    poor.write_text(f'#!/bin/sh\n{real} "$@" | grep -v -e {shlex.quote(part)}\n')
    poor.chmod(0o755)
    code, said = examine(replace(healthy, ffmpeg=str(poor)))
    assert code == 1
    assert f"has no {word}" in said["ffmpeg"]


def test_a_machine_without_bubblewrap(
    examine: Examine, healthy: config.Settings, without_bubblewrap: None
) -> None:
    code, said = examine(healthy)
    assert code == 0
    assert said["Confinement"].startswith("warn")
    assert "Install the package bubblewrap" in said["Confinement"]


def test_an_ffmpeg_that_cannot_be_shut_up(
    examine: Examine, healthy: config.Settings, tmp_path: Path
) -> None:
    real = ffmpeg.executable(config.Settings())
    interpreter = tmp_path / "sh"
    interpreter.symlink_to("/bin/sh")
    wrapper = tmp_path / "bin" / "ffmpeg"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!{interpreter}\nexec {shlex.quote(real)} "$@"\n')
    wrapper.chmod(0o755)
    code, said = examine(replace(healthy, ffmpeg=str(wrapper)))
    assert code == 0
    assert "bubblewrap cannot run" in said["Confinement"]
    assert "libass and x264" in said["ffmpeg"]


def test_a_program_that_is_no_ffmpeg(examine: Examine, healthy: config.Settings) -> None:
    code, said = examine(replace(healthy, ffmpeg="false"))
    assert code == 1
    assert said["ffmpeg"].startswith("fail")


def test_clip_that_the_hub_did_not_give(examine: Examine, healthy: config.Settings) -> None:
    settings = replace(healthy, clip_model="someone/tiny-clip")
    assert "has not been asked" in examine(settings)[1]["CLIP"]
    weights.remember(settings, "the model hub cannot be reached", "ConnectError('no route')")
    code, said = examine(settings)
    assert code == 0, "the semantic model stands in"
    assert said["CLIP"].startswith("warn")
    assert (
        "the semantic model stands in for someone/tiny-clip: the model hub cannot be reached"
        in said["CLIP"]
    )
    assert "ConnectError" in said["CLIP"]
    assert "tried on 20" in said["CLIP"]
    assert "hf download someone/tiny-clip --revision main" in said["CLIP"]


def test_clip_from_a_folder(examine: Examine, healthy: config.Settings, tmp_path: Path) -> None:
    folder = save_tiny_clip(tmp_path / "clip")
    settings = replace(healthy, clip_model=str(folder))
    assert examine(settings)[1]["CLIP"] == f"ok {folder} is used"


def test_clip_that_cannot_be_loaded(
    examine: Examine, healthy: config.Settings, tmp_path: Path
) -> None:
    folder = save_tiny_clip(tmp_path / "clip")
    (folder / "model.safetensors").write_bytes(b"not safetensors")
    code, said = examine(replace(healthy, clip_model=str(folder)))
    assert code == 0
    assert said["CLIP"].startswith("warn")
    assert "cannot be loaded" in said["CLIP"]


def test_an_old_yt_dlp(
    examine: Examine,
    healthy: config.Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed = tmp_path / "site" / "yt_dlp-2026.6.30.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: yt-dlp\nVersion: 2026.6.30\n")
    monkeypatch.syspath_prepend(str(installed.parent))
    code, said = examine(healthy)
    assert code == 0
    assert said["yt-dlp"].startswith("warn 2026.6.30 is older")


def test_a_data_folder_that_cannot_be_written(
    examine: Examine, healthy: config.Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    code, said = examine(replace(healthy, data_dir=tmp_path / "file" / "var"))
    assert code == 1
    assert "HAR_DATA_DIR" in said["Data folder"]


def test_a_disk_too_small_for_the_uploads_that_are_allowed(
    examine: Examine, healthy: config.Settings
) -> None:
    code, said = examine(replace(healthy, max_upload_mb=10**10))
    assert code == 0
    assert said["Data folder"].startswith("warn")
    assert "HAR_MAX_UPLOAD_MB" in said["Data folder"]


@pytest.mark.slow
def test_it_asks_no_network(healthy: config.Settings, tmp_path: Path) -> None:
    """As a program of its own, with CLIP and a backbone whose weights only the hub has."""
    with serve() as hub:
        run = subprocess.run(
            [sys.executable, "-c", _DOCTOR],
            cwd=config.ROOT,
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith(("HAR_", "HF_"))},
                "HAR_DATA_DIR": str(healthy.data_dir),
                "HAR_CHECKPOINT": str(save_checkpoint(tmp_path, "resnet18", features=512)),
                "HAR_CLIP_MODEL": "someone/tiny-clip",
                "HF_HOME": str(tmp_path / "hf"),
                "HF_ENDPOINT": hub.url,
            },
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert hub.asked == []
    assert run.returncode == 1
    said = parsed(run.stdout)
    assert said["Backbone"].startswith("fail")
    assert "resnet18" in said["Backbone"]
    assert said["CLIP"].startswith("warn")
    assert "Traceback" not in run.stdout + run.stderr


_DOCTOR = "import sys, config; from har.doctor import main; sys.exit(main(config.load()))"
