"""Links that can't be used: each has its own error, and nothing stays on disk or keeps running."""

from __future__ import annotations

import dataclasses
import socket
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from config import Settings
from tests.media.refusal import refusal
from tests.media.site import TYPES, Site, content, redirect, stalled

M3U8 = TYPES[".m3u8"]
LIVE = b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n/s.ts\n"
ENDED = b"#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "v.mp4",
        "/etc/passwd",
        "file:///etc/passwd",
        "ftp://127.0.0.1/v.mp4",
        "ytsearch:cats",
        "javascript:alert(1)",
        "data:video/mp4;base64,AAAA",
        "//127.0.0.1/v.mp4",
        "http://",
        "http:///v.mp4",
        "http://:80/v.mp4",
        "http://[::1/v.mp4",
        "http://host:99999/v.mp4",
        "http://host:port/v.mp4",
        "http://host/a\nb",
        "http://host/#__youtubedl_smuggle=%7B%7D",
        "http://host/" + "a" * 9000,
    ],
)
def test_what_is_no_link(url: str, folder: Path, private: Settings) -> None:
    error = refusal(url, folder, private)
    assert (error.code, error.status) == ("bad_url", 400)
    assert "http://" in error.detail


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:7f00:1]"])
def test_addresses_that_are_not_public(
    host: str, site: Site, folder: Path, settings: Settings
) -> None:
    """By the settings' own rules; test_hostile_links has the table."""
    error = refusal(f"http://{host}:{site.port}/", folder, settings)
    assert (error.code, error.status) == ("url_refused", 403)
    assert site.connections == 0


@pytest.mark.parametrize("host", ["169.254.169.254", "100.100.100.200", "[fd00:ec2::254]"])
def test_metadata_service_even_where_private_addresses_are_allowed(
    host: str, folder: Path, private: Settings
) -> None:
    error = refusal(f"http://{host}/latest/meta-data/", folder, private)
    assert error.code == "url_refused"


def test_status_of_the_site_is_told(site: Site, folder: Path, private: Settings) -> None:
    error = refusal(f"{site.url}/nothing.mp4", folder, private)
    assert error.code == "url_unreachable"
    assert "404" in error.detail


def test_nothing_listens(folder: Path, private: Settings) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        error = refusal(f"http://127.0.0.1:{port}/v.mp4", folder, private)
    assert error.code == "url_unreachable"


def test_name_that_does_not_exist(folder: Path, private: Settings) -> None:
    error = refusal("http://no-such-host.invalid/v.mp4", folder, private)
    assert error.code == "url_unreachable"


@pytest.mark.parametrize("target", ["/loop", "file:///etc/passwd", "ftp://127.0.0.1/v.mp4"])
def test_redirects_that_lead_nowhere(
    target: str, site: Site, folder: Path, private: Settings
) -> None:
    site.routes["/loop"] = redirect(target)
    assert refusal(f"{site.url}/loop", folder, private).code == "url_unreachable"


def test_endless_way_from_page_to_page(site: Site, folder: Path, private: Settings) -> None:
    for n in range(100):
        page = f'<html><meta http-equiv="refresh" content="0; url=/{n + 1}"></html>'
        site.routes[f"/{n}"] = content(page.encode(), "text/html")
    error = refusal(f"{site.url}/0", folder, private)
    assert error.code == "url_unreachable"
    assert "from page to page" in error.detail
    assert len(site.asked) == 40


def test_hosts_that_are_not_allowed(site: Site, folder: Path, private: Settings) -> None:
    choosy = dataclasses.replace(private, allow_hosts="a.test, b.test")
    assert refusal(f"{site.url}/v.mp4", folder, choosy).code == "url_refused"
    assert site.connections == 0


def test_download_that_breaks_off(site: Site, folder: Path, private: Settings) -> None:
    def cut(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "video/mp4")
        request.send_header("Content-Length", "5000")
        request.end_headers()
        request.wfile.write(bytes(1000))

    site.routes["/v.mp4"] = cut
    error = refusal(f"{site.url}/v.mp4", folder, private)
    assert error.code == "url_unreachable"
    assert "broke off" in error.detail


def test_download_that_stalls(site: Site, folder: Path, private: Settings) -> None:
    reached = threading.Event()
    site.routes["/v.mp4"] = stalled(site, reached)
    hasty = dataclasses.replace(private, fetch_timeout_seconds=4)
    error = refusal(f"{site.url}/v.mp4", folder, hasty)
    assert error.code == "url_unreachable"
    assert "4 s" in error.detail
    assert reached.is_set()


@pytest.mark.parametrize(
    "page", [b"<html><body>Nothing here</body></html>", b"<html></html>", b"<html><video></video>"]
)
def test_page_without_video(page: bytes, site: Site, folder: Path, private: Settings) -> None:
    site.routes["/page"] = content(page, "text/html")
    assert refusal(f"{site.url}/page", folder, private).code == "url_no_video"


def test_empty_answer(site: Site, folder: Path, private: Settings) -> None:
    site.routes["/v.mp4"] = content(b"", "video/mp4")
    assert refusal(f"{site.url}/v.mp4", folder, private).code == "url_unreachable"


def test_live_stream(site: Site, folder: Path, private: Settings) -> None:
    site.routes["/live.m3u8"] = content(LIVE, M3U8)
    error = refusal(f"{site.url}/live.m3u8", folder, private)
    assert error.code == "url_no_video"
    assert "live" in error.detail
    assert "/s.ts" not in site.asked


def test_missing_segment_is_not_passed_over(site: Site, folder: Path, private: Settings) -> None:
    site.routes["/list.m3u8"] = content(LIVE + b"#EXTINF:4,\n/missing.ts\n" + ENDED, M3U8)
    site.routes["/s.ts"] = content(bytes(1000), TYPES[".ts"])
    error = refusal(f"{site.url}/list.m3u8", folder, private)
    assert error.code == "url_unreachable"
    assert "broke off" in error.detail


def test_duration_that_the_site_tells(site: Site, folder: Path, private: Settings) -> None:
    site.routes["/list.m3u8"] = content(LIVE * 5 + ENDED, M3U8)
    short = dataclasses.replace(private, max_duration_seconds=10)
    error = refusal(f"{site.url}/list.m3u8", folder, short)
    assert (error.code, error.status) == ("too_long", 413)
    assert "20 s" in error.detail
    assert "/s.ts" not in site.asked


def test_segments_that_name_other_files(
    site: Site, folder: Path, private: Settings, clip: Path
) -> None:
    """ffmpeg would follow a playlist that comes as a segment, were it not for its list of formats.

    This one leads to a video that could be read, so a refusal is the list's work.
    """
    inner = f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{clip}\n#EXT-X-ENDLIST\n"
    site.routes["/list.m3u8"] = content(LIVE + ENDED, M3U8)
    site.routes["/s.ts"] = content(inner.encode(), "video/mp2t")
    assert refusal(f"{site.url}/list.m3u8", folder, private).code == "url_no_video"
