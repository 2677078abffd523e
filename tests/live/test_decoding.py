"""What an ffmpeg that reads a live source gives, and what it may reach."""

from __future__ import annotations

import dataclasses
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from config import Settings
from har import errors
from har.live import decoding
from har.live.session import Session
from har.live.source import Source, source_of
from har.media.frames import pictures
from har.types import Fit
from tests.live import broadcast
from tests.media.site import Site, content, redirect

FIT = Fit(32)
PLAYLIST = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n"


@pytest.fixture(scope="module")
def video(make_video: Callable[..., Path]) -> Path:
    """Three seconds in which each second has a brightness of its own."""
    grey = "color=c=0x{0}{0}{0}:d=1:r=16:s=160x120[v{1}]"
    parts = ";".join(grey.format(value, i) for i, value in enumerate(("20", "80", "e0")))
    graph = f"{parts};[v0][v1][v2]concat=n=3"
    codec = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "16")
    return make_video("three-greys.mp4", "-f", "lavfi", "-i", graph, *codec)


def told(source: Source, settings: Settings) -> errors.HarError:
    """The error of a source that gives no picture."""
    said: list[str] = []
    with pytest.raises(errors.HarError) as caught:
        list(Session(source, 8, FIT, settings, said.append).pictures())
    assert said == []
    assert caught.value.detail.endswith(".")
    return caught.value


def test_file_at_its_own_speed(video: Path, settings: Settings) -> None:
    arrivals, clock = [], []
    for arrival in Session(source_of(str(video)), 8, FIT, settings, print).pictures():
        arrivals.append(arrival)
        clock.append(time.monotonic())
    assert clock[-1] - clock[0] > 2
    moments = [arrival[0] for arrival in arrivals if arrival]
    assert moments == pytest.approx([i / 8 for i in range(24)])
    brightness = [int(arrival[1].mean()) for arrival in arrivals if arrival]
    assert brightness == sorted(brightness)
    assert len(set(brightness)) == 3


@pytest.mark.parametrize("serve", [broadcast.http, broadcast.rtsp])
def test_a_whole_picture_is_shown_at_its_own_shape(
    serve: Callable[..., broadcast.Opened], samples: Path, private: Settings
) -> None:
    """What is broadcast is 4:3 with pixels that are wider than high."""
    path = samples / "real/exercise_1080p.mp4"
    with serve(path) as channel:
        session = Session(source_of(channel.url), 8, Fit(176, longest=320), private, print)
        with closing(session.pictures()) as arrivals:
            _, picture = next(filter(None, arrivals))
    assert picture.shape == (176, 312, 3)
    # It is sent over and over, and heard from somewhere on.
    with av.open(str(path)) as container:
        shown = [one.to_image() for one in islice(container.decode(video=0), 0, None, 5)]
    expected = [np.asarray(one.resize((312, 176), Image.Resampling.BILINEAR), int) for one in shown]
    assert min(np.abs(one - picture).mean() for one in expected) < 4, "of 255"


def test_a_portrait_file_is_shown_upright(samples: Path, settings: Settings) -> None:
    source = source_of(str(samples / "odd/video_90.mov"))
    session = Session(source, 8, Fit(176, longest=320), settings, print)
    shapes = {arrival[1].shape for arrival in session.pictures() if arrival}
    assert shapes == {(312, 176, 3)}


def test_file_that_is_no_video(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "a.mp4").write_text("no video")
    assert isinstance(told(source_of(str(tmp_path / "a.mp4")), settings), errors.NotAVideo)


def test_device_that_is_no_camera(settings: Settings) -> None:
    error = told(Source("camera", "/dev/zero"), settings)
    assert isinstance(error, errors.FileMissing)
    assert "camera" in error.detail


