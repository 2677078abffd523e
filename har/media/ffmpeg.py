"""Where ffmpeg is, and the options under which it may open what a stranger sent."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import lru_cache

from config import Settings
from har.errors import ToolMissing

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,flv,ogg"
"""The only demuxers that may open a file. Without this list a playlist or concat script named
``x.mp4`` makes ffmpeg read other files of the machine, whatever its protocol whitelist says."""


_OLDEST = (5, 1)
"""The first version with ``-fps_mode``; the last ones have no ``-vsync``."""


def executable(settings: Settings) -> str:
    """The path of the ffmpeg to use: the setting, else PATH's if it is 5.1 or later,
    else imageio-ffmpeg's.

    Raises ToolMissing where there is none.
    """
    return _find(settings.ffmpeg)


@lru_cache
def _find(wanted: str) -> str:
    found = shutil.which(wanted or "ffmpeg")
    if found and (wanted or _is_recent(found)):
        return found
    if wanted:
        raise ToolMissing("The ffmpeg that HAR_FFMPEG names cannot be run.")
    import imageio_ffmpeg

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        raise ToolMissing("There is no ffmpeg here: install it, or imageio-ffmpeg.") from None


def _is_recent(program: str) -> bool:
    """Whether it knows the options that we use; a build without a version number is taken to."""
    banner = subprocess.run([program, "-version"], capture_output=True, text=True).stdout
    version = re.match(r"ffmpeg version n?(\d+)\.(\d+)", banner)
    return version is None or (int(version[1]), int(version[2])) >= _OLDEST


def input_options(settings: Settings) -> dict[str, str | int]:
    """Options before ``-i`` for a file from a stranger, as ffmpeg-python keyword arguments."""
    return {
        "protocol_whitelist": "file",
        "format_whitelist": FORMATS,
        "max_pixels": settings.max_pixels,
    }
