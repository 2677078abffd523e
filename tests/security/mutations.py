"""Breaks good files in the ways that files break, and in those that people who attack think of."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import pairwise

from tests.security.containers import PARTS, Part

_ABSURD = (0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0xFFFF_FF00)

Mutation = Callable[[bytes, list[Part], random.Random], bytes]


def _cut(data: bytes, parts: list[Part], rng: random.Random) -> bytes:
    part = rng.choice(parts)
    return data[: rng.choice((part.start, part.body, (part.body + part.end) // 2))]


def _bit_of_a_header(data: bytes, parts: list[Part], rng: random.Random) -> bytes:
    part = rng.choice(parts)
    return _flipped(data, rng.randrange(part.start, part.body), rng)


def _bits_of_a_content(data: bytes, parts: list[Part], rng: random.Random) -> bytes:
    """Near its start, where the fields of the innermost headers are."""
    part = rng.choice(parts)
    for _ in range(rng.randint(1, 8)):
        data = _flipped(data, min(part.start + rng.randrange(120), len(data) - 1), rng)
    return data


def _flipped(data: bytes, at: int, rng: random.Random) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def _absurd_size(data: bytes, parts: list[Part], rng: random.Random) -> bytes:
    size = rng.choice(parts).size
    width = size.stop - size.start
    number = rng.choice((*_ABSURD, int.from_bytes(data[size]) + 1, int.from_bytes(data[size]) * 2))
    return data[: size.start] + (number % 256**width).to_bytes(width) + data[size.stop :]


def _swapped_sizes(data: bytes, parts: list[Part], rng: random.Random) -> bytes:
    one, other = sorted(rng.sample([part.size for part in parts], 2), key=lambda s: s.start)
    middle = data[one.stop : other.start]
    return data[: one.start] + data[other] + middle + data[one] + data[other.stop :]


def _absurd_field(data: bytes, parts: list[Part], rng: random.Random) -> bytes:
    """Durations, dimensions, rates and counts are fields of two or four bytes."""
    part = rng.choice([p for p in parts if p.end - p.body >= 4])
    width = rng.choice((2, 4))
    at = rng.randrange(part.body, min(part.end, part.body + 120) - width + 1)
    return data[:at] + (rng.choice(_ABSURD) % 256**width).to_bytes(width) + data[at + width :]


def _zeroed(data: bytes, parts: list[Part], rng: random.Random) -> bytes:
    part = rng.choice(parts)
    start = rng.choice((part.start, part.body))
    return data[:start] + bytes(part.end - start) + data[part.end :]


def _doubled(data: bytes, parts: list[Part], rng: random.Random) -> bytes:
    part = rng.choice(parts)
    return data[: part.end] + data[part.start : part.end] + data[part.end :]


def _removed(data: bytes, parts: list[Part], rng: random.Random) -> bytes:
    part = rng.choice(parts)
    return data[: part.start] + data[part.end :]


def _exchanged(data: bytes, parts: list[Part], rng: random.Random) -> bytes:
    """Two parts that follow each other."""
    one, other = rng.choice([(a, b) for a, b in pairwise(parts) if a.end == b.start])
    head, tail = data[: one.start], data[other.end :]
    return head + data[other.start : other.end] + data[one.start : one.end] + tail


_MUTATIONS: tuple[Mutation, ...] = (
    _cut,
    _bit_of_a_header,
    _bits_of_a_content,
    _absurd_size,
    _swapped_sizes,
    _absurd_field,
    _zeroed,
    _doubled,
    _removed,
    _exchanged,
)


def broken(kind: str, data: bytes, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """So many broken files from a good one, with their names: cut off at the start of each of its
    parts, and mutated at random, the same for the same seed."""
    parts, rng = list(PARTS[kind](data)), random.Random(seed)
    cuts = sorted({part.start for part in parts if part.start})
    cuts = cuts if len(cuts) <= count // 3 else sorted(rng.sample(cuts, count // 3))
    for at in cuts:
        yield f"cut-at-{at}.{kind}", data[:at]
    for number in range(count - len(cuts)):
        mutate = _MUTATIONS[number % len(_MUTATIONS)]
        yield f"{mutate.__name__.strip('_')}-{number}.{kind}", mutate(data, parts, rng)
