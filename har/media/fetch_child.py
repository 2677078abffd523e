"""The download's own process: ``python -m har.media.fetch_child REQUEST FD`` runs yt-dlp, guarded.

REQUEST is a JSON file: ``url``, ``folder``, ``max_bytes``, ``max_seconds``, ``timeout`` (seconds).
FD is what guard.enter() takes. Standard output gets JSON lines: ``{"progress": 0..1}`` and at the
end ``{"files": [...], "segmented": bool, "ext": "mp4"}``, the names in the folder of one file or of
its picture and its sound apart, or ``{"reason": ...}`` with a key of fetch.py's table.
"""

from __future__ import annotations

import errno
import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from har.media import guard

Say = Callable[[dict[str, Any]], None]

_PROGRESS_INTERVAL = 0.2
_MOST_REQUESTS = 40
"""Before the download begins, redirects not counted. The sites that ask most take about 15."""


class _Stop(BaseException):
    """Ends the download at once. Not an Exception, which yt-dlp would wrap, or try again after."""

    def __init__(self, reason: str, **facts: Any) -> None:
        super().__init__(reason)
        self.answer = {"reason": reason, **facts}


class _Log:
    """yt-dlp's logger: errors and warnings go to standard error, the rest nowhere."""

    def debug(self, message: str) -> None:
        pass

    info = debug

    def warning(self, message: str) -> None:
        print(message, file=sys.stderr)

    error = warning


def download(request: dict[str, Any], proxy: str, say: Say) -> dict[str, Any]:
    """Download what is behind a link and return the last line to print."""
    unexplained = "no_video"
    try:
        with _patient(_options(proxy)) as ydl:
            item = _first(ydl.extract_info(request["url"], download=False))
            _check(item, request["max_seconds"])
            ydl.requests_left = math.inf
            unexplained = "broken_off"
            return _files(ydl, item, request, say)
    except _Stop as stop:
        return stop.answer
    except Exception as error:
        return _reason(error, unexplained)


def _patient(options: dict[str, Any]) -> Any:
    """A YoutubeDL whose patience with pages that lead to pages has an end."""
    from yt_dlp import YoutubeDL

    class Patient(YoutubeDL):  # type: ignore[misc]
        requests_left: float = _MOST_REQUESTS

        def urlopen(self, request: Any) -> Any:
            self.requests_left -= 1
            if self.requests_left < 0:
                raise _Stop("hops")
            return super().urlopen(request)

    return Patient(options)


def _options(proxy: str) -> dict[str, Any]:
    """yt-dlp's options. It reads no configuration, cookies, netrc or environment when embedded."""
    return {
        "logger": _Log(),
        "quiet": True,
        "noprogress": True,
        "color": "never",
        # Picture and sound apart or in one file, or else a picture without sound.
        "format": "bv*+ba/b/bv*",
        # The largest up to 720 pixels on the shorter side, else the smallest above.
        "format_sort": ["res:720", "vcodec:h264"],
        "noplaylist": True,
        "playlist_items": "1",
        "cachedir": False,
        "proxy": proxy,
        "js_runtimes": {},
        "hls_prefer_native": True,
        "skip_unavailable_fragments": False,
        "socket_timeout": 20,
        "retries": 2,
        "fragment_retries": 2,
        "extractor_retries": 1,
    }


def _first(info: dict[str, Any] | None) -> dict[str, Any]:
    while info and "entries" in info:
        info = next(iter(info["entries"]), None)
    if not info:
        raise _Stop("no_video")
    return info


def _check(item: dict[str, Any], max_seconds: float) -> None:
    if item.get("live_status") in ("is_live", "is_upcoming"):
        raise _Stop("live")
    duration = item.get("duration") or 0
    if duration > max_seconds:
        raise _Stop("too_long", seconds=duration)


def _files(ydl: Any, item: dict[str, Any], request: dict[str, Any], say: Say) -> dict[str, Any]:
    """Download the chosen formats of an item to files with names of ours."""
    parts = item.pop("requested_formats", None) or [item]
    watch = _Watch(Path(request["folder"]), request["max_bytes"], len(parts), say)
    ydl.add_progress_hook(watch)
    names = []
    for part in parts:
        name = f"part{watch.finished}"
        ydl.dl(f"{watch.folder}/{name}", {**item, **part})
        if not (watch.folder / name).is_file():
            raise _Stop("no_video")
        watch.finished += 1
        names.append(name)
    protocols = {part.get("protocol") for part in parts}
    return {"files": names, "segmented": not protocols <= {"http", "https"}, "ext": item["ext"]}


class _Watch:
    """Progress hook that reports, and stops the download when there are too many bytes.

    yt-dlp's own ``max_filesize`` lets chunked answers and fragments pass, hence the count on disk.
    """

    def __init__(self, folder: Path, max_bytes: int, files: int, say: Say) -> None:
        self.folder = folder
        self.finished = 0
        self._max_bytes = max_bytes
        self._files = files
        self._say = say
        self._said = 0.0

    def __call__(self, status: dict[str, Any]) -> None:
        on_disk = sum(file.stat().st_size for file in os.scandir(self.folder))
        if max(on_disk, status.get("total_bytes") or 0) > self._max_bytes:
            raise _Stop("too_large")
        if time.monotonic() - self._said < _PROGRESS_INTERVAL:
            return
        self._said = time.monotonic()
        self._say({"progress": (self.finished + self._fraction(status)) / self._files})

    def _fraction(self, status: dict[str, Any]) -> float:
        total = status.get("total_bytes") or status.get("total_bytes_estimate") or self._max_bytes
        return min(1.0, (status.get("downloaded_bytes") or 0) / total)


def _reason(error: Exception, unexplained: str) -> dict[str, Any]:
    """What an exception of yt-dlp means for the user; one that it gives no cause for, after its
    own retries, is ``unexplained``."""
    from yt_dlp.networking import exceptions
    from yt_dlp.utils import YoutubeDLError

    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, exceptions.HTTPError):
            looping = cause.redirect_loop
            return {"reason": "loop" if looping else "http", "status": cause.status}
        if isinstance(cause, exceptions.RequestError):
            return {"reason": "unreachable"}
        if isinstance(cause, OSError) and cause.errno == errno.EFBIG:
            return {"reason": "too_large"}
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            return {"reason": "no_space"}
    if isinstance(error, MemoryError) or not isinstance(error, YoutubeDLError):
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return {"reason": "failed"}
    return {"reason": unexplained}


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and all that led to it, by Python's links and by yt-dlp's own."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        cause = pending.pop()
        if cause is None or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        before = getattr(cause, "exc_info", None) or (None, None, None)
        pending += [cause.__context__, cause.__cause__, getattr(cause, "cause", None), before[1]]


def main(request_file: str, channel: str) -> None:
    """Run the download; the arguments are those of the command line."""
    proxy = guard.enter(int(channel))
    request = json.loads(Path(request_file).read_text())
    # Whoever started us ends us in time; this is for when it was killed itself.
    signal.alarm(math.ceil(request["timeout"]) + 10)
    # Only our lines go to standard output, whatever a library prints.
    output = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def say(line: dict[str, Any]) -> None:
        print(json.dumps(line), file=output)

    say(download(request, proxy, say))


if __name__ == "__main__":
    main(*sys.argv[1:])
