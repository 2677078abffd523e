"""Where ffmpeg is, and the options under which it may open what a stranger sent."""

from __future__ import annotations

import re
import shutil
from functools import lru_cache

from config import Settings
from har.errors import DecoderCrashed, ToolMissing
from har.media import child

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,flv,ogg"
"""The only demuxers that may open a file. Without this list a playlist or concat script named
``x.mp4`` makes ffmpeg read other files of the machine, whatever its protocol whitelist says."""

PICTURES = (
    # Phones, browsers, cameras
    "h264,hevc,vp8,vp9,libvpx,libvpx-vp9,av1,libdav1d,libaom-av1,mpeg4,h263,mjpeg,dvvideo,"
    # Discs and broadcasts, and what old programs made
    "mpeg1video,mpeg2video,mpegvideo,vc1,wmv1,wmv2,wmv3,msmpeg4v2,msmpeg4,theora,flv,vp6,vp6f,"
    # Editors
    "prores,dnxhd,cfhd,qtrle,ffv1,huffyuv,ffvhuff,utvideo,rawvideo"
)
"""The decoders of pictures that may be used. ffmpeg has hundreds more, for formats of old games and
the like, which nobody sends in good faith and few have looked at."""

SOUNDS = (
    "aac,aac_latm,mp3,mp3float,mp2,mp2float,mp1,mp1float,opus,libopus,vorbis,libvorbis,flac,alac,"
    "ac3,eac3,dts,dca,amr_nb,amrnb,libopencore_amrnb,amr_wb,amrwb,libopencore_amrwb,wmav1,wmav2,"
    "speex,nellymoser,pcm_u8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,"
    "pcm_f32le,pcm_f32be,pcm_alaw,pcm_mulaw,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,adpcm_swf"
)
"""The same of sound, with the formats' names where they differ. Other sound is left out of the
annotated video."""

THREADS = 4
"""Of a decoder or an encoder. Enough to stay ahead of the networks; each costs memory."""

_ATTACHMENTS = 100
"""Fonts and the like in a Matroska file: streams for ffmpeg, and no tracks for the setting."""

_PROBE_BYTES = 10_000_000
_PROBE_SECONDS = 10

_PATIENCE = 20.0
_OLDEST = (5, 1)
"""The first version with ``-fps_mode``; the last ones have no ``-vsync``."""
_OLDEST_FOR_RTSP = (9, 0)
"""Of this version it is known that a server cannot redirect it where ``rtsp`` is not on the
protocol whitelist; 5.1 and 7.0 go wherever they are sent."""


def executable(settings: Settings) -> str:
    """The path of the ffmpeg to use: the setting, else PATH's if it is 5.1 or later,
    else imageio-ffmpeg's.

    Raises ToolMissing where there is none.
    """
    return _find(settings.ffmpeg)


def executable_for_rtsp(settings: Settings) -> str:
    """executable(), or imageio-ffmpeg's where that is older than 9.0, or may be.

    Raises ToolMissing where there is none.
    """
    found = executable(settings)
    if not _is_recent(found, _OLDEST_FOR_RTSP, unnumbered=False):
        found = _packaged()
    if not _is_recent(found, _OLDEST_FOR_RTSP, unnumbered=False):
        oldest = ".".join(map(str, _OLDEST_FOR_RTSP))
        raise ToolMissing(f"RTSP needs ffmpeg {oldest} or later: install it, or imageio-ffmpeg.")
    return found


@lru_cache
def _find(wanted: str) -> str:
    found = shutil.which(wanted or "ffmpeg")
    if found and (wanted or _is_recent(found, _OLDEST, unnumbered=True)):
        return found
    if wanted:
        raise ToolMissing("The ffmpeg that HAR_FFMPEG names cannot be run.")
    return _packaged()


def _packaged() -> str:
    import imageio_ffmpeg

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        raise ToolMissing("There is no ffmpeg here: install it, or imageio-ffmpeg.") from None


@lru_cache
def _is_recent(program: str, oldest: tuple[int, int], *, unnumbered: bool) -> bool:
    """Whether it runs and is of the version ``oldest`` or later; ``unnumbered`` for a build without
    a version number."""
    try:
        banner = child.run([program, "-version"], timeout=_PATIENCE).decode(errors="replace")
    except (child.ChildFailed, child.ChildTimeout, DecoderCrashed):
        return False
    version = re.match(r"ffmpeg version n?(\d+)\.(\d+)", banner)
    return (int(version[1]), int(version[2])) >= oldest if version else unnumbered


def demuxer_options(max_streams: int) -> dict[str, str | int]:
    """What a demuxer may do with a file from a stranger; the same for ffmpeg and for PyAV."""
    return {
        "max_streams": max_streams + _ATTACHMENTS,
        "protocol_whitelist": "file",
        "format_whitelist": FORMATS,
        "codec_whitelist": f"{PICTURES},{SOUNDS}",
        "probesize": _PROBE_BYTES,
        "analyzeduration": _PROBE_SECONDS * 1_000_000,
    }


def input_options(settings: Settings) -> dict[str, str | int]:
    """Options before ``-i`` for a file from a stranger, as ffmpeg-python keyword arguments."""
    demuxing = demuxer_options(settings.max_streams)
    return {**demuxing, "max_pixels": settings.max_pixels, "threads": THREADS}
