"""Burns the timeline into a copy of the video that browsers play, with its sound kept."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from config import Settings
from har.captions import caption, visible
from har.media import decoder, encoder
from har.types import Action, VideoFacts


def annotate(
    video: VideoFacts,
    timeline: Sequence[Action],
    out: Path,
    settings: Settings,
    progress: Callable[[float], None],
) -> None:
    """Write ``out``: H.264 yuv420p MP4 on the original's own clock, with the action of each moment
    drawn in its corner.

    ``out`` appears when it is whole. ``progress`` gets fractions, 0..1. Raises as encoder.write()
    does.
    """
    with tempfile.TemporaryDirectory(dir=out.parent) as name:
        folder = Path(name)
        (folder / "labels.ass").write_text(subtitles(video, timeline), "utf-8")
        output = _output(video, settings)
        encoder.write(output, video, folder, settings, progress, reads=[Path(_fonts())])
        (folder / encoder.COPY).replace(out)
    progress(1.0)


def _output(video: VideoFacts, settings: Settings) -> Any:
    source = decoder.source(video, settings)
    picture = source["V:0"].filter("ass", "labels.ass", fontsdir=_fonts())
    return encoder.encoded(video, source, picture)


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
