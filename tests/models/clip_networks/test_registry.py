"""Models by name: found where their libraries leave them, else an error at once."""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
from pathlib import Path

import pytest
import torch
from torchvision.models import get_model_weights
from transformers import VideoMAEConfig, VideoMAEForVideoClassification, VivitConfig

from config import Settings
from har.errors import BadOption, CheckpointError, ModelMissing
from har.models import registry
from har.models.clip_networks import THRESHOLD
from har.models.labels import KINETICS400, VOCABULARY
from har.recognition.recognizer import Recognizer
from har.recognition.recognizers import Recognizers
from tests.models.clip_networks import saved


@pytest.mark.parametrize("name", saved.RESIDUAL)
def test_torchvisions_come_from_its_cache(here: Path, settings: Settings, name: str) -> None:
    model = registry.load(settings, name)
    assert (model.source, model.name) == (name, f"{name} (KINETICS400_V1)")
    categories = get_model_weights(name).DEFAULT.meta["categories"]
    assert model.labels == tuple(map(VOCABULARY.label, categories)) == KINETICS400
    assert (model.frames, model.fps, model.stride, model.threshold) == (16, 15, 8, THRESHOLD)


@pytest.mark.parametrize(
    ("name", "frames", "fps", "stride"), [("timesformer", 8, 0.9375, 4), ("videomae", 16, 7.5, 8)]
)
def test_transformers_come_from_a_folder(
    here: Path, settings: Settings, name: str, frames: int, fps: float, stride: int
) -> None:
    model = registry.load(settings, str(here / name))
    assert model.source == name
    assert model.name == f"{name} ({name})", "and not where it lies"
    assert model.labels == saved.KNOWN_AS
    assert (model.frames, model.fps, model.stride) == (frames, fps, stride)


@pytest.mark.parametrize("name", saved.ATTENTION)
def test_a_name_stands_for_a_checkpoint_of_the_hub(
    here: Path, settings: Settings, name: str
) -> None:
    hub_name = registry.ATTENTION[name]  # type: ignore[index]
    shutil.copytree(here / name, registry.folder_for(settings, hub_name))
    for asked in (name, hub_name):
        assert registry.load(settings, asked).name == f"{name} ({hub_name})"


def test_others_that_were_fetched_go_by_their_names(here: Path, settings: Settings) -> None:
    assert registry.others(settings) == []
    for name in ("b/gym", "a/videomae.v2", registry.ATTENTION["videomae"]):
        shutil.copytree(here / "videomae", registry.folder_for(settings, name))
    assert registry.others(settings) == ["a/videomae.v2", "b/gym"]
    model = registry.load(settings, "b/gym")
    assert registry.known_as(settings, "b/gym", model) == "b/gym"
    fetched = registry.ATTENTION["videomae"]
    assert registry.known_as(settings, fetched, registry.load(settings, fetched)) == "videomae"


