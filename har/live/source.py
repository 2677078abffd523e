"""What a live SOURCE is: a camera, a file at its own speed, or a stream of the network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from har.errors import FileMissing, UrlError

Kind = Literal["camera", "file", "http", "rtsp"]

_LONGEST_URL = 8192
RTSP_PORT = 554


@dataclass(frozen=True)
class Source:
    """A place that pictures come from."""

    kind: Kind
    place: str
    """A URL, or the path of a file or a device."""

    @property
    def lasts(self) -> bool:
        """Whether its end is a cut, after which it may go on."""
        return self.kind != "file"


def source_of(text: str) -> Source:
    """The source that a person names: ``0``, ``/dev/video0``, a file, or a URL.

    Raises FileMissing, and UrlError for a link that is none.
    """
    if re.fullmatch("[0-9]{1,3}", text):
        text = f"/dev/video{text}"
    if "://" in text:
        return _link(text)
    path = Path(text)
    if path.is_char_device():
        return Source("camera", text)
    if re.fullmatch("/dev/video[0-9]+", text):
        raise FileMissing(f"There is no camera {text}.")
    if not path.is_file():
        raise FileMissing(f"There is no file {text}.")
    return Source("file", text)


def _link(text: str) -> Source:
    scheme = text.partition("://")[0].lower()
    if not _well_formed(text) or scheme not in ("http", "https", "rtsp"):
        raise UrlError("Name a stream by a link that starts with rtsp://, http:// or https://.")
    return Source("rtsp" if scheme == "rtsp" else "http", text)


def _well_formed(url: str) -> bool:
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return named and len(url) <= _LONGEST_URL and url.isprintable() and " " not in url
