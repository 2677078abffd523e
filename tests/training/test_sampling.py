"""Sampling: which frames each way takes, of videos of any length."""

from __future__ import annotations

import numpy as np
import pytest

from har.errors import BadOption
from har.training import sampling
from har.training.sampling import indices


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", sampling.NAMES)
@pytest.mark.parametrize("count", [1, 3, 8, 9, 50])
@pytest.mark.parametrize("seed", [None, 4])
def test_every_clip_is_whole_in_order_and_inside(name: str, count: int, seed: int | None) -> None:
    found = indices(name, count, 8, 3, None if seed is None else rng(seed))
    assert found.shape == (8,)
    assert found.dtype == np.int64
    assert (np.diff(found) >= 0).all()
    assert found[0] >= 0
    assert found[-1] < count


def test_uniform_keeps_its_step_and_begins_anywhere() -> None:
    assert indices("uniform", 20, 4, 3, None).tolist() == [5, 8, 11, 14]
    clips = [indices("uniform", 20, 4, 3, rng(seed)) for seed in range(200)]
    assert all((np.diff(clip) == 3).all() for clip in clips)
    assert {int(clip[0]) for clip in clips} == set(range(11))


def test_equidistant_spans_the_video_whatever_the_step() -> None:
    assert indices("equidistant", 31, 4, 1, None).tolist() == [0, 10, 20, 30]
    assert indices("equidistant", 31, 4, 9, rng()).tolist() == [0, 10, 20, 30]


def test_random_takes_no_frame_twice_and_each_as_often() -> None:
    clips = np.stack([indices("random", 10, 4, 1, rng(seed)) for seed in range(500)])
    assert (np.diff(clips) > 0).all()
    assert np.bincount(clips.ravel(), minlength=10) == pytest.approx(np.full(10, 200), abs=50)
    assert indices("random", 31, 4, 1, None).tolist() == [0, 10, 20, 30]


def test_a_short_video_repeats_the_last_frame_that_is_taken() -> None:
    assert indices("uniform", 5, 4, 3, rng()).tolist() == [0, 3, 3, 3]
    for name in ("equidistant", "random"):
        assert indices(name, 3, 5, 1, rng()).tolist() == [0, 1, 2, 2, 2]


def test_the_same_seed_takes_the_same_frames() -> None:
    for name in sampling.NAMES:
        first, again = (indices(name, 90, 8, 2, rng(7)) for _ in range(2))
        assert np.array_equal(first, again)


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(BadOption, match=r"'middle'.*uniform, equidistant, random"):
        indices("middle", 9, 4, 1, None)
