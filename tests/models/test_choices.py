"""The models that a worker tells it can be asked for."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import pytest

from config import Settings
from har.models import registry
from har.models.choices import Choice, choices
from tests.imports import slow_imports
from tests.models.clip_networks import saved


def by_name(settings: Settings, default: str = "bilstm") -> dict[str, Choice]:
    return {choice["name"]: choice for choice in choices(settings, default)}


@pytest.fixture(autouse=True)
def nothing_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


def test_every_name_is_told_of(settings: Settings) -> None:
    found = by_name(settings)
    assert tuple(found) == registry.NAMES
    assert [name for name, choice in found.items() if choice["here"]] == ["bilstm", "i3d"]
    assert [name for name, choice in found.items() if choice["default"]] == ["bilstm"]
    model = registry.load(settings)
    own = found["bilstm"]
    assert (own["labels"], own["clip_seconds"]) == (len(model.labels), model.frames / model.fps)


def test_what_is_told_of_a_network_is_so(settings: Settings, tmp_path: Path) -> None:
    folder = registry.folder_for(settings, registry.ATTENTION["videomae"])
    saved.save_attention("videomae", folder)
    with saved.torch_home(tmp_path / "torch", "mc3_18"):
        found = by_name(settings, "mc3_18")
        for name in ("mc3_18", "videomae"):
            model, choice = registry.load(settings, name), found[name]
            assert choice["here"]
            assert choice["default"] is (name == "mc3_18")
            assert choice["clip_seconds"] == pytest.approx(model.frames / model.fps, abs=0.001)
    assert found["mc3_18"]["labels"] == 400
    assert not found["r3d_18"]["here"]


def test_what_is_known_of_networks_is_what_their_libraries_tell() -> None:
    from har.models.clip_networks import attention, inflated, residual  # seconds

    for source, file in registry.RESIDUAL.items():
        weights = residual.weights(source)
        assert weights.url.endswith(f"/{file}")
        assert len(weights.meta["categories"]) == registry.KINETICS
    kinds = {
        **dict.fromkeys(registry.RESIDUAL, residual),
        **dict.fromkeys(registry.ATTENTION, attention),
    }
    seen = {source: kind.geometry(source) for source, kind in kinds.items()}
    seen[registry.INFLATED] = inflated.geometry()
    seconds = {source: one.frames / one.fps for source, one in seen.items()}
    assert seconds == pytest.approx(registry.CLIP_SECONDS)


def test_to_tell_takes_no_library_of_networks(settings: Settings) -> None:
    code = "import config; from har.models.choices import choices; choices(config.load(), '')"
    assert slow_imports(code, HAR_DATA_DIR=str(settings.data_dir)) == set()


def test_what_else_was_fetched_is_told_of(settings: Settings) -> None:
    for name in ("somebody/gym", "somebody/broken", "somebody/else"):
        saved.save_attention("timesformer", registry.folder_for(settings, name))
    (registry.folder_for(settings, "somebody/broken") / "config.json").write_text("{")
    (registry.folder_for(settings, "somebody/else") / "model.safetensors").unlink()
    found = by_name(settings, "somebody/gym")
    assert tuple(found) == (*registry.NAMES, "somebody/gym")
    gym = found["somebody/gym"]
    assert (gym["title"], gym["kind"]) == ("somebody/gym", "transformers")
    assert (gym["labels"], gym["here"], gym["default"]) == (len(saved.LABELS), True, True)
    model = registry.load(settings, "somebody/gym")
    assert gym["clip_seconds"] == pytest.approx(model.frames / model.fps, abs=0.001)


def test_weights_that_come_are_here(settings: Settings, tmp_path: Path) -> None:
    assert not by_name(settings)["r3d_18"]["here"]
    with saved.torch_home(tmp_path / "torch", "r3d_18"):
        assert by_name(settings)["r3d_18"]["here"]


@pytest.mark.parametrize("content", [None, b"nothing"])
def test_without_a_checkpoint_there_are_no_heads_and_i3d_is_here(
    settings: Settings, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "model.safetensors"
    if content:
        path.write_bytes(content)
    found = by_name(dataclasses.replace(settings, checkpoint=path))
    assert [name for name, choice in found.items() if choice["here"]] == ["i3d"]
    assert found["bilstm"]["labels"] is None


@pytest.mark.serial
def test_it_is_cheap_once_it_was_asked_for(settings: Settings) -> None:
    choices(settings, "bilstm")
    began = time.perf_counter()
    for _ in range(10):
        choices(settings, "bilstm")
    assert time.perf_counter() - began < 1
