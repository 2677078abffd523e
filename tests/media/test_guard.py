"""The guard can't be taken out of a process again, so each test has a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.media.site import TYPES, Site, content, redirect

ROOT = Path(__file__).resolve().parents[2]

OUTSIDE = "127.0.0.1"
INSIDE = "127.0.0.2"
"""Linux answers on all of 127/8, so one loopback address can play the public side."""


def python(code: str, *args: str) -> Any:
    """The JSON that a script prints, run from the root of the repository."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *args],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


TRY = """
    import json, os, socket, subprocess, sys
    from har.media import guard
    refused = guard.install(lambda address: str(address) == "127.0.0.1")
    def outcome(action):
        try:
            action()
        except (PermissionError, ImportError) as error:
            return type(error).__name__
        except OSError as error:
            return "tried"
        return "done"
"""


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("socket.socket().connect(('127.0.0.1', 1))", "tried"),
        ("socket.socket().connect(('127.0.0.2', 1))", "PermissionError"),
        ("socket.socket().connect_ex(('127.0.0.2', 1))", "PermissionError"),
        ("socket.create_connection(('127.0.0.2', 1))", "PermissionError"),
        ("socket.socket().connect(('localhost', 1))", "PermissionError"),
        ("socket.socket().connect(('127.1', 1))", "PermissionError"),
        ("socket.socket().connect(('', 1))", "PermissionError"),
        ("socket.socket(socket.AF_INET6).connect(('::ffff:127.0.0.1', 1))", "PermissionError"),
        ("socket.socket(socket.AF_UNIX).connect('/tmp/x')", "PermissionError"),
        ("socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('127.0.0.2', 9))", "PermissionError"),
        (
            "socket.socket(type=socket.SOCK_DGRAM).sendmsg([b''], [], 0, ('127.0.0.2', 9))",
            "PermissionError",
        ),
        ("[end.sendmsg([b'x']) for end in socket.socketpair()]", "done"),
        ("subprocess.run(['true'])", "PermissionError"),
        ("os.system('true')", "PermissionError"),
        ("os.posix_spawn('/bin/true', ['true'], {})", "PermissionError"),
        ("os.execv('/bin/true', ['true'])", "PermissionError"),
        ("os.fork()", "PermissionError"),
        ("__import__('curl_cffi')", "ImportError"),
        ("__import__('json')", "done"),
    ],
)
def test_what_may_be_done(action: str, expected: str) -> None:
    code = textwrap.dedent(TRY) + f"print(json.dumps(outcome(lambda: {action})))"
    assert python(code) == expected


def test_no_native_network_code_in_yt_dlp(tmp_path: Path) -> None:
    """yt-dlp would use this package if it could be imported."""
    (tmp_path / "curl_cffi").mkdir()
    (tmp_path / "curl_cffi" / "__init__.py").write_text("__version__ = '0.13.0'\n")
    loaded = python(
        """
        import json, sys
        sys.path.insert(0, sys.argv[1])
        from har.media import guard
        guard.install(lambda address: True)
        import yt_dlp
        print(json.dumps("curl_cffi" in sys.modules))
        """,
        str(tmp_path),
    )
    assert loaded is False


DOWNLOAD = """
    import json, socket, sys
    from har.media import fetch_child, guard
    refused = guard.install(lambda address: str(address) == "127.0.0.1")
    url, folder, *answers = sys.argv[1:]
    if answers:
        # A resolver that changes its mind: each look-up takes the next answer.
        real = socket.getaddrinfo
        def getaddrinfo(host, *args, **kwargs):
            return real(answers.pop(0) if len(answers) > 1 else answers[0], *args, **kwargs)
        socket.getaddrinfo = getaddrinfo
    request = {"url": url, "folder": folder, "max_bytes": 10**6, "max_seconds": 60}
    answer = fetch_child.download(request, refused, lambda line: None)
    print(json.dumps([answer, refused]))
"""


@pytest.fixture
def inside() -> Iterator[Site]:
    """A server that must not be reached; whatever is asked of it, it would answer."""
    with Site(INSIDE) as site:
        yield site


def refusal_of(url: str, folder: Path, *answers: str) -> None:
    answer, refused = python(DOWNLOAD, url, str(folder), *answers)
    assert answer == {"reason": "refused"}
    assert INSIDE in refused[0]


@pytest.mark.parametrize("hops", [1, 3])
def test_redirect_inward(hops: int, site: Site, inside: Site, tmp_path: Path) -> None:
    for hop in range(1, hops):
        site.routes[f"/{hop}"] = redirect(f"/{hop + 1}")
    site.routes[f"/{hops}"] = redirect(f"{inside.url}/v.mp4")
    refusal_of(f"{site.url}/1", tmp_path)
    assert f"/{hops}" in site.asked
    assert inside.asked == []


def test_page_that_embeds_from_inside(site: Site, inside: Site, tmp_path: Path) -> None:
    page = f'<html><body><video src="{inside.url}/v.mp4"></video></body></html>'
    site.routes["/page"] = content(page.encode(), "text/html")
    refusal_of(f"{site.url}/page", tmp_path)
    assert inside.asked == []


@pytest.mark.parametrize(
    "lines",
    [
        "#EXTINF:4,\n{inside}/s.ts",
        '#EXT-X-KEY:METHOD=AES-128,URI="{inside}/key"\n#EXTINF:4,\n/s.ts',
        '#EXT-X-MAP:URI="{inside}/init.mp4"\n#EXTINF:4,\n/s.ts',
    ],
)
def test_playlist_that_points_inward(lines: str, site: Site, inside: Site, tmp_path: Path) -> None:
    head = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n"
    playlist = head + lines.format(inside=inside.url) + "\n#EXT-X-ENDLIST\n"
    site.routes["/list.m3u8"] = content(playlist.encode(), TYPES[".m3u8"])
    site.routes["/s.ts"] = content(bytes(1024), TYPES[".ts"])
    refusal_of(f"{site.url}/list.m3u8", tmp_path)
    assert inside.asked == []


def test_master_playlist_that_points_inward(site: Site, inside: Site, tmp_path: Path) -> None:
    playlist = f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\n{inside.url}/list.m3u8\n"
    site.routes["/all.m3u8"] = content(playlist.encode(), TYPES[".m3u8"])
    refusal_of(f"{site.url}/all.m3u8", tmp_path)
    assert inside.asked == []


def test_dash_manifest_that_points_inward(site: Site, inside: Site, tmp_path: Path) -> None:
    manifest = f"""<?xml version="1.0"?>
    <MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT4S">
    <Period><AdaptationSet mimeType="video/mp4"><Representation id="v" bandwidth="1000">
    <BaseURL>{inside.url}/</BaseURL><SegmentList duration="4">
    <SegmentURL media="s.mp4"/></SegmentList>
    </Representation></AdaptationSet></Period></MPD>"""
    site.routes["/dash.mpd"] = content(manifest.encode(), TYPES[".mpd"])
    refusal_of(f"{site.url}/dash.mpd", tmp_path)
    assert inside.asked == []


def test_name_whose_address_changes_after_the_first_look_up(site: Site, tmp_path: Path) -> None:
    site.routes["/v.mp4"] = content(bytes(1024), "video/mp4")
    with Site(INSIDE, site.port) as inside:
        url = f"http://rebinding.test:{site.port}/v.mp4"
        refusal_of(url, tmp_path, OUTSIDE, INSIDE)
        assert inside.asked == []
    assert site.asked == ["/v.mp4"]
