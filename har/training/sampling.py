"""Which frames of a video make a clip: the ways of the studies that this project grew from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from har.errors import BadOption

NAMES = ("uniform", "equidistant", "random")
"""``uniform`` takes every step-th frame from some place on; ``equidistant`` spreads the clip evenly
over the whole video; ``random`` takes any frames, in their order."""


def indices(
    name: str, count: int, frames: int, step: int, rng: np.random.Generator | None
) -> NDArray[np.int64]:
    """The frames of a clip in a video of ``count`` of them, 1 or more: shape [frames], ascending.

    ``step`` is the distance in frames that ``uniform`` keeps. With ``rng`` a uniform clip begins
    anywhere; without it the clip is the one in the middle, and a random one is equidistant, which
    is where its frames lie on average. A video too short repeats the last of its frames that would
    be taken, as clips.pad() does. Raises BadOption for a name that is not in NAMES.
    """
    if name not in NAMES:
        raise BadOption(f"There is no sampling '{name}'. Choose one of {', '.join(NAMES)}.")
    if name == "uniform":
        return _uniform(count, frames, step, rng)
    if count <= frames:
        return np.minimum(np.arange(frames), count - 1)
    if name == "random" and rng is not None:
        return np.sort(rng.choice(count, frames, replace=False))
    return np.linspace(0, count - 1, frames).round().astype(np.int64)


def _uniform(
    count: int, frames: int, step: int, rng: np.random.Generator | None
) -> NDArray[np.int64]:
    spare = max(0, count - (frames - 1) * step - 1)
    first = spare // 2 if rng is None else int(rng.integers(spare + 1))
    last = (count - 1 - first) // step
    return first + step * np.minimum(np.arange(frames), last)
