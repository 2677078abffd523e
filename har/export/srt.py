"""Captions as SubRip, for players and video editors."""

from __future__ import annotations

from har.export.cues import clock, cues
from har.export.view import Result, View

_LOOKALIKES = str.maketrans("<>{}\\", "\u2039\u203a()/")
"""SubRip has tags, some players more than others, and no way to escape them."""


def write(result: Result, view: View) -> str:
    """SubRip whose times count from the first picture, as players and editors do."""
    blocks = [
        f"{number}\n{clock(cue.start, ',')} --> {clock(cue.end, ',')}\n"
        f"{cue.text.translate(_LOOKALIKES)}\n"
        for number, cue in enumerate(cues(result, view, result["video"]["start"]), start=1)
    ]
    return "\n".join(blocks)
