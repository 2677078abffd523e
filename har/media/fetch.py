"""Fetches the one video behind a link, with yt-dlp in a process of its own (fetch_child.py)."""

from __future__ import annotations

import json
import logging
import os
import selectors
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ffmpeg

from config import Settings
from har import errors
from har.media import child
from har.media.ffmpeg import executable, input_options

_log = logging.getLogger(__name__)

_LONGEST_URL = 8192
_TICK = 0.25
"""Seconds after which the caller's progress is called even without news, so that it can cancel."""
_MEMORY = 512 << 20
"""Bytes; yt-dlp takes 60 MB, and holds pages and single fragments in memory whole."""
_SLACK = 8_000_000
"""Bytes by which the kernel's limit on a file lies above ours, which is checked between blocks."""
_EXTENSIONS = {"mp4", "m4v", "mov", "3gp", "mkv", "webm", "avi", "ts", "flv", "ogv", "mpg", "mpeg"}

_REASONS: dict[str, tuple[type[errors.HarError], str]] = {
    "bad_url": (errors.UrlError, "Send a link that starts with http:// or https:// and a host."),
    "refused": (
        errors.UrlRefused,
        "The link leads to an address that is not public. Send one that anybody can open.",
    ),
    "http": (
        errors.UrlUnreachable,
        "The site answers with HTTP status {status}. Check the link in a browser, or upload the "
        "file instead.",
    ),
    "loop": (
        errors.UrlUnreachable,
        "The link leads in circles. Check it in a browser, or upload the file instead.",
    ),
    "unreachable": (
        errors.UrlUnreachable,
        "The site cannot be reached. Check the link in a browser, or upload the file instead.",
    ),
    "broken_off": (
        errors.UrlUnreachable,
        "The download of the video broke off. Try again, or upload the file instead.",
    ),
    "slow": (
        errors.UrlUnreachable,
        "The download took longer than {timeout:g} s. Download the video yourself and upload it.",
    ),
    "no_video": (
        errors.UrlNoVideo,
        "No video can be found behind the link. Link to a page with a video, or upload the file.",
    ),
    "live": (errors.UrlNoVideo, "The link leads to a live stream. Send one to a recording."),
    "failed": (
        errors.UrlNoVideo,
        "The video behind the link cannot be fetched. Download it yourself and upload it.",
    ),
    "too_large": (errors.TooLarge, "Videos may have {max_mb} MB at most. Send a smaller copy."),
    "too_long": (
        errors.TooLong,
        "The video lasts {seconds:.0f} s; {max_seconds:g} s are allowed. Cut it into parts.",
    ),
    "no_space": (errors.InternalError, "There is no room for the video here. Try again later."),
}


def fetch(url: str, folder: Path, settings: Settings, progress: Callable[[float], None]) -> Path:
    """Fetch the video behind a link into ``folder`` as ``fetched.*``, replacing one of that name.

    ``progress`` gets the fraction done, 0..1 and never falling, several times a second of the
    download; when it raises, the download is killed. Whatever goes wrong, nothing stays in the
    folder. Raises UrlError and its subclasses, TooLarge, and TooLong where the site tells the
    duration.
    """
    if not _well_formed(url):
        raise _error("bad_url", settings)
    deadline = time.monotonic() + settings.fetch_timeout_seconds
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as work:
        found = _download(url, Path(work), settings, progress, deadline)
        video = _joined(found, Path(work), settings, deadline)
        extension = video.suffix or _extension(found["ext"])
        progress(1.0)
        return video.replace(folder / f"fetched{extension}")


def _extension(told: str) -> str:
    """A site's word for the kind of file, where it is safe to serve a file under it."""
    return f".{told}" if told in _EXTENSIONS else ".video"


