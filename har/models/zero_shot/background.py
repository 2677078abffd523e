"""What a label is scored against, whatever others were asked: the vocabulary, and sentences of
nothing in particular."""

from __future__ import annotations

from functools import lru_cache

from har.models.labels import VOCABULARY

NEUTRAL = (
    "a video of people",
    "a video of a person doing nothing",
    "a video of an empty place",
    "a blurred video",
)
"""Sentences that fit where no action does."""
_LABEL_SETS = 8


@lru_cache(maxsize=_LABEL_SETS)
def beside(labels: tuple[str, ...]) -> tuple[str, ...]:
    """The labels, and then what they are scored against: the actions of the vocabulary that are
    neither they nor near relations of one, and NEUTRAL."""
    asked = [entry for entry in map(VOCABULARY.find, labels) if entry]
    taken = {name for entry in asked for name in (entry.label, *entry.near)}
    taken |= {e.label for e in VOCABULARY if any(label in e.near for label in labels)}
    others = [entry.label for entry in VOCABULARY if entry.label not in taken]
    return (*labels, *others, *NEUTRAL)
