"""The command that downloads weights, from servers on the loopback address."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from huggingface_hub.hf_api import BlobLfsInfo, RepoSibling
from torchvision.models import get_model_weights
from transformers import VideoMAEForVideoClassification

import config
from config import Settings
from har.errors import BadOption, ModelMissing
from har.models import fetching, registry
from tests.models.clip_networks import saved
from tests.models.zero_shot.hub import Hub, serve
from tests.wsgi import running

NAME = "someone/tiny-network"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serve() as hub:
        yield hub


def fetch(data: Path, name: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command, as a process of its own: the hub's address is read when it begins."""
    return subprocess.run(
        [sys.executable, "-m", "har", "models", "--fetch", name],
        capture_output=True,
        text=True,
        cwd=config.ROOT,
        env={**os.environ, "HAR_DATA_DIR": str(data), "HF_HOME": str(data / "hf"), **variables},
        timeout=120,
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that says why there is nothing."""
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()[-1]


def test_a_network_from_the_hub_can_be_loaded(
    here: Path, hub: Hub, settings: Settings, tmp_path: Path
) -> None:
    hub.add(NAME, here / "timesformer")
    done = fetch(settings.data_dir, NAME, HF_ENDPOINT=hub.url)
    assert done.returncode == 0, done.stderr
    assert registry.load(settings, NAME).labels == saved.KNOWN_AS
    folder = registry.folder_for(settings, NAME)
    assert {file.name for file in folder.iterdir()} == {
        "config.json", "model.safetensors", "preprocessor_config.json",
    }  # fmt: skip
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_pickled_weights_become_safetensors(
    here: Path, hub: Hub, settings: Settings, tmp_path: Path
) -> None:
    old = shutil.copytree(here / "videomae", tmp_path / "old")
    state = VideoMAEForVideoClassification.from_pretrained(old).state_dict()
    torch.save(state, old / "pytorch_model.bin")
    (old / "model.safetensors").unlink()
    hub.add(NAME, old)
    assert fetch(settings.data_dir, NAME, HF_ENDPOINT=hub.url).returncode == 0
    folder = registry.folder_for(settings, NAME)
    assert not (folder / "pytorch_model.bin").exists()
    fetched = VideoMAEForVideoClassification.from_pretrained(folder).state_dict()
    assert all(torch.equal(fetched[name], state[name]) for name in state)


def test_a_pickle_that_would_run_something_is_refused(
    here: Path, hub: Hub, settings: Settings, tmp_path: Path
) -> None:
    evil = shutil.copytree(here / "videomae", tmp_path / "evil")
    torch.save({"weight": Path("x")}, evil / "pytorch_model.bin")
    (evil / "model.safetensors").unlink()
    hub.add(NAME, evil)
    assert "more than weights" in refused(fetch(settings.data_dir, NAME, HF_ENDPOINT=hub.url))
    assert not registry.folder_for(settings, NAME).exists()


def test_what_the_hub_does_not_have(hub: Hub, settings: Settings) -> None:
    said = refused(fetch(settings.data_dir, NAME, HF_ENDPOINT=hub.url))
    assert "has no model someone/tiny-network" in said


@pytest.mark.parametrize("name", [pytest.param("r3d_18", marks=pytest.mark.slow), "videomae"])
def test_where_no_host_answers_it_ends_soon(settings: Settings, tmp_path: Path, name: str) -> None:
    """A proxy that refuses stands for a machine without a network."""
    nowhere = dict.fromkeys(("https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")
    began = time.monotonic()
    done = fetch(settings.data_dir, name, TORCH_HOME=str(tmp_path / "torch"), **nowhere)
    assert "does not answer" in refused(done)
    assert time.monotonic() - began < 60
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_file_that_is_not_what_the_hub_says_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    fetching._check(path, RepoSibling(path.name, lfs=BlobLfsInfo(7, digest, 134)))
    with pytest.raises(ModelMissing, match="damaged"):
        fetching._check(path, RepoSibling(path.name, lfs=BlobLfsInfo(7, digest[::-1], 134)))


@contextmanager
def files_of(folder: Path) -> Iterator[str]:
    """The address of a server of a folder's files."""
    handler = partial(SimpleHTTPRequestHandler, directory=folder)
    with running(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as url:
        yield url


@pytest.mark.parametrize("whole", [True, False])
def test_torchvisions_file_must_have_the_hash_of_its_name(
    here: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    content = registry.torchvision_file("mc3_18").read_bytes()
    name = f"mc3_18-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / name).write_bytes(content if whole else content[:-1])
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("http_proxy", raising=False)
    with files_of(tmp_path / "host") as address:
        weights = get_model_weights("mc3_18").DEFAULT.value
        monkeypatch.setattr(weights, "url", f"{address}/{name}")
        monkeypatch.setitem(registry.RESIDUAL, "mc3_18", name)
        if whole:
            fetching.fetch(settings, "mc3_18")
            assert registry.load(settings, "mc3_18").source == "mc3_18"
        else:
            with pytest.raises(ModelMissing, match="damaged"):
                fetching.fetch(settings, "mc3_18")
            assert not [path for path in (tmp_path / "torch").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("name", "said"),
    [("lstm", "har train"), ("i3d", "come with this program"), ("nobody", "har models")],
)
def test_what_is_not_to_be_fetched(nothing: None, settings: Settings, name: str, said: str) -> None:
    with pytest.raises(BadOption, match=said):
        fetching.fetch(settings, name)
