"""Burns the timeline into a copy of the video that browsers play, with its sound kept."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import ffmpeg

from config import Settings
from har.errors import Undecodable
from har.media import child
from har.media.ffmpeg import executable, input_options
from har.models.labels import spaced
from har.types import UNKNOWN, Action, VideoFacts

_PLAYABLE_AUDIO = {"aac", "mp3"}
"""Sound that MP4 may hold and browsers play: copied as it is."""

SPOKEN = {
    "bilstm": "BiLSTM",
    "lstm": "LSTM",
    "transformer": "Transformer",
    "clip": "CLIP",
    "objects": "objects",
}
"""Sources as people read them."""


def annotate(
    video: VideoFacts,
    timeline: Sequence[Action],
    out: Path,
    settings: Settings,
    progress: Callable[[float], None],
) -> None:
    """Write ``out``: H.264 yuv420p MP4 on the original's own clock, with the action of each moment
    drawn in its corner.

    ``out`` appears when it is whole. ``progress`` gets fractions, 0..1. Raises Undecodable.
    """
    with tempfile.TemporaryDirectory(dir=out.parent) as name:
        folder = Path(name)
        (folder / "labels.ass").write_text(subtitles(video, timeline), "utf-8")
        argv = _arguments(video, settings)
        with child.start(argv, cwd=name) as encoder:
            for line in encoder.stdout:
                if (seconds := _out_time(line)) is not None:
                    progress(min(1.0, max(0.0, (seconds - video.start) / video.duration)))
            try:
                encoder.wait(timeout=30)
            except child.ChildFailed as failure:
                raise Undecodable("The annotated video cannot be made from this file.") from failure
        (folder / "annotated.mp4").replace(out)
    progress(1.0)


def _arguments(video: VideoFacts, settings: Settings) -> list[str]:
    source = ffmpeg.input(f"file:{video.path.absolute()}", **input_options(settings), copyts=None)
    picture = source["V:0"].filter("ass", "labels.ass", fontsdir=_fonts())
    # H.264 with 4:2:0 colour needs even sides.
    picture = picture.filter("pad", "ceil(iw/2)*2", "ceil(ih/2)*2")
    picture = picture.filter("scale", out_range="tv").filter("format", "yuv420p")
    streams = [picture] + ([source["a:0"]] if video.audio_codec else [])
    copied = video.audio_codec in _PLAYABLE_AUDIO
    output = ffmpeg.output(
        *streams,
        "annotated.mp4",
        format="mp4",
        fps_mode="vfr",
        vcodec="libx264",
        preset="ultrafast",
        crf=23,
        movflags="+faststart",
        **({"acodec": "copy" if copied else "aac"} if video.audio_codec else {}),
    )
    flags = ("-nostdin", "-hide_banner", "-v", "error", "-nostats", "-progress", "pipe:1")
    return list(output.global_args(*flags).compile(executable(settings)))


def _fonts() -> str:
    """Matplotlib's DejaVu fonts, since a server may have none."""
    spec = importlib.util.find_spec("matplotlib")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf")


def _out_time(line: bytes) -> float | None:
    key, _, value = line.strip().partition(b"=")
    return int(value) / 1e6 if key == b"out_time_us" and value.lstrip(b"-").isdigit() else None


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


def caption(action: Action) -> str:
    """What is written over the picture: the label, how sure, and which model said so."""
    if action.label == UNKNOWN:
        return UNKNOWN
    return f"{spaced(action.label)}  {action.confidence:.0%}  {SPOKEN[action.source]}"


def _escaped(text: str) -> str:
    """Text that libass shows as it is: no overrides in braces, no ``\\N``, no line ends."""
    # A word joiner after each backslash keeps it from joining the next letter.
    text = text.replace("\\", "\\\u2060").replace("{", "\\{").replace("}", "\\}")
    return " ".join(text.splitlines())


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
