"""Streams over https: whose certificate is good, and what becomes of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config import Settings
from har import errors
from har.live import decoding
from har.live.source import source_of
from har.media.frames import pictures
from har.types import Fit
from tests.media import certificates
from tests.media.site import Site, content

FIT = Fit(32)
PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n"


@pytest.fixture(scope="module")
def video(make_video: Callable[..., Path]) -> Path:
    codec = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    return make_video("by-https.ts", "-f", "lavfi", "-i", "testsrc2=d=2:r=16:s=160x120", *codec)


@pytest.fixture
def site(video: Path, tmp_path: Path) -> Iterator[Site]:
    """Has a playlist and its part by https, for the name ``localhost``."""
    _, tls = certificates.made(tmp_path, "DNS:localhost")
    with Site(tls=tls) as site:
        site.url = f"https://localhost:{site.port}"
        site.routes["/part.ts"] = content(video.read_bytes(), "video/mp2t")
        playlist = content(PLAYLIST.format("part.ts").encode(), "application/vnd.apple.mpegurl")
        site.routes["/live.m3u8"] = playlist
        yield site


@pytest.fixture
def trusted(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator trusts whoever made the site's certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))


def count(url: str, settings: Settings) -> int:
    """The pictures that a link gives. Raises the error where it gives none."""
    source = source_of(url)
    with decoding.running(source, 8, FIT, settings) as ffmpeg:
        found = sum(1 for _ in pictures(ffmpeg.child, FIT))
        if not found:
            raise decoding.failure(source, ffmpeg)
    return found


@pytest.mark.usefixtures("trusted")
def test_certificate_that_is_vouched_for(site: Site, private: Settings) -> None:
    assert count(f"{site.url}/live.m3u8", private) > 0


@pytest.mark.usefixtures("trusted")
def test_playlist_by_http_with_parts_by_https(site: Site, private: Settings) -> None:
    with Site() as front:
        playlist = PLAYLIST.format(f"{site.url}/part.ts")
        front.routes["/live.m3u8"] = content(playlist.encode(), "application/vnd.apple.mpegurl")
        assert count(f"{front.url}/live.m3u8", private) > 0


@pytest.mark.parametrize("page", ["part.ts", "live.m3u8"])
def test_certificate_that_nobody_vouches_for(page: str, site: Site, private: Settings) -> None:
    with pytest.raises(errors.UrlUnreachable, match="certificate"):
        count(f"{site.url}/{page}", private)
    assert site.asked == []


@pytest.mark.usefixtures("trusted")
def test_certificate_for_another_name(site: Site, private: Settings) -> None:
    with pytest.raises(errors.UrlUnreachable, match="certificate"):
        count(f"https://127.0.0.1:{site.port}/part.ts", private)
    assert site.asked == []
