"""Where the timelines of two models say the same.

Models that were trained elsewhere have names of their own: what is ``JumpingJack`` in UCF101 may be
``jumping jacks`` there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from har.models.labels import VOCABULARY, spaced
from har.types import UNKNOWN, Action

_WORD = re.compile(r"[^\W_]+")
_PLURAL = re.compile(r"(?<=\w[^\Ws])s$")
# Only after a vowel: in "swing" it belongs to the word.
_ING = re.compile(r"(?<=[aeiouy])(\w*)ing$")
_DOUBLED = re.compile(r"(\w)\1$")


@dataclass(frozen=True)
class Agreed:
    """A stretch of time with one action in both timelines."""

    start: float
    end: float
    label: str
    """As the first timeline has it."""


def stretches(first: Sequence[Action], second: Sequence[Action]) -> list[Agreed]:
    """Those in which two timelines without overlaps say the same action."""
    found: list[Agreed] = []
    i = j = 0
    while i < len(first) and j < len(second):
        one, other = first[i], second[j]
        start, end = max(one.start, other.start), min(one.end, other.end)
        if start < end and is_same(one.label, other.label):
            _add(found, Agreed(start, end, one.label))
        if one.end <= other.end:
            i += 1
        else:
            j += 1
    return found


def share(agreed: Sequence[Agreed], duration: float) -> float:
    """The part of a video that the stretches cover, 0..1; 0 of a video that lasts no time."""
    seconds = sum(stretch.end - stretch.start for stretch in agreed)
    return min(1.0, seconds / duration) if duration > 0 else 0.0


def is_same(label: str, other: str) -> bool:
    """Whether two labels name one action: in the vocabulary, or because their words are the same,
    but for upper case, a plural's ``s`` and the ``ing`` of a verb, before which a letter may be
    doubled. ``Unknown`` is not even itself.
    """
    if UNKNOWN in (label, other):
        return False
    twins = VOCABULARY.label(label) == VOCABULARY.label(other)
    return twins or _words(label) == _words(other)


@lru_cache(maxsize=2000)
def _words(label: str) -> tuple[str, ...]:
    words = _WORD.findall(spaced(label).lower())
    return tuple(map(_stem, words)) if words else (label,)


def _stem(word: str) -> str:
    """What is left of ``jacks``, ``sitting`` and ``biking``: ``jack``, ``sit`` and ``bik``, as of
    ``bike``. Two words with one stem are taken for the same."""
    bare = _ING.sub(r"\1", _PLURAL.sub("", word))
    return _DOUBLED.sub(r"\1", bare).removesuffix("e")


def _add(found: list[Agreed], stretch: Agreed) -> None:
    """Add a stretch; it is one with the last where it goes on with the same label."""
    last = found[-1] if found else None
    if last and (last.end, last.label) == (stretch.start, stretch.label):
        found[-1] = replace(last, end=stretch.end)
    else:
        found.append(stretch)
