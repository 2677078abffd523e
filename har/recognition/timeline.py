"""Joins overlapping scored clips to a timeline in which every moment has one label."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

from har.types import Action, Segment, Source


def merge(segments: Sequence[Segment | Action], start: float, end: float) -> tuple[Action, ...]:
    """The timeline from ``start`` to ``end``, without gaps or overlaps.

    Each segment owns the moments that are nearer to its middle than to any other's; neighbours with
    the same label become one action. Its confidence is their mean, weighted by time; its source the
    one that gave most of it.
    """
    moments = owned(segments, start, end)
    runs = groupby(moments, key=lambda piece: piece.label)
    return tuple(_joined(list(run)) for _, run in runs)


def owned(segments: Sequence[Segment | Action], start: float, end: float) -> list[Action]:
    """For each segment the moments that are its own; see merge()."""
    middles = [(s.start + s.end) / 2 for s in segments]
    inner = [(a + b) / 2 for a, b in pairwise(middles)]
    edges = [start, *inner, end]
    return [
        Action(edges[i], edges[i + 1], s.label, s.confidence, s.source)
        for i, s in enumerate(segments)
    ]


def _joined(pieces: list[Action]) -> Action:
    seconds = [max(p.end - p.start, 1e-9) for p in pieces]
    mean = sum(p.confidence * s for p, s in zip(pieces, seconds, strict=True)) / sum(seconds)
    by_source: dict[Source, float] = {}
    for piece, length in zip(pieces, seconds, strict=True):
        by_source[piece.source] = by_source.get(piece.source, 0.0) + length
    source = max(by_source, key=lambda s: by_source[s])
    return Action(pieces[0].start, pieces[-1].end, pieces[0].label, mean, source)
