"""Burns the timeline into a copy of the video that browsers play, with its sound kept."""

from __future__ import annotations

import importlib.util
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import ffmpeg

from config import Settings
from har.captions import caption, visible
from har.errors import TooLong, TooManyFrames, Undecodable
from har.media import child, decoder
from har.media.ffmpeg import SOUNDS, THREADS, executable
from har.types import Action, VideoFacts

_GROWTH = 16
"""Times the largest video: what the annotated one may have, since it is made in a hurry."""


def annotate(
    video: VideoFacts,
    timeline: Sequence[Action],
    out: Path,
    settings: Settings,
    progress: Callable[[float], None],
) -> None:
    """Write ``out``: H.264 yuv420p MP4 on the original's own clock, with the action of each moment
    drawn in its corner.

    ``out`` appears when it is whole. ``progress`` gets fractions, 0..1. Raises TooLong,
    TooManyFrames, TooManyPixels, Undecodable, Stalled and DecoderCrashed.
    """
    with tempfile.TemporaryDirectory(dir=out.parent) as name:
        folder = Path(name)
        (folder / "labels.ass").write_text(subtitles(video, timeline), "utf-8")
        argv = _arguments(video, settings)
        most = _GROWTH * settings.max_upload_mb * 1_000_000
        with decoder.running(
            argv, video, settings, reads=[Path(_fonts())], writes=folder, file_size=most
        ) as encoder:
            for frames, seconds in _steps(encoder.stdout, settings.stall_seconds):
                _check(frames, seconds, settings)
                progress(min(1.0, frames / max(1.0, video.fps * video.duration)))
            _wait(encoder)
        (folder / "annotated.mp4").replace(out)
    progress(1.0)


def _arguments(video: VideoFacts, settings: Settings) -> list[str]:
    source = decoder.source(video, settings)
    picture = source["V:0"].filter("ass", "labels.ass", fontsdir=_fonts())
    # H.264 with 4:2:0 colour needs even sides.
    picture = picture.filter("pad", "ceil(iw/2)*2", "ceil(ih/2)*2")
    picture = picture.filter("scale", out_range="tv").filter("format", "yuv420p")
    heard = video.audio_codec in SOUNDS.split(",")
    # Browsers play it as it is; other sound may not even fit into MP4.
    sound = {"acodec": "copy" if video.audio_codec == "aac" else "aac"} if heard else {}
    output = ffmpeg.output(
        *([picture, source["a:0"]] if heard else [picture]),
        "annotated.mp4",
        format="mp4",
        fps_mode="vfr",
        vcodec="libx264",
        preset="ultrafast",
        crf=23,
        threads=THREADS,
        movflags="+faststart",
        **sound,
    )
    flags = ("-nostdin", "-hide_banner", "-v", "error", "-nostats", "-progress", "pipe:1")
    threads = ("-filter_complex_threads", str(THREADS))
    return list(output.global_args(*flags, *threads).compile(executable(settings)))


def _steps(lines: Iterable[bytes], patience: float) -> Iterator[tuple[int, float]]:
    """How many frames are written, and at least how many seconds, whenever it is more than before.

    ffmpeg tells its progress whether there is any or not: raises Stalled after ``patience``
    seconds without. The seconds lack those before it told for the first time.
    """
    told = {b"frame": 0, b"out_time_us": 0, b"total_size": 0}
    before: tuple[int, ...] = ()
    since = time.monotonic()
    for line in lines:
        key, _, value = line.strip().partition(b"=")
        if key in told and value.lstrip(b"-").isdigit():
            told[key] = int(value)
        if key != b"progress":
            continue
        if (now := tuple(told.values())) != before:
            before, since = now, time.monotonic()
            yield told[b"frame"], told[b"out_time_us"] / 1e6
        elif time.monotonic() - since > patience:
            raise decoder.stalled()


def _check(frames: int, seconds: float, settings: Settings) -> None:
    if seconds > settings.max_duration_seconds:
        raise TooLong(f"Videos may last {settings.max_duration_seconds:g} s at most.")
    if frames > settings.max_frames:
        raise TooManyFrames(f"Videos may have {settings.max_frames} frames at most.")


def _wait(encoder: child.Child) -> None:
    try:
        encoder.wait(timeout=30)
    except child.ChildFailed as failure:
        unknown = Undecodable("The annotated video cannot be made from this file.")
        raise decoder.failure(failure.stderr) or unknown from failure


def _fonts() -> str:
    """Matplotlib's DejaVu fonts, since a server may have none."""
    spec = importlib.util.find_spec("matplotlib")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf")


def subtitles(video: VideoFacts, timeline: Sequence[Action]) -> str:
    """An Advanced SubStation Alpha script with one line per action, in a dark box at the top."""
    size = max(12, round(min(video.width, video.height) / 16))
    margin = max(4, size // 2)
    style = (
        f"Label,DejaVu Sans,{size},&H00FFFFFF,&H00FFFFFF,&H40000000,&H40000000,"
        f"-1,0,0,0,100,100,0,0,3,{max(2, size // 4)},0,7,{margin},{margin},{margin},1"
    )
    events = "\n".join(
        f"Dialogue: 0,{_clock(a.start)},{_clock(a.end)},Label,,0,0,0,,{_escaped(caption(a))}"
        for a in timeline
    )
    return _SCRIPT.format(width=video.width, height=video.height, style=style, events=events)


def _escaped(text: str) -> str:
    """Text that libass shows as it is: no overrides in braces, no ``\\N``, no line ends."""
    # A word joiner after each backslash keeps it from joining the next letter.
    return visible(text).replace("\\", "\\\u2060").replace("{", "\\{").replace("}", "\\}")


def _clock(seconds: float) -> str:
    """Seconds as ASS writes them, h:mm:ss.cc."""
    hundredths = max(0, round(seconds * 100))
    minutes, hundredths = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{hundredths // 100:02}.{hundredths % 100:02}"


_SCRIPT = """[Script Info]
ScriptType: v4.00+
PlayResX: {width}
PlayResY: {height}
WrapStyle: 0
ScaledBorderAndShadow: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, \
Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, \
Alignment, MarginL, MarginR, MarginV, Encoding
Style: {style}

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
{events}
"""
