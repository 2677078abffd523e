"""Clips: which frames they hold, and that the stream gives the same ones as the list."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from har.recognition import clips
from har.types import FrameBatch


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, [0]),
        (15, [0]),
        (16, [0]),
        (17, [0, 1]),
        (24, [0, 8]),
        (25, [0, 8, 9]),
        (99, [0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 83]),
    ],
)
def test_windows(count: int, expected: list[int]) -> None:
    assert clips.windows(count, frames=16, stride=8) == expected


def batches(count: int, size: int) -> list[tuple[FrameBatch, torch.Tensor]]:
    """A stream in which frame i has the time i / 8, the grey level i and the vector [i]."""
    made = []
    for start in range(0, count, size):
        at = np.arange(start, min(start + size, count))
        pixels = np.broadcast_to(at.astype(np.uint8)[:, None, None, None], (len(at), 2, 2, 3))
        made.append((FrameBatch(at / 8, pixels), torch.from_numpy(at).float()[:, None]))
    return made


@pytest.mark.parametrize("stride", [1, 3, 8, 16])
@pytest.mark.parametrize("size", [1, 5, 32])
@pytest.mark.parametrize("count", [1, 15, 16, 17, 31, 40, 99])
def test_stream_gives_the_clips_of_windows(count: int, size: int, stride: int) -> None:
    found = [clip for ready in clips.stream(batches(count, size), 16, stride) for clip in ready]
    assert [clip.first for clip in found] == clips.windows(count, 16, stride)
    for clip in found:
        at = np.arange(clip.first, clip.first + min(16, count))
        assert clip.features[:, 0].tolist() == at.tolist()
        assert clip.pixels[:, 0, 0, 0].tolist() == at.tolist()
        assert clip.times.tolist() == (at / 8).tolist()


def test_stream_of_nothing_has_no_clips() -> None:
    assert list(clips.stream([], 16, 8)) == []


def test_clips_come_as_soon_as_their_frames_are_there() -> None:
    ready = clips.stream(iter(batches(40, 8)), 16, 8)
    assert [[c.first for c in next(ready)] for _ in range(3)] == [[], [0], [8]]


def test_padding_repeats_the_last_frame() -> None:
    features = torch.tensor([[1.0], [2.0]])
    assert clips.pad(features, 4)[:, 0].tolist() == [1, 2, 2, 2]
    assert clips.pad(features, 2) is features


def test_clip_ends_with_its_last_frame_or_the_video() -> None:
    (frames,) = next(clips.stream(batches(16, 16), 16, 8))
    assert clips.clip_of(frames, 1 / 8, end=10.0).end == 2.0
    assert clips.clip_of(frames, 1 / 8, end=1.9).end == 1.9