@pytest.mark.parametrize("serve", [broadcast.http, broadcast.rtsp])
def test_streams_of_this_machine_are_refused(
    serve: Callable[..., object], video: Path, settings: Settings
) -> None:
    with serve(video) as channel:  # type: ignore[attr-defined]
        assert isinstance(told(source_of(channel.url), settings), errors.UrlRefused)
        assert channel.connections == 0


def test_hosts_that_are_denied(video: Path, private: Settings) -> None:
    denied = dataclasses.replace(private, deny_hosts="localhost")
    with broadcast.rtsp(video) as channel:
        url = channel.url.replace("127.0.0.1", "localhost")
        assert isinstance(told(source_of(url), denied), errors.UrlRefused)
        assert channel.connections == 0


def test_nobody_there(private: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for scheme in ("http", "rtsp"):
        source = source_of(f"{scheme}://127.0.0.1:{port}/live")
        assert isinstance(told(source, private), errors.UrlUnreachable)


def test_what_is_no_video(private: Settings) -> None:
    with Site() as site:
        site.routes["/live"] = content(b"hello" * 1000, "text/html")
        assert isinstance(told(source_of(f"{site.url}/live"), private), errors.UrlNoVideo)


@pytest.mark.parametrize("inner", ["file:///etc/hostname", "/proc/self/environ", "{video}"])
def test_playlist_reads_no_file_of_this_machine(inner: str, video: Path, private: Settings) -> None:
    with Site() as site:
        playlist = PLAYLIST.format(inner.format(video=f"file://{video}"))
        site.routes["/live.m3u8"] = content(playlist.encode(), "application/vnd.apple.mpegurl")
        told(source_of(f"{site.url}/live.m3u8"), private)


def test_playlist_is_watched_at_its_own_speed(
    video: Path, make_video: Callable[..., Path], private: Settings
) -> None:
    part = make_video("three-greys.ts", "-i", str(video), "-c", "copy")
    playlist = PLAYLIST.replace("DURATION:1", "DURATION:3").replace("EXTINF:1", "EXTINF:3")
    with Site() as site:
        playlist = playlist.format("part.ts")
        site.routes["/live.m3u8"] = content(playlist.encode(), "application/vnd.apple.mpegurl")
        site.routes["/part.ts"] = content(part.read_bytes(), "video/mp2t")
        source = source_of(f"{site.url}/live.m3u8")
        with decoding.running(source, 8, FIT, private) as ffmpeg:
            brightness = [int(picture.mean()) for picture in pictures(ffmpeg.child, FIT)]
    assert 16 <= len(brightness) <= 28
    assert brightness == sorted(brightness)
    assert len(set(brightness)) == 3


def test_redirect_inward_is_refused(video: Path, settings: Settings) -> None:
    """From an address that is allowed to one that is not, both of this machine."""
    outward = dataclasses.replace(settings, allow_private_urls=True, deny_hosts="127.0.0.2")
    with Site() as site, Site("127.0.0.2") as inner:
        site.routes["/live"] = redirect(f"http://127.0.0.2:{inner.port}/live")
        assert isinstance(told(source_of(f"{site.url}/live"), outward), errors.UrlRefused)
        assert inner.connections == 0


@pytest.mark.parametrize("machine", ["bubblewrap", "without_bubblewrap"])
def test_rtsp_server_sends_nobody_elsewhere(
    machine: str, private: Settings, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(machine)
    with Site() as inner, socket.create_server(("127.0.0.1", 0)) as listener:
        answer = (
            f"RTSP/1.0 302 Found\r\nCSeq: 1\r\nLocation: rtsp://127.0.0.1:{inner.port}/\r\n\r\n"
        )

        def send_elsewhere() -> None:
            client, _ = listener.accept()
            with client, suppress(ConnectionError):
                client.recv(4096)
                client.sendall(answer.encode())
                client.recv(4096)

        thread = threading.Thread(target=send_elsewhere)
        thread.start()
        source = source_of(f"rtsp://127.0.0.1:{listener.getsockname()[1]}/live")
        told(source, private)
        thread.join(20)
        assert inner.connections == 0