def test_only_the_command_line_names_folders_and_files(
    here: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(here.parent)
    name = f"{here.name}/videomae"
    assert registry.is_hub_name(name)
    assert registry.load(settings, name).source == "videomae"
    assert registry.fetched(settings, name) is None
    file = f"{here.name}/mine.safetensors"
    shutil.copy(settings.checkpoint, here / "mine.safetensors")
    assert registry.load(settings, file).source == "bilstm"
    recognizers = Recognizers(Recognizer.load(settings), settings)
    for each in (name, file):
        with pytest.raises(ModelMissing, match=f"--fetch {each}"):
            recognizers.get(each)


@pytest.mark.parametrize("name", ["owner/a--b", "owner/a..b", "owner/name.git", "-owner/name-"])
def test_names_that_the_hub_cannot_have_are_not_here(
    nothing: None, settings: Settings, name: str
) -> None:
    with pytest.raises(ModelMissing):
        registry.load(settings, name)


def test_the_setting_is_what_nothing_else_is_asked_for(here: Path, settings: Settings) -> None:
    chosen = dataclasses.replace(settings, model=str(here / "videomae"))
    assert registry.load(chosen).source == "videomae"
    assert registry.load(chosen, "bilstm").source == "bilstm"


def test_our_own_goes_by_its_head(settings: Settings) -> None:
    file = settings.checkpoint.name
    for name in ("", "bilstm"):
        assert registry.load(settings, name).name == f"bilstm on i3d ({file})"
    with pytest.raises(ModelMissing, match="har train --head lstm"):
        registry.load(settings, "lstm")


@pytest.mark.parametrize(
    "name", [*saved.RESIDUAL, *saved.ATTENTION, "facebook/timesformer-hr-finetuned-k600"]
)
def test_missing_weights_are_told_at_once_with_the_command(
    nothing: None, settings: Settings, name: str
) -> None:
    began = time.monotonic()
    with pytest.raises(ModelMissing) as raised:
        registry.load(settings, name)
    assert time.monotonic() - began < 5, "imports included"
    hub_name = registry.hub_name(name)
    assert f"'python -m har models --fetch {hub_name}'" in raised.value.detail


@pytest.mark.parametrize("name", ["resnet18", "a/b/c", "../..x", "/no/such/folder", "R3D_18"])
def test_unknown_names_are_refused(nothing: None, settings: Settings, name: str) -> None:
    with pytest.raises(BadOption, match="r3d_18"):
        registry.load(settings, name)


def test_a_file_of_something_else_is_no_network(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    path = registry.torchvision_file("r3d_18")
    path.parent.mkdir(parents=True)
    for content in ({"fc.weight": torch.zeros(5, 512)}, Path("runs something")):
        torch.save(content, path)
        with pytest.raises(CheckpointError, match="har models --fetch r3d_18"):
            registry.load(settings, "r3d_18")


def test_pickled_weights_are_not_read(here: Path, tmp_path: Path, settings: Settings) -> None:
    folder = shutil.copytree(here / "videomae", tmp_path / "pickled")
    network = VideoMAEForVideoClassification.from_pretrained(folder)
    torch.save(network.state_dict(), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="safetensors"):
        registry.load(settings, str(folder))


def test_weights_of_other_labels_are_not_filled_up(
    here: Path, tmp_path: Path, settings: Settings
) -> None:
    """transformers would make up what a file lacks."""
    folder = shutil.copytree(here / "videomae", tmp_path / "more")
    config = json.loads((folder / "config.json").read_text())
    config["id2label"] = {str(i): f"label {i}" for i in range(7)}
    config["label2id"] = {label: int(i) for i, label in config["id2label"].items()}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError):
        registry.load(settings, str(folder))


def test_labels_must_differ(here: Path, tmp_path: Path, settings: Settings) -> None:
    config = VideoMAEConfig.from_pretrained(here / "videomae")
    config.id2label = dict.fromkeys(range(5), "the same")
    VideoMAEForVideoClassification(config).save_pretrained(tmp_path / "alike")
    with pytest.raises(CheckpointError, match="labels"):
        registry.load(settings, str(tmp_path / "alike"))


def test_preprocessing_that_does_not_fit_the_network_is_refused(
    here: Path, tmp_path: Path, settings: Settings
) -> None:
    folder = shutil.copytree(here / "timesformer", tmp_path / "larger")
    told = json.loads((folder / "preprocessor_config.json").read_text())
    told["crop_size"] = {"height": 448, "width": 448}
    (folder / "preprocessor_config.json").write_text(json.dumps(told))
    with pytest.raises(CheckpointError, match="224 pixels"):
        registry.load(settings, str(folder))


def test_a_network_of_another_class_is_refused(
    here: Path, tmp_path: Path, settings: Settings
) -> None:
    folder = shutil.copytree(here / "videomae", tmp_path / "vivit")
    VivitConfig().save_pretrained(folder)
    with pytest.raises(CheckpointError, match="another class"):
        registry.load(settings, str(folder))
