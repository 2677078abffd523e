"""What is remembered of texts: those that were asked for last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

KEPT = 10_000
"""Texts, at 1.5 kB each as sentences and 2 kB as CLIP's."""

_T = TypeVar("_T")


def latest(known: Mapping[str, _T], asked: Iterable[str], most: int = KEPT) -> dict[str, _T]:
    """Those of ``known`` to keep now that some were asked for, which are kept however many."""
    now = dict.fromkeys(asked)
    order = [*(text for text in known if text not in now), *now]
    return {text: known[text] for text in order[-max(most, len(now)) :]}
