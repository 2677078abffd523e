"""Which ffmpeg is used."""

from __future__ import annotations

import dataclasses
import subprocess

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
