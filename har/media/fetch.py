"""Fetches the one video behind a link, with yt-dlp in a process of its own (fetch_child.py)."""

from __future__ import annotations

import json
import logging
import os
import selectors
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ffmpeg

from config import Settings
from har import errors
from har.media import child, decoder, egress, proxied
from har.media.ffmpeg import executable, input_options

_log = logging.getLogger(__name__)

_LONGEST_URL = 8192
_TICK = 0.25
"""Seconds after which the caller's progress is called even without news, so that it can cancel."""
_LOGGED = 10
_LONGEST_LINE = 1 << 20
_MEMORY = 512 << 20
"""Bytes; yt-dlp takes 60 MB, and holds pages and single fragments in memory whole."""
_SLACK = 8_000_000
"""Bytes by which the kernel's limit on a file lies above ours, which is checked between blocks."""
_EXTENSIONS = {"mp4", "m4v", "mov", "3gp", "mkv", "webm", "avi", "ts", "flv", "ogv", "mpg", "mpeg"}

_REASONS: dict[str, tuple[type[errors.HarError], str]] = {
    "bad_url": (errors.UrlError, "Send a link that starts with http:// or https:// and a host."),
    "refused": (
        errors.UrlRefused,
        "The link leads to an address that nothing is fetched from here, such as a private one. "
        "Send one that anybody can open, or upload the file instead.",
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
    "hops": (
        errors.UrlUnreachable,
        "The link leads from page to page. Link to the video itself, or upload the file instead.",
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
    "no_space": (errors.DiskFull, "There is no room for the video here. Try again later."),
}


def fetch(
    url: str,
    folder: Path,
    settings: Settings,
    progress: Callable[[float], None],
    rules: egress.Rules | None = None,
) -> Path:
    """Fetch the video behind a link into ``folder`` as ``fetched.*``, replacing one of that name.

    ``progress`` gets the fraction done, 0..1 and never falling, several times a second of the
    download; when it raises, the download is killed. Whatever goes wrong, nothing stays in the
    folder. ``rules`` are those of the settings unless given. Raises UrlError and its subclasses,
    TooLarge, DiskFull, TooLong where the site tells the duration, and what decoders raise where
    parts have to be joined.
    """
    if not _well_formed(url):
        raise _error("bad_url", settings)
    deadline = time.monotonic() + settings.fetch_timeout_seconds
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as work:
        through = rules or egress.rules_of(settings)
        found = _download(url, Path(work), settings, progress, deadline, through)
        parts = _parts(found, Path(work), settings)
        joins = len(parts) > 1 or found["segmented"]
        video = _joined(parts, Path(work), settings, deadline) if joins else parts[0]
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
    rules: egress.Rules,
) -> dict[str, Any]:
    """The child's last line, when it is one of success."""
    request = work / "request.json"
    request.write_text(json.dumps(_request(url, work, settings)))
    reached = 0.0
    with proxied.start(
        child.python("har.media.fetch_child", str(request)),
        rules,
        writes=work,
        env={"HOME": str(work), "YTDLP_NO_PLUGINS": "1"},
        memory=_MEMORY,
        file_size=_most_bytes(settings) + _SLACK,
    ) as (downloader, traffic):
        for line in _lines(downloader, deadline):
            message = json.loads(line or b"{}")
            if "files" in message:
                return dict(message)
            if "reason" in message or traffic.full:
                raise _failure(message, downloader, traffic, settings)
            reached = max(reached, message.get("progress", 0.0))
            progress(reached)
        late = time.monotonic() >= deadline
        message = {"reason": "slow" if late else "failed"}
        raise _failure(message, downloader, traffic, settings)


def _failure(
    message: dict[str, Any], downloader: child.Child, traffic: egress.Traffic, settings: Settings
) -> errors.HarError:
    """The error that the child's last line stands for, unless the proxy knows better."""
    refused = traffic.refused[:_LOGGED]
    _log.info("link not fetched: %s, refused: %s\n%s", message, refused, downloader.stderr())
    if traffic.full:
        return _error("too_large", settings)
    return _error("refused", settings) if refused else _error(**message, settings=settings)


def _request(url: str, work: Path, settings: Settings) -> dict[str, Any]:
    return {
        "url": url,
        "folder": str(work),
        "max_bytes": _most_bytes(settings),
        "max_seconds": settings.max_duration_seconds,
        "timeout": settings.fetch_timeout_seconds,
    }


def _most_bytes(settings: Settings) -> int:
    return settings.max_upload_mb * 1_000_000


def _lines(downloader: child.Child, deadline: float) -> Iterator[bytes]:
    """The child's lines until its end or the deadline, and an empty one at each idle tick.

    A line without end counts as the end.
    """
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(downloader.stdout, selectors.EVENT_READ)
        while time.monotonic() < deadline and len(pending) < _LONGEST_LINE:
            if not selector.select(_TICK):
                yield b""
                continue
            read = os.read(downloader.stdout.fileno(), 65536)
            if not read:
                return
            *lines, pending = (pending + read).split(b"\n")
            yield from lines


def _parts(found: dict[str, Any], work: Path, settings: Settings) -> list[Path]:
    """The files that the child says it made, wherever else it may point."""
    parts = [work / Path(name).name for name in found["files"]]
    if not parts or not all(part.is_file() and not part.is_symlink() for part in parts):
        raise _error("failed", settings)
    return parts


def _joined(parts: Sequence[Path], work: Path, settings: Settings, deadline: float) -> Path:
    """One file from what was downloaded, without encoding anything anew.

    Segments strung together are rewritten as well, since few players seek in those.
    """
    for container in ("mp4", "mkv"):
        joined = work / f"joined.{container}"
        try:
            child.run(
                _join_arguments(parts, joined, settings),
                reads=parts,
                writes=work,
                memory=decoder.memory(settings),
                timeout=max(1.0, deadline - time.monotonic()),
                patience=settings.stall_seconds,
                file_size=_most_bytes(settings) + _SLACK,
            )
            return joined
        except child.ChildFailed as error:
            _log.info("not joined as %s: %s", container, error)
            if known := decoder.failure(error.stderr):
                raise known from None
        except child.ChildStalled:
            raise decoder.stalled() from None
        except child.ChildTimeout:
            raise _error("slow", settings) from None
    raise _error("failed", settings)


def _join_arguments(parts: Sequence[Path], joined: Path, settings: Settings) -> list[str]:
    inputs = [ffmpeg.input(f"file:{part}", **input_options(settings)) for part in parts]
    streams = [source[kind] for source in inputs for kind in ("V?", "a?")]
    faststart = {"movflags": "faststart"} if joined.suffix == ".mp4" else {}
    output = ffmpeg.output(*streams, f"file:{joined}", c="copy", **faststart)
    quiet = output.global_args("-nostdin", "-hide_banner", "-v", "error", "-progress", "pipe:1")
    arguments: list[str] = quiet.compile(executable(settings), overwrite_output=True)
    return arguments
