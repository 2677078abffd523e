"""Joins overlapping scored clips to a timeline in which every moment has one label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from har.types import Action, Segment, Source

_ROUNDING = 0.01
"""Seconds that lie between two segments without a gap, since their times are rounded."""


def merge(segments: Sequence[Segment | Action], start: float, end: float) -> tuple[Action, ...]:
    """The timeline from ``start`` to ``end``, without overlaps, and without gaps but for those
    between segments, where nothing was seen.

    Each segment owns the moments that are nearer to its middle than to any other's; neighbours with
    the same label become one action. Its confidence is their mean, weighted by time; its source the
    one that gave most of it.
    """
    moments = owned(segments, start, end)
    return tuple(
        _joined(list(same))
        for run in _runs(moments)
        for _, same in groupby(run, key=lambda piece: piece.label)
    )


def owned(segments: Sequence[Segment | Action], start: float, end: float) -> list[Action]:
    """For each segment the moments that are its own; see merge()."""
    if not segments:
        return []
    edges = [(start, start), *(_edge(a, b) for a, b in pairwise(segments)), (end, end)]
    return [
        Action(begins, ends, s.label, s.confidence, s.source)
        for s, (_, begins), (ends, _) in zip(segments, edges, edges[1:], strict=False)
    ]


def _edge(before: Segment | Action, after: Segment | Action) -> tuple[float, float]:
    """Where one segment's moments end, and where the next one's begin."""
    if after.start > before.end + _ROUNDING:
        return before.end, after.start
    middle = (before.start + before.end + after.start + after.end) / 4
    return middle, middle


def _runs(pieces: Sequence[Action]) -> Iterator[list[Action]]:
    """Pieces without a gap between them."""
    run = list(pieces[:1])
    for before, piece in pairwise(pieces):
        if piece.start > before.end:
            yield run
            run = []
        run.append(piece)
    if run:
        yield run


def _joined(pieces: list[Action]) -> Action:
    seconds = [max(p.end - p.start, 1e-9) for p in pieces]
    mean = sum(p.confidence * s for p, s in zip(pieces, seconds, strict=True)) / sum(seconds)
    by_source: dict[Source, float] = {}
    for piece, length in zip(pieces, seconds, strict=True):
        by_source[piece.source] = by_source.get(piece.source, 0.0) + length
    source = max(by_source, key=lambda s: by_source[s])
    return Action(pieces[0].start, pieces[-1].end, pieces[0].label, mean, source)
