"""The timeline as chapters for the description of a video on YouTube."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from har.captions import visible
from har.export.cues import since
from har.export.view import Result, View, named_actions
from har.models.labels import spaced
from har.types import Action

SHORTEST = 10_000
"""Milliseconds; YouTube shows no chapters at all where one is shorter."""

OTHER = "Other"
"""The chapter of what has no name, or was filtered out."""

_LOOKALIKES = str.maketrans("<>", "\u2039\u203a")
"""YouTube refuses descriptions with angle brackets; single quotation marks look like them."""


@dataclass(frozen=True)
class _Stretch:
    start: int
    """Milliseconds after the first picture, as is ``end``."""
    end: int
    title: str

    @property
    def length(self) -> int:
        return self.end - self.start


def write(result: Result, view: View) -> str:
    """A line for each chapter, such as ``1:05 Push-ups``; always of the timeline, and nothing where
    the view leaves nothing of it.

    Neighbours shorter than 10 s are one chapter, named after what most of it is; where even
    together they are shorter, they belong to the chapter before them, or else the one after.
    """
    video = result["video"]
    shown = named_actions(result, replace(view, what="timeline"))
    if not shown:
        return ""
    stretches = list(_stretches(shown, video["start"], video["duration"]))
    by_title = groupby(_chapters(stretches), key=lambda chapter: chapter.title)
    starts = [(next(same).start, title) for title, same in by_title]
    return "".join(
        f"{_clock(start if number else 0)} {title}\n"
        for number, (start, title) in enumerate(starts)
    )


def _stretches(shown: list[Action], zero: float, duration: float) -> Iterator[_Stretch]:
    """The whole video: the actions, and what lies between them."""
    at = 0
    for action in shown:
        start, end = since(zero, action.start), since(zero, action.end)
        if start > at:
            yield _Stretch(at, start, OTHER)
        if end > start:
            yield _Stretch(start, end, _title(action.label))
        at = max(at, end)
    if at < since(0.0, duration):
        yield _Stretch(at, since(0.0, duration), OTHER)


def _chapters(stretches: list[_Stretch]) -> Iterator[_Stretch]:
    """What is long enough. Each lasts until the next, which leaves no room for the others."""
    for short, group in groupby(stretches, key=lambda stretch: stretch.length < SHORTEST):
        run = list(group)
        if not short:
            yield from run
        elif run[-1].end - run[0].start >= SHORTEST or len(run) == len(stretches):
            yield _Stretch(run[0].start, run[-1].end, _most(run))


def _most(run: list[_Stretch]) -> str:
    lengths: Counter[str] = Counter()
    for stretch in run:
        lengths[stretch.title] += stretch.length
    return lengths.most_common(1)[0][0]


def _title(label: str) -> str:
    return visible(spaced(label)).translate(_LOOKALIKES)


def _clock(time: int) -> str:
    """Milliseconds as YouTube writes them, ``1:05`` or ``1:01:05``; the second that has begun."""
    minutes, seconds = divmod(time // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
