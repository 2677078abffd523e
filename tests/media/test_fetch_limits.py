"""Downloads that are too large, no longer wanted, or of a program that somebody took over."""

from __future__ import annotations

import dataclasses
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from config import Settings
from har.errors import UrlNoVideo, UrlUnreachable
from har.media import child
from har.media.egress import rules_of
from har.media.fetch import fetch
from tests.children import children, fact
from tests.media.refusal import refusal
from tests.media.site import TYPES, Site, content, endless, stalled
from tests.serving import eventually

MEGABYTE = 1_000_000
BLOCK = 4 << 20
"""The most that yt-dlp reads before it tells how far it is, in bytes."""

PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n" + b"#EXTINF:4,\n/s.ts\n"
ENDED = b"#EXT-X-ENDLIST\n"
M3U8 = TYPES[".m3u8"]
MANIFEST = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT800S">
<Period><AdaptationSet mimeType="video/mp4"><Representation id="v" bandwidth="1000">
<SegmentList duration="4">{segments}</SegmentList></Representation></AdaptationSet></Period></MPD>
"""


def test_announced_size_over_the_limit(site: Site, folder: Path, private: Settings) -> None:
    site.routes["/v.mp4"] = content(bytes(5 * MEGABYTE), "video/mp4")
    small = dataclasses.replace(private, max_upload_mb=1)
    error = refusal(f"{site.url}/v.mp4", folder, small)
    assert (error.code, error.status) == ("too_large", 413)
    assert "1 MB" in error.detail


def test_endless_file_fills_no_disk(site: Site, folder: Path, private: Settings) -> None:
    _check_bounded(endless_file(site), folder, private)


def test_endless_segment_fills_no_disk(site: Site, folder: Path, private: Settings) -> None:
    site.routes["/list.m3u8"] = content(PLAYLIST + ENDED, M3U8)
    site.routes["/s.ts"] = endless("video/mp2t")
    _check_bounded(f"{site.url}/list.m3u8", folder, private)


def test_many_segments_fill_no_disk(site: Site, folder: Path, private: Settings) -> None:
    _check_bounded(hls_of_many(site), folder, private)
    assert site.asked.count("/s.ts") <= 11


def test_many_dash_segments_fill_no_disk(site: Site, folder: Path, private: Settings) -> None:
    _check_bounded(dash_of_many(site), folder, private)
    assert site.asked.count("/s.ts") <= 11


def endless_file(site: Site) -> str:
    site.routes["/v.mp4"] = endless("video/mp4")
    return f"{site.url}/v.mp4"


def hls_of_many(site: Site) -> str:
    playlist = PLAYLIST + b"#EXTINF:4,\n/s.ts\n" * 200 + ENDED
    site.routes["/list.m3u8"] = content(playlist, M3U8)
    site.routes["/s.ts"] = content(bytes(100_000), "video/mp2t")
    return f"{site.url}/list.m3u8"


def dash_of_many(site: Site) -> str:
    segments = '<SegmentURL media="s.ts"/>' * 200
    site.routes["/dash.mpd"] = content(MANIFEST.format(segments=segments).encode(), TYPES[".mpd"])
    site.routes["/s.ts"] = content(bytes(100_000), "video/mp2t")
    return f"{site.url}/dash.mpd"


@pytest.mark.parametrize("many", [endless_file, hls_of_many, dash_of_many])
def test_proxy_counts_bytes_by_itself(
    many: Callable[[Site], str], site: Site, folder: Path, private: Settings
) -> None:
    """With the limit of the download itself out of reach."""
    rules = dataclasses.replace(rules_of(private), most_bytes=MEGABYTE)
    assert refusal(many(site), folder, private, rules).code == "too_large"
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
            seen.extend(p.memory_info().rss for p in children(recursive=False))

    with pytest.raises(UrlNoVideo):
        fetch(f"{site.url}/page", folder, private, weigh)
    assert 0 < max(seen) < 600 * MEGABYTE
    assert list(folder.iterdir()) == []


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
            seen.extend(children())
            raise reason

    with pytest.raises(reason):
        fetch(f"{site.url}/v.mp4", folder, private, cancel)
    assert seen
    # A process that was killed closes its files, which fetch() waits for, shortly before it ends.
    eventually(lambda: not any(map(lives, seen)), "the end of the children", 5)
    assert list(folder.iterdir()) == []
    assert "egress" not in {thread.name for thread in threading.enumerate()}


def lives(process: psutil.Process) -> bool:
    """Whether a process does anything; its parent may be late in asking how it ended."""
    ended = psutil.STATUS_ZOMBIE
    return bool(fact(process, "status", ended) != ended)


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
    assert children() == []


@pytest.mark.parametrize("page", ["/v.mp4", "/missing"])
def test_nothing_of_a_download_stays_open(
    page: str, folder: Path, private: Settings, clip: Path
) -> None:
    before, threads = open_files(), threading.enumerate()
    with Site() as site:
        site.routes["/v.mp4"] = content(clip.read_bytes(), "video/mp4")
        with suppress(UrlUnreachable):
            fetch(f"{site.url}{page}", folder, private, lambda _: None)
    eventually(lambda: open_files() == before, "the end of connections", 20)
    eventually(lambda: set(threading.enumerate()) <= {*threads}, "the end of threads", 20)
    assert children() == []


def open_files() -> list[str]:
    return os.listdir("/proc/self/fd")


TAKEN_OVER = """
import json, os, sys
from pathlib import Path
from har.media import guard
guard.enter(int(sys.argv[-1]))
work = Path(sys.argv[-2]).parent
(work / "part0").symlink_to("/etc/passwd")
(work / "folder").mkdir()
{}
"""


@pytest.mark.parametrize(
    "says",
    [
        "print(json.dumps({'files': ['/etc/passwd'], 'segmented': False, 'ext': 'mp4'}))",
        "print(json.dumps({'files': ['../secret'], 'segmented': False, 'ext': 'mp4'}))",
        "print(json.dumps({'files': ['part0'], 'segmented': False, 'ext': 'mp4'}))",
        "print(json.dumps({'files': ['part0'], 'segmented': True, 'ext': 'mp4'}))",
        "print(json.dumps({'files': ['folder'], 'segmented': False, 'ext': 'mp4'}))",
        "print(json.dumps({'files': [], 'segmented': False, 'ext': 'mp4'}))",
        "while True: sys.stdout.write('x' * 65536)",
        "os.abort()",
    ],
)
def test_downloader_that_was_taken_over_gives_no_other_file(
    says: str, folder: Path, private: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program in the place of ours says what it likes."""
    secret = folder / "secret"
    secret.write_text("mine")
    argv = [sys.executable, "-c", TAKEN_OVER.format(says)]
    monkeypatch.setattr(child, "python", lambda _, *arguments: [*argv, *arguments])
    with pytest.raises(UrlNoVideo):
        fetch("http://127.0.0.1/", folder, private, lambda _: None)
    assert list(folder.iterdir()) == [secret]
    assert secret.read_text() == "mine"
