"""The captions of a result, as WebVTT and SubRip alike have them."""

from __future__ import annotations

from dataclasses import dataclass

from har.captions import caption, visible
from har.export.view import Result, View, named_actions


@dataclass(frozen=True)
class Cue:
    """A line of text and when it shows."""

    start: int
    """Milliseconds, as is ``end``."""
    end: int
    text: str


def cues(result: Result, view: View, zero: float) -> list[Cue]:
    """A cue for each action or clip that has a name, with times from the second ``zero`` of the
    video's clock on.

    What lasts no millisecond of them is left out: neither format can tell it, or a time before 0.
    """
    return [
        Cue(start, end, visible(caption(action)))
        for action in named_actions(result, view)
        if (start := since(zero, action.start)) < (end := since(zero, action.end))
    ]


def since(zero: float, seconds: float) -> int:
    """Whole milliseconds from one second of the video's clock to another, at least 0.

    Neighbours that share a time still do.
    """
    return max(0, round(seconds * 1000) - round(zero * 1000))


def clock(time: int, mark: str) -> str:
    """Milliseconds as hours, minutes, seconds and, after ``mark``, thousandths."""
    seconds, thousandths = divmod(time, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{thousandths:03}"
