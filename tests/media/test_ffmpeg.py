"""Which ffmpeg is used."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from pathlib import Path

import av
import pytest

from config import Settings
from har.errors import ToolMissing
from har.media import ffmpeg

OF_OTHER_BUILDS = {"libvpx", "libaom-av1", "libopencore_amrnb", "libopencore_amrwb"}


@pytest.fixture(autouse=True)
def _forget() -> None:
    ffmpeg._find.cache_clear()


def test_setting_wins(settings: Settings, tmp_path: object) -> None:
    import imageio_ffmpeg

    packaged = imageio_ffmpeg.get_ffmpeg_exe()
    assert ffmpeg.executable(dataclasses.replace(settings, ffmpeg=packaged)) == packaged


def test_without_ffmpeg_on_path_the_package_serves(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    found = ffmpeg.executable(settings)
    assert "imageio_ffmpeg" in found
    assert b"libass" in subprocess.run([found, "-version"], capture_output=True).stdout


@pytest.mark.parametrize(
    ("says", "is_taken"),
    [
        ("echo ffmpeg version 5.1.9-0+deb12u1", True),
        ("echo ffmpeg version n9.0.2", True),
        ("echo ffmpeg version N-118000-gabcdef", True),
        ("echo ffmpeg version 4.4.2-0ubuntu0", False),
        ("exit 127", False),
        ("kill -SEGV $$", False),
    ],
)
def test_one_on_path_that_is_old_or_broken_is_passed_over(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    says: str,
    is_taken: bool,
) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{says}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert (ffmpeg.executable(settings) == str(program)) is is_taken


@pytest.mark.parametrize(
    ("version", "is_taken"),
    [("5.1.9-0+deb12u1", False), ("7.0.2", False), ("N-118000-gabcdef", False), ("n9.0.2", True)],
)
def test_rtsp_is_read_by_one_that_no_server_redirects(
    settings: Settings, tmp_path: Path, version: str, is_taken: bool
) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\necho ffmpeg version {version}\n")
    program.chmod(0o755)
    found = ffmpeg.executable_for_rtsp(dataclasses.replace(settings, ffmpeg=str(program)))
    assert (found == str(program)) is is_taken
    assert is_taken or "imageio_ffmpeg" in found


def test_one_for_rtsp_that_cannot_be_run_is_passed_over(settings: Settings) -> None:
    broken = dataclasses.replace(settings, ffmpeg="/bin/false")
    assert "imageio_ffmpeg" in ffmpeg.executable_for_rtsp(broken)


def test_setting_that_names_nothing_is_refused(settings: Settings) -> None:
    with pytest.raises(ToolMissing, match="HAR_FFMPEG"):
        ffmpeg.executable(dataclasses.replace(settings, ffmpeg="no-such-program"))


def test_what_is_allowed_exists(settings: Settings) -> None:
    """No name in the lists is misspelt. Three are those of formats."""
    argv = [ffmpeg.executable(settings), "-v", "error", "-decoders"]
    lines = subprocess.run(argv, capture_output=True, text=True).stdout.splitlines()
    known = {line[8:].split(" ")[0] for line in lines} | set(av.codecs_available)
    listed = set(f"{ffmpeg.PICTURES},{ffmpeg.SOUNDS}".split(","))
    assert listed - known <= OF_OTHER_BUILDS | {"amr_nb", "amr_wb", "dts"}
