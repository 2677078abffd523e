"""Runs the ffmpeg that reads a live source: what it may reach, and how soon it gives pictures."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import certifi
import ffmpeg

from config import Settings
from har import errors
from har.live.ffmpeg_child import PROXY, SCRIPT
from har.live.source import RTSP_PORT, Source
from har.media import child, decoder, egress, proxied, sandbox
from har.media.ffmpeg import FORMATS, executable_for_rtsp, input_options
from har.media.frames import written
from har.media.probe import probe
from har.types import Fit

SILENCE_SECONDS = 15.0
"""Without a picture, after which a stream counts as cut."""

_PROBING = {"probesize": 1_000_000, "analyzeduration": 2_000_000}
"""Bytes and microseconds."""
_SHOWN = 0.5
"""Least seconds from one picture for people to the next."""
_TALLEST = 480
"""Pixels."""
_PICTURE_BYTES = 4 << 20

_ARRIVAL = "(RTCTIME-RTCSTART)/(TB*1000000)"
"""As the time stamps of what is live: some cameras have none, and servers begin with a burst."""

_WEB = {
    "format_whitelist": f"{FORMATS},mpjpeg,hls",
    "protocol_whitelist": "http,https,tls,tcp,httpproxy,crypto",
}
# Without the protocol "rtsp", so that no server can send ffmpeg to another one. The link comes in a
# script on standard input.
_RTSP = {
    "f": "concat",
    "safe": 0,
    "format_whitelist": "concat,rtsp",
    "protocol_whitelist": "pipe,tcp",
    "fflags": "nobuffer",
}
_CAMERA = {"f": "v4l2", "format_whitelist": "video4linux2,v4l2"}

_MISTRUSTED = (
    "certificate verify failed|certificate failed verification|owner does not match hostname"
)
"""What ffmpeg says with OpenSSL, and with GnuTLS."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Running:
    """An ffmpeg that reads a source."""

    child: child.Child
    traffic: egress.Traffic | None
    """What its proxy saw, where it has one."""
    start: float
    """The second that the first picture stands for."""


@contextmanager
def running(
    source: Source, fps: float, fit: Fit, settings: Settings, shows: Path | None = None
) -> Iterator[Running]:
    """An ffmpeg that gives a source's pictures at ``fps``, as ``fit`` says; frames.pictures() reads
    them. The latest one for people is ``shows``, a file that is replaced whole, in a folder for it
    alone.

    Raises what probe() raises for a file, Stalled where its decoder is stuck, and ToolMissing.
    """
    if source.kind == "file":
        with _file(source, fps, fit, settings, shows) as started:
            yield started
        return
    if source.kind == "rtsp":
        settings = replace(settings, ffmpeg=executable_for_rtsp(settings))
    arriving = _input(source, settings)["V:0"].filter("setpts", _ARRIVAL).filter("fps", fps)
    argv = _written(arriving, fit, settings, shows)
    limits = {
        "memory": decoder.memory(settings),
        "patience": SILENCE_SECONDS,
        **_writing(shows),
    }
    if source.kind == "camera":
        with child.start(
            argv, reads=[Path(source.place)], env=decoder.FEW_ARENAS, **limits
        ) as camera:
            yield Running(camera, None, 0.0)
        return
    with proxied.start(
        child.python("har.live.ffmpeg_child", *argv),
        _rules(source, settings),
        reads=[*sandbox.places(argv[0]), Path(_authorities())],
        env=_environment(source, settings),
        **limits,
    ) as (network, traffic):
        yield Running(network, traffic, 0.0)


@contextmanager
def _file(
    source: Source, fps: float, fit: Fit, settings: Settings, shows: Path | None
) -> Iterator[Running]:
    video = probe(Path(source.place), settings)
    pictures = decoder.source(video, settings, re=None)["V:0"]
    argv = _written(pictures.filter("fps", fps, start_time=video.start), fit, settings, shows)
    with decoder.running(argv, video, settings, **_writing(shows)) as started:
        yield Running(started, None, video.start)


def _written(sampled: Any, fit: Fit, settings: Settings, shows: Path | None) -> list[str]:
    if shows is None:
        return written(sampled, fit, settings)
    split = sampled.filter_multi_output("split")
    # The first at once.
    chosen = split[1].filter("select", f"isnan(prev_selected_t)+gte(t-prev_selected_t,{_SHOWN})")
    # With square pixels, and even sides.
    small = chosen.filter("scale", "2*trunc(oh*dar/2)", f"2*trunc(min({_TALLEST},ih)/2)")
    # More threads hold the first picture back until others have come.
    encoding = {"vcodec": "mjpeg", "q:v": 5, "threads": 1}
    whole = {"f": "image2", "update": 1, "atomic_writing": 1, "fps_mode": "passthrough"}
    picture = small.filter("setsar", 1).output(str(shows), **encoding, **whole)
    return written(split[0], fit, settings, picture)