def _well_formed(url: str) -> bool:
    # A fragment that starts like this would set internals of yt-dlp.
    if len(url) > _LONGEST_URL or not url.isprintable() or "__youtubedl_smuggle" in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _error(reason: str, settings: Settings, **facts: Any) -> errors.HarError:
    kind, sentence = _REASONS[reason]
    limits = {
        "timeout": settings.fetch_timeout_seconds,
        "max_mb": settings.max_upload_mb,
        "max_seconds": settings.max_duration_seconds,
    }
    return kind(sentence.format(**limits, **facts))


def _download(
    url: str,
    work: Path,
    settings: Settings,
    progress: Callable[[float], None],
    deadline: float,
) -> dict[str, Any]:
    """The child's last line, when it is one of success."""
    max_bytes = settings.max_upload_mb * 1_000_000
    request = work / "request.json"
    request.write_text(json.dumps(_request(url, work, settings, max_bytes)))
    reached = 0.0
    with child.start(
        [sys.executable, "-m", "har.media.fetch_child", str(request)],
        env={"HOME": str(work), "YTDLP_NO_PLUGINS": "1"},
        memory=_MEMORY,
        file_size=max_bytes + _SLACK,
        cwd=str(Path(__file__).resolve().parents[2]),
    ) as downloader:
        for line in _lines(downloader, deadline):
            message = json.loads(line or b"{}")
            if "files" in message:
                return dict(message)
            if "reason" in message:
                _log.info("link not fetched: %s\n%s", message, downloader.stderr())
                raise _error(**message, settings=settings)
            reached = max(reached, message.get("progress", 0.0))
            progress(reached)
        late = time.monotonic() >= deadline
        _log.warning("download %s: %s", "is late" if late else "died", downloader.stderr())
        raise _error("slow" if late else "failed", settings)


def _request(url: str, work: Path, settings: Settings, max_bytes: int) -> dict[str, Any]:
    return {
        "url": url,
        "folder": str(work),
        "max_bytes": max_bytes,
        "max_seconds": settings.max_duration_seconds,
        "timeout": settings.fetch_timeout_seconds,
        "private": settings.allow_private_urls,
    }


def _lines(downloader: child.Child, deadline: float) -> Iterator[bytes]:
    """The child's lines until its end or the deadline, and an empty one at each idle tick."""
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(downloader.stdout, selectors.EVENT_READ)
        while time.monotonic() < deadline:
            if not selector.select(_TICK):
                yield b""
                continue
            read = os.read(downloader.stdout.fileno(), 65536)
            if not read:
                return
            *lines, pending = (pending + read).split(b"\n")
            yield from lines


def _joined(found: dict[str, Any], work: Path, settings: Settings, deadline: float) -> Path:
    """One file from what was downloaded, without encoding anything anew.

    Segments strung together are rewritten as well, since few players seek in those.
    """
    parts = [Path(name) for name in found["files"]]
    if len(parts) == 1 and not found["segmented"]:
        return parts[0]
    for container in ("mp4", "mkv"):
        joined = work / f"joined.{container}"
        try:
            child.run(
                _join_arguments(parts, joined, settings),
                timeout=max(1.0, deadline - time.monotonic()),
                file_size=settings.max_upload_mb * 1_000_000 + _SLACK,
            )
            return joined
        except child.ChildFailed as error:
            _log.info("not joined as %s: %s", container, error)
        except child.ChildTimeout:
            raise _error("slow", settings) from None
    raise _error("failed", settings)


def _join_arguments(parts: list[Path], joined: Path, settings: Settings) -> list[str]:
    inputs = [ffmpeg.input(f"file:{part}", **input_options(settings)) for part in parts]
    streams = [source[kind] for source in inputs for kind in ("V?", "a?")]
    faststart = {"movflags": "faststart"} if joined.suffix == ".mp4" else {}
    output = ffmpeg.output(*streams, f"file:{joined}", c="copy", **faststart)
    arguments: list[str] = output.global_args("-nostdin", "-hide_banner", "-v", "error").compile(
        executable(settings), overwrite_output=True
    )
    return arguments
