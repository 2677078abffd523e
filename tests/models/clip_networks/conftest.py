"""The five networks, saved once for all tests, and no way out of this machine."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.models.clip_networks import saved


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a cache of torch's and the folders of two networks of transformers'."""
    home = tmp_path_factory.mktemp("networks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCH_HOME", str(home / "torch"))
        for source in saved.RESIDUAL:
            saved.save_residual(source)
    for source in saved.ATTENTION:
        saved.save_attention(source, home / source)
    return home


@pytest.fixture
def here(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, where this process and its children find them."""
    monkeypatch.setenv("TORCH_HOME", str(home / "torch"))
    return home


@pytest.fixture
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty caches, and an error for whoever opens a connection."""
    from huggingface_hub import constants

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf"))

    def refuse(*_: object) -> None:
        raise AssertionError("something was to be fetched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