def _writing(shows: Path | None) -> dict[str, Any]:
    return {"writes": shows.parent, "file_size": _PICTURE_BYTES} if shows else {}


def _input(source: Source, settings: Settings) -> Any:
    options: dict[str, Any] = {**input_options(settings), **_PROBING, "flags": "low_delay"}
    if source.kind == "camera":
        return ffmpeg.input(source.place, **{**options, **_CAMERA})
    if source.kind == "rtsp":
        return ffmpeg.input("pipe:0", **{**options, **_RTSP})
    parts = urlsplit(source.place)
    if parts.scheme == "https":
        options |= {"tls_verify": 1, "ca_file": _authorities()}
    if is_playlist := parts.path.endswith(".m3u8"):
        # Its parts come as files, each as fast as it can.
        options["re"] = None
    else:
        options["fflags"] = "nobuffer"
    # ffmpeg goes by the extension as well.
    start = f"http://{egress.START}/live{'.m3u8' if is_playlist else ''}"
    return ffmpeg.input(start, **{**options, **_WEB})


def _environment(source: Source, settings: Settings) -> dict[str, str]:
    # ca_file is not for the parts of a playlist; this is.
    environment = {**decoder.FEW_ARENAS, "SSL_CERT_FILE": _authorities()}
    if source.kind == "rtsp":
        environment[SCRIPT] = _script(source.place, settings)
    return environment


def _authorities() -> str:
    """The file of those whose certificates are good."""
    return os.environ.get("SSL_CERT_FILE") or certifi.where()


def _script(url: str, settings: Settings) -> str:
    """An ffconcat script with an RTSP link as its only file."""
    options = {
        **_PROBING,
        "max_streams": input_options(settings)["max_streams"],
        "rtsp_transport": "tcp",
        "fflags": "nobuffer",
    }
    quoted = _through_tunnel(url).replace("'", r"'\''")
    lines = [f"option {name} {value}" for name, value in options.items()]
    return "\n".join(["ffconcat version 1.0", f"file '{quoted}'", *lines, ""])


def _through_tunnel(url: str) -> str:
    """An RTSP link that leads to the proxy, which knows where it is to lead."""
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    return parts._replace(scheme="rtsp", netloc=f"{user}{at}{PROXY}").geturl()


def _rules(source: Source, settings: Settings) -> egress.Rules:
    """The rules of links, for a stream that need not end."""
    rules = replace(egress.rules_of(settings), most_bytes=sys.maxsize)
    if source.kind == "http":
        return replace(rules, start=source.place)
    parts = urlsplit(source.place)
    target = parts.hostname or "", parts.port or RTSP_PORT
    return replace(rules, leads_to=target, ports=[*rules.ports, RTSP_PORT])


def failure(source: Source, running: Running) -> errors.HarError:
    """The error behind a source that gave no picture, or whose reading ended badly."""
    words = running.child.stderr()
    # Links have passwords.
    _log.info("live source ended: %s", re.sub(r"(\w+://)\S+", r"\1…", words))
    if running.traffic and running.traffic.refused:
        return errors.UrlRefused(
            "The stream is at an address that nothing is taken from here, such as a private one. "
            "HAR_ALLOW_PRIVATE_URLS=1 allows those, and HAR_ALLOW_HOSTS and HAR_DENY_HOSTS limit "
            "the rest."
        )
    if known := decoder.failure(words):
        return known
    if source.kind == "camera":
        return errors.FileMissing(
            "The camera gives no picture. Check that it is plugged in, that you may use it, and "
            "that no other program does."
        )
    if source.kind == "file":
        return errors.Undecodable(
            "The video cannot be decoded. Convert it to H.264 in MP4 and try again."
        )
    if re.search("401 Unauthorized", words):
        return errors.UrlUnreachable(
            "The stream is for those who have its password. Put the right one into the link: "
            "rtsp://user:password@host/, or the same with http or https."
        )
    if re.search(_MISTRUSTED, words):
        return errors.UrlUnreachable(
            "The certificate of the stream's server is vouched for by nobody who is trusted here, "
            "or is for another name. SSL_CERT_FILE names a file of authorities to trust instead."
        )
    reached = running.traffic is None or running.traffic.received > 0
    if reached and re.search("Invalid data|not contain any stream|matches no streams", words):
        return errors.UrlNoVideo("There is no video behind the link that can be decoded here.")
    return errors.UrlUnreachable(
        "The stream cannot be reached. Check the link in a player, and that the camera is on."
    )
