"""Fixtures that every test may use."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

import config
from har.media import ffmpeg

SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "samples"


def lacking(what: str) -> NoReturn:
    """Skip a test for want of something; fail in CI, where all of it is to be there."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """A shell that runs the tests in the background has Ctrl-C ignored, by their children too."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def no_errors_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """An ERROR in the log fails the test that caused it."""
    yield
    errors = [r for r in caplog.get_records("call") if r.levelno >= logging.ERROR]
    assert not errors, errors


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real and odd videos that lies beside the repository."""
    if not SAMPLES.is_dir():
        lacking(f"these tests need the sample videos in {SAMPLES}")
    return SAMPLES


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    """Settings with a data folder of their own."""
    return config.Settings(data_dir=tmp_path / "var", clip_model="off")


@pytest.fixture
def without_bubblewrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has util-linux and ffmpeg, and no bubblewrap."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("prlimit", "setpriv", "ffmpeg"):
        if found := shutil.which(name):
            (programs / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(programs))


@pytest.fixture(scope="session")
def make_video(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes a file with ffmpeg: ``make_video("a.mp4", "-f", "lavfi", "-i", "testsrc2=d=2", ...)``.

    A name that was made before in this run is not made again, and must mean the same.
    """
    folder = tmp_path_factory.mktemp("videos")
    recipes: dict[str, tuple[str, ...]] = {}

    def make(name: str, *args: str) -> Path:
        path = folder / name
        assert recipes.setdefault(name, args) == args, f"{name} is made in two ways"
        if not path.exists():
            exe = ffmpeg.executable(config.Settings())
            subprocess.run([exe, "-v", "error", "-nostdin", "-y", *args, str(path)], check=True)
        return path

    return make
