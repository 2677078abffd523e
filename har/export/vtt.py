"""Captions as WebVTT, for browsers."""

from __future__ import annotations

import html

from har.export.cues import clock, cues
from har.export.view import Result, View


def write(result: Result, view: View) -> str:
    """WebVTT on the video's own clock, which is what a browser's ``currentTime`` shows."""
    blocks = [
        f"{number}\n{clock(cue.start, '.')} --> {clock(cue.end, '.')}\n"
        f"{html.escape(cue.text, quote=False)}\n"
        for number, cue in enumerate(cues(result, view, zero=0.0), start=1)
    ]
    return "\n".join(["WEBVTT\n", *blocks])
