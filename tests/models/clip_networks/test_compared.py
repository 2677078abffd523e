"""Models by name in requests to the service, and two of them on one video."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from config import ROOT, Settings
from har.models import registry
from har.recognition import embeddings
from tests.models.clip_networks import saved
from tests.serving import PATIENCE, Service, eventually, serving

FETCHED = "somebody/timesformer-gym"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with its own model, r3d_18 and one that was fetched."""
    folder = tmp_path_factory.mktemp("compared")
    settings = Settings(data_dir=folder / "var")
    saved.save_attention("timesformer", registry.folder_for(settings, FETCHED))
    # What it says of golf is the point.
    shipped = serving(folder, checkpoint=settings.checkpoint)
    with saved.torch_home(folder / "torch", "r3d_18"), shipped as service:
        yield service


@pytest.fixture(scope="module")
def video(samples: Path, make_video: Callable[..., Path]) -> Path:
    """Three seconds on a golf course."""
    real = str(samples.parent / "data" / "wild" / "GolfSwing_3495a9de.mp4")
    return make_video("compared.mp4", "-i", real, "-t", "3")


@pytest.fixture(scope="module")
def result(service: Service, video: Path) -> dict[str, Any]:
    """What both say of all clips, as they know them."""
    answer = service.predict(video=video, models="bilstm,r3d_18", threshold="1")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def trained(found: dict[str, Any]) -> set[str]:
    return {segment["trained"]["source"] for segment in found["segment_predictions"]}


def test_two_models_on_one_video(service: Service, result: dict[str, Any]) -> None:
    compared = result["comparison"]
    assert (result["model"], trained(result)) == ("bilstm", {"bilstm"})
    assert (compared["model"], trained(compared)) == ("r3d_18", {"r3d_18"})
    assert compared["models"]["trained"] == "r3d_18 (KINETICS400_V1)"
    assert compared["timeline"][-1]["end"] == result["timeline"][-1]["end"]
    assert 0 <= compared["agreement"]["share"] <= 1
    job = requests.get(f"{service.url}/jobs/{result['id']}", timeout=PATIENCE).json()
    assert [phase["phase"] for phase in job["phases"]] == [
        "probe", "recognise", "compare", "annotate",
    ]  # fmt: skip
    files = {path.name for path in (service.data / "jobs" / result["id"]).iterdir()}
    assert set(embeddings.FILES) <= files


def test_other_labels_are_given_to_both(service: Service, result: dict[str, Any]) -> None:
    """The zero-shot model hears of the actions that each of them saw: of golf from the one, and of
    nothing that is so from random weights."""
    labels = {"labels": "a golf swing,playing chess"}
    address = f"{service.url}/jobs/{result['id']}/labels"
    answer = requests.put(address, data=labels, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    for each in (found, found["comparison"]):
        tops = [label for s in each["segment_predictions"] for label, _ in s["top5"]]
        assert set(tops) == {"a golf swing", "PlayingChess"}
    assert {s["label"] for s in found["segment_predictions"]} == {"a golf swing"}
    agreed = found["comparison"]["agreement"]
    assert {stretch["label"] for stretch in agreed["stretches"]} <= {"a golf swing"}
    assert (agreed["share"] > 0) == bool(agreed["stretches"])
    back = requests.put(address, timeout=PATIENCE).json()
    assert back["comparison"] == result["comparison"]


def test_exports_are_of_one_or_the_other(service: Service, result: dict[str, Any]) -> None:
    address = f"{service.url}/jobs/{result['id']}/export/csv"
    told = {
        name: requests.get(address, {"what": "segments", "model": name}, timeout=PATIENCE).text
        for name in ("bilstm", "r3d_18")
    }
    for name, text in told.items():
        assert f"{name} confidence" in text
    assert "r3d_18" not in told["bilstm"]
    refused = requests.get(address, {"model": "mc3_18"}, timeout=PATIENCE)
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_option")


def test_one_model_by_its_name(service: Service, video: Path) -> None:
    found = service.predict(video=video, model="r3d_18", threshold="0", annotate="0").json()
    assert (found["model"], found["comparison"]) == ("r3d_18", None)
    assert {segment["source"] for segment in found["segment_predictions"]} == {"r3d_18"}


@pytest.mark.parametrize("field", ["model", "models"])
def test_missing_weights_are_told_with_the_command(
    service: Service, video: Path, field: str
) -> None:
    asked = {"model": "videomae", "models": "bilstm,videomae"}[field]
    answer = service.predict(video=video, **{field: asked})
    assert (answer.status_code, answer.json()["code"]) == (503, "model_missing"), answer.text
    assert "python -m har models --fetch MCG-NJU/videomae-base" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["/tmp", "../models", "~/models", "owner/name/more"])
def test_folders_are_refused(service: Service, video: Path, name: str) -> None:
    answer = service.predict(video=video, model=name)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_option"), answer.text


def test_what_else_was_fetched_goes_by_its_name(service: Service, video: Path) -> None:
    asked = {"video": video, "models": f"bilstm,{FETCHED}", "threshold": "0", "annotate": "0"}
    found = service.predict(**asked).json()
    compared = found["comparison"]
    assert (found["model"], compared["model"]) == ("bilstm", FETCHED)
    assert compared["models"]["trained"] == f"timesformer ({FETCHED})"
    assert {segment["source"] for segment in compared["segment_predictions"]} == {"timesformer"}
    address = f"{service.url}/jobs/{found['id']}/export/csv"
    told = requests.get(address, {"model": FETCHED}, timeout=PATIENCE)
    assert "timesformer" in told.text
    missing = service.predict(video=video, model="somebody/else")
    assert (missing.status_code, missing.json()["code"]) == (503, "model_missing"), missing.text
    assert "python -m har models --fetch somebody/else" in missing.json()["detail"]


def test_a_worker_tells_which_models_there_are(service: Service) -> None:
    def told() -> Any:
        return requests.get(f"{service.url}/models", timeout=PATIENCE).json()["models"]

    models = {model["name"]: model for model in eventually(told, "the models")}
    here = {name for name, model in models.items() if model["here"]}
    assert here == {"bilstm", "i3d", "r3d_18", FETCHED}
    assert [name for name, model in models.items() if model["default"]] == ["bilstm"]
    assert (models["r3d_18"]["labels"], models["r3d_18"]["clip_seconds"]) == (400, 1.067)
    assert models["bilstm"]["clip_seconds"] == models["i3d"]["clip_seconds"] == 2.56
    assert (models["lstm"]["labels"], models["lstm"]["clip_seconds"]) == (None, None)


@pytest.mark.slow
def test_the_command_line_compares_as_well(video: Path, tmp_path: Path) -> None:
    with saved.torch_home(tmp_path / "torch", "r3d_18"):
        done = predict(video, tmp_path, "--models", "r3d_18,bilstm", "--threshold", "0")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert (found["model"], found["comparison"]["model"]) == ("r3d_18", "bilstm")
    assert {s["source"] for s in found["comparison"]["segment_predictions"]} == {"bilstm"}


def test_the_command_line_takes_one_model_or_two(video: Path, tmp_path: Path) -> None:
    done = predict(video, tmp_path, "--models", "r3d_18,bilstm", "--model", str(tmp_path))
    assert done.returncode == 2
    assert "not both" in done.stderr


def predict(video: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HAR_DATA_DIR": str(folder / "var"), "HAR_CLIP_MODEL": "off"}
    command = [sys.executable, "-m", "har", "predict", str(video), "--no-annotate", *options]
    return subprocess.run(
        [*command, "--out", str(folder / "out")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
    )
