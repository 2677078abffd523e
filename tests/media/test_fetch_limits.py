"""Downloads that are too large, or no longer wanted."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from config import Settings
from har.errors import UrlNoVideo
from har.media import child
from har.media.fetch import fetch
from tests.media.refusal import refusal
from tests.media.site import TYPES, Site, content, endless, stalled

ROOT = Path(__file__).resolve().parents[2]

MEGABYTE = 1_000_000
BLOCK = 4 << 20
"""The most that yt-dlp reads before it tells how far it is, in bytes."""

PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n" + b"#EXTINF:4,\n/s.ts\n"
ENDED = b"#EXT-X-ENDLIST\n"
M3U8 = TYPES[".m3u8"]


def test_announced_size_over_the_limit(site: Site, folder: Path, private: Settings) -> None:
    site.routes["/v.mp4"] = content(bytes(5 * MEGABYTE), "video/mp4")
    small = dataclasses.replace(private, max_upload_mb=1)
    error = refusal(f"{site.url}/v.mp4", folder, small)
    assert (error.code, error.status) == ("too_large", 413)
    assert "1 MB" in error.detail


def test_endless_file_fills_no_disk(site: Site, folder: Path, private: Settings) -> None:
    site.routes["/v.mp4"] = endless("video/mp4")
    _check_bounded(f"{site.url}/v.mp4", folder, private)


def test_endless_segment_fills_no_disk(site: Site, folder: Path, private: Settings) -> None:
    site.routes["/list.m3u8"] = content(PLAYLIST + ENDED, M3U8)
    site.routes["/s.ts"] = endless("video/mp2t")
    _check_bounded(f"{site.url}/list.m3u8", folder, private)


def test_many_segments_fill_no_disk(site: Site, folder: Path, private: Settings) -> None:
    playlist = PLAYLIST + b"#EXTINF:4,\n/s.ts\n" * 200 + ENDED
    site.routes["/list.m3u8"] = content(playlist, M3U8)
    site.routes["/s.ts"] = content(bytes(100_000), "video/mp2t")
    _check_bounded(f"{site.url}/list.m3u8", folder, private)
    assert site.asked.count("/s.ts") <= 11


def _check_bounded(url: str, folder: Path, private: Settings) -> None:
    """A limit of 1 MB holds but for one block, at every moment of the download."""
    peak = 0
    finished = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not finished.wait(0.005):
            peak = max(peak, _bytes_in(folder))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        error = refusal(url, folder, dataclasses.replace(private, max_upload_mb=1))
    finally:
        finished.set()
        watcher.join()
    assert error.code == "too_large"
    assert 0 < peak <= MEGABYTE + BLOCK


def _bytes_in(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):  # which passes over folders that vanish
        for name in names:
            with suppress(FileNotFoundError):
                total += os.stat(f"{parent}/{name}").st_size
    return total


def test_endless_page_fills_no_memory(site: Site, folder: Path, private: Settings) -> None:
    site.routes["/page"] = endless("text/html", b"<!doctype html><html>")
    seen = [0]

    def weigh(_: float) -> None:
        with suppress(psutil.NoSuchProcess):
            seen.extend(p.memory_info().rss for p in psutil.Process().children())

    with pytest.raises(UrlNoVideo):
        fetch(f"{site.url}/page", folder, private, weigh)
    assert 0 < max(seen) < 600 * MEGABYTE
    assert list(folder.iterdir()) == []


def test_limit_on_a_file_by_the_system_counts_as_too_large(site: Site, folder: Path) -> None:
    """The second line of defence, with the first one set out of reach."""
    site.routes["/v.mp4"] = endless("video/mp4")
    request = folder / "request.json"
    limits = {"max_bytes": 1 << 40, "max_seconds": 60, "timeout": 60, "private": True}
    request.write_text(json.dumps({"url": f"{site.url}/v.mp4", "folder": str(folder), **limits}))
    argv = [sys.executable, "-m", "har.media.fetch_child", str(request)]
    said = child.run(argv, timeout=60, file_size=2 * MEGABYTE, cwd=str(ROOT)).splitlines()
    assert json.loads(said[-1]) == {"reason": "too_large"}
    assert all(file.stat().st_size <= 2 * MEGABYTE for file in folder.iterdir())


class Cancelled(Exception):
    pass


@pytest.mark.parametrize("reason", [Cancelled, KeyboardInterrupt])
def test_cancelling_while_nothing_arrives(
    reason: type[BaseException], site: Site, folder: Path, private: Settings
) -> None:
    reached = threading.Event()
    site.routes["/v.mp4"] = stalled(site, reached)
    seen: list[psutil.Process] = []
    calls = 0

    def cancel(_: float) -> None:
        nonlocal calls
        calls += reached.is_set()
        if calls == 5:  # more than there is news to tell
            seen.extend(psutil.Process().children(recursive=True))
            raise reason

    with pytest.raises(reason):
        fetch(f"{site.url}/v.mp4", folder, private, cancel)
    assert len(seen) == 1
    assert not seen[0].is_running()
    assert list(folder.iterdir()) == []


def test_cancelling_at_the_very_end(
    site: Site, folder: Path, private: Settings, clip: Path
) -> None:
    site.routes["/v.mp4"] = content(clip.read_bytes(), "video/mp4")

    def cancel(fraction: float) -> None:
        if fraction == 1.0:
            raise Cancelled

    with pytest.raises(Cancelled):
        fetch(f"{site.url}/v.mp4", folder, private, cancel)
    assert list(folder.iterdir()) == []
    assert psutil.Process().children(recursive=True) == []
