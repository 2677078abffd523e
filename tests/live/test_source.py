"""What a SOURCE on the command line means."""

from __future__ import annotations

from pathlib import Path

import pytest

from har.errors import FileMissing, UrlError
from har.live.source import Source, source_of


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("rtsp://camera.test/live", "rtsp"),
        ("RTSP://me:secret@camera.test:8554/live?a=b", "rtsp"),
        ("http://camera.test/live.ts", "http"),
        ("https://[2001:db8::1]/live.m3u8", "http"),
    ],
)
def test_links(text: str, kind: str) -> None:
    assert source_of(text) == Source(kind, text)  # type: ignore[arg-type]
    assert source_of(text).lasts


def test_a_file_ends(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    source = source_of(str(tmp_path / "a.mp4"))
    assert source.kind == "file"
    assert not source.lasts


def test_a_device_is_a_camera() -> None:
    assert source_of("/dev/null") == Source("camera", "/dev/null")


@pytest.mark.parametrize("text", ["987", "/dev/video987"])
def test_camera_that_there_is_not(text: str) -> None:
    with pytest.raises(FileMissing, match="/dev/video987"):
        source_of(text)


def test_file_that_there_is_not() -> None:
    with pytest.raises(FileMissing, match=r"no-such\.mp4"):
        source_of("no-such.mp4")


@pytest.mark.parametrize(
    "text",
    [
        "ftp://camera.test/live",
        "file:///etc/passwd",
        "rtsp://",
        "rtsp://camera.test:99999/",
        "http://camera.test/a b",
        "http://camera.test/" + "a" * 9000,
        "concat:rtsp://camera.test/",
    ],
)
def test_links_that_are_none(text: str) -> None:
    with pytest.raises(UrlError):
        source_of(text)
