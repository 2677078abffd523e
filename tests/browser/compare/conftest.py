"""A service that has its own models, and small ones of transformers' real classes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from safetensors.torch import load_file, save_file

from config import Settings
from har.models import registry
from har.types import Source
from tests.browser.conftest import Job, finishing
from tests.models.clip_networks.saved import save_attention
from tests.serving import Service, serving

OTHER: Source = "timesformer"
FETCHED = "somebody/videomae-base-finetuned-on-gymnastics"


def have_say(label: str, folder: Path) -> None:
    """Have a saved network be sure that every clip shows one action."""
    told = json.loads((folder / "config.json").read_text())
    first = told["id2label"]["0"]
    told["id2label"]["0"] = label
    told["label2id"] = {label if name == first else name: i for name, i in told["label2id"].items()}
    (folder / "config.json").write_text(json.dumps(told))
    weights = load_file(folder / "model.safetensors")
    weights["classifier.bias"][0] = 50.0
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


@pytest.fixture(scope="package")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("compare")
    settings = Settings(data_dir=folder / "var")
    have_say(
        "shooting basketball",
        save_attention(OTHER, registry.folder_for(settings, registry.ATTENTION[OTHER])),
    )
    save_attention("videomae", registry.folder_for(settings, FETCHED))
    with serving(folder) as service:
        yield service


@pytest.fixture(scope="package")
def service(started: Service) -> str:
    return started.url


@pytest.fixture(scope="package")
def halves(make_video: Callable[..., Path], samples: Path) -> Path:
    """Five seconds of basketball, and as many of something else."""
    sources = [samples / "real" / name for name in ("gymnastics.mp4", "arm_wrestling.mp4")]
    parts = [
        f"[{i}:v]trim=duration=5,scale=426:240,setsar=1,fps=25,format=yuv420p[{i}]"
        for i in range(2)
    ]
    joined = ";".join([*parts, "[0][1]concat"])
    inputs = [argument for source in sources for argument in ("-i", str(source))]
    return make_video("halves.mp4", *inputs, "-filter_complex", joined, "-an", "-c:v", "libx264")


@pytest.fixture(scope="package")
def finished(browser: Browser, service: str, samples: Path) -> Callable[..., Job]:
    return finishing(browser, service, samples)
