"""What a link has that nobody else may read: the user's password, and keys in its path."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest

from config import Settings
from har import errors
from har.live.session import Session
from har.live.source import source_of
from har.types import Fit
from tests.children import children, fact
from tests.live import broadcast, logins
from tests.media import certificates
from tests.media.site import Site

FIT = Fit(32)
SECRET = f"{re.escape(logins.PASSWORD)}|{re.escape(quote(logins.PASSWORD))}"
SERVERS = [
    partial(broadcast.http, asks="basic"),
    partial(broadcast.http, asks="digest"),
    partial(broadcast.rtsp, asks="basic"),
    partial(broadcast.rtsp, asks="digest"),
]


@pytest.fixture(scope="module")
def video(make_video: Callable[..., Path]) -> Path:
    codec = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    source = "testsrc2=d=2:r=16:s=160x120"
    return make_video("behind-a-login.mp4", "-f", "lavfi", "-i", source, *codec)


def command_lines() -> str:
    """Of the programs that we started, as everybody on the machine sees them."""
    return "\n".join(" ".join(fact(child, "cmdline", [])) for child in children())


def seen_while_watched(url: str, settings: Settings) -> str:
    session = Session(source_of(url), 8, FIT, settings, print)
    with closing(session.pictures()) as arrivals:
        assert next(arrivals) is not None
        return command_lines()


@pytest.mark.parametrize("serve", SERVERS)
def test_password_is_on_no_command_line(
    serve: Callable[..., broadcast.Opened], video: Path, private: Settings
) -> None:
    with serve(video) as channel:
        assert re.search(SECRET, channel.url)
        seen = seen_while_watched(channel.url, private)
    assert "rawvideo" in seen
    assert not re.search(SECRET, seen)
    assert logins.USER not in seen


def test_password_is_on_no_command_line_over_tls(
    video: Path, private: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, tls = certificates.made(tmp_path, "IP:127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with broadcast.http(video, "basic", tls) as channel:
        seen = seen_while_watched(channel.url, private)
    assert "rawvideo" in seen
    assert not re.search(SECRET, seen)


@pytest.mark.parametrize("serve", SERVERS)
def test_wrong_password_is_told_and_kept_to_us(
    serve: Callable[..., broadcast.Opened],
    video: Path,
    private: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "har")
    with serve(video) as channel:
        url = channel.url.replace(quote(logins.PASSWORD), "another-word")
        with pytest.raises(errors.UrlUnreachable, match="password") as caught:
            list(Session(source_of(url), 8, FIT, private, print).pictures())
    assert "live source ended" in caplog.text
    assert "another-word" not in caplog.text + str(caught.value)


def test_key_in_a_path_is_not_logged(private: Settings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "har")
    with Site() as site:
        source = source_of(f"{site.url}/key-1234/live.m3u8?token=5678")
        with pytest.raises(errors.UrlUnreachable):
            list(Session(source, 8, FIT, private, print).pictures())
    assert site.asked == ["/key-1234/live.m3u8?token=5678"]
    assert "live source ended" in caplog.text
    assert not re.search("1234|5678", caplog.text)
