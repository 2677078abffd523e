"""Changes to a clip that keep what it shows, or change it in a way that is known.

A clip reversed in time or mirrored may show another action: a reversed SitDown is a StandUp. Where
nothing certain can be said of the result, such as of a reversed Walk, the clip stays as it is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from har.errors import BadOption
from har.models.labels import VOCABULARY

Frames = NDArray[np.uint8]
"""Shape [n, h, w, 3], RGB."""

When = Literal["before", "after"]
"""On the whole video before frames are sampled from it, or on the clip afterwards."""

OPPOSITES: Mapping[str, str] = {"SitDown": "StandUp", "StandUp": "SitDown"}
"""What an action shows when it is reversed in time."""

TIMELESS = frozenset(
    VOCABULARY.label(name)
    for name in """
    BodyWeightSquats HipSway JumpingJack Plank PushUps RussianTwist StandStill TurnAround Yoga

    ApplyEyeMakeup ApplyLipstick BenchPress BlowDryHair BoxingPunchingBag BoxingSpeedBag
    BrushingTeeth Drumming Hammering HandstandPushups HeadMassage HulaHoop JugglingBalls JumpRope
    Mixing MoppingFloor Nunchucks PlayingCello PlayingDaf PlayingDhol PlayingFlute PlayingGuitar
    PlayingPiano PlayingSitar PlayingTabla PlayingViolin PullUps SalsaSpin ShavingBeard
    SoccerJuggling Swing TaiChi TrampolineJumping Typing WallPushups YoYo

    BrushHair Chew Clap Laugh Pullup Pushup ShakeHands Situp Talk Turn Wave
    """.split()  # noqa: SIM905
)
"""Actions that stay what they are when reversed: a movement to and fro, or a pose that is held.

The paragraphs are our own actions, UCF101's and HMDB51's. Left out is whatever goes one way (walks,
rides, climbs, throws, falls, lifts, pours) or shows an effect of something (blows, bites, cuts).
Fight and NoFight are left out together: blows go one way, and if only the videos without a fight
were reversed, going backwards would give the label away.
"""

SLOWER = 2
"""How many times as long ``interpolate`` makes a video."""
BRIGHTNESS = (0.6, 1.4)
"""Range of the factor by which ``brightness`` multiplies all pixels of a clip."""
CROP = (0.7, 1.0)
"""Range of a crop's sides, as a share of the picture's; its proportions stay."""
MARGIN = (1.1, 1.8)
"""Range of the sides that ``focus`` leaves, as a multiple of those in which something moves."""
SMALLEST = 0.5
"""The least share of a side that ``focus`` leaves, less what lies beyond the edge."""
_MOVING = 0.8
"""The share of all motion that lies between those sides."""
_COMPARED = 16
"""Frames, over the whole video, between which motion is looked for."""
_EVERYWHERE = 1.0
"""What is added to the motion of each pixel, that a still video has a middle."""


def reversed_label(label: str, more: Mapping[str, str] | None = None) -> str | None:
    """The label of a video reversed in time; None where that shows nothing certain.

    ``more`` holds pairs that go before OPPOSITES and TIMELESS; a pair holds in both directions.
    """
    if partner := _partner(label, more or {}):
        return partner
    return label if label in TIMELESS else OPPOSITES.get(label)


def mirrored_label(label: str, more: Mapping[str, str] | None = None) -> str:
    """The label of a video whose left and right are exchanged.

    It is the label itself, with the words "left" and "right" in it exchanged. ``more`` holds pairs
    of actions with a side that their names do not tell; a pair holds in both directions.
    """
    return _partner(label, more or {}) or _SIDE.sub(lambda found: _OTHER[found[0]], label)


_OTHER = {"left": "right", "right": "left", "Left": "Right", "Right": "Left"}
_SIDE = re.compile(r"(?<![A-Za-z])(left|right)(?![A-Za-z])|(Left|Right)(?![a-z])")


def _partner(label: str, pairs: Mapping[str, str]) -> str | None:
    backwards = {second: first for first, second in pairs.items()}
    return pairs.get(label) or backwards.get(label)


@dataclass(frozen=True)
class Step:
    """One change, and how often it is made."""

    name: str
    probability: float
    when: When


@dataclass(frozen=True)
class Plan:
    """The changes of a recipe, each made in its turn with its probability."""

    steps: tuple[Step, ...] = ()
    reversals: Mapping[str, str] = field(default_factory=dict)
    """Pairs for reversed_label()."""
    mirrors: Mapping[str, str] = field(default_factory=dict)
    """Pairs for mirrored_label()."""

    def before(self, frames: Frames, label: str, rng: np.random.Generator) -> tuple[Frames, str]:
        """A whole video and what it shows, changed: it may have become longer."""
        return self._changed("before", frames, label, rng)

    def after(self, frames: Frames, label: str, rng: np.random.Generator) -> tuple[Frames, str]:
        """A sampled clip and what it shows, changed: it has as many frames as before."""
        changed, label = self._changed("after", frames, label, rng)
        first = int(rng.integers(len(changed) - len(frames) + 1))
        return changed[first : first + len(frames)], label

    def _changed(
        self, when: When, frames: Frames, label: str, rng: np.random.Generator
    ) -> tuple[Frames, str]:
        for step in self.steps:
            if step.when == when and rng.random() < step.probability:
                becomes = self._label(step.name, label)
                if becomes is not None:
                    frames, label = _CHANGES[step.name](frames, rng), becomes
        return frames, label

    def _label(self, name: str, label: str) -> str | None:
        if name == "reverse":
            return reversed_label(label, self.reversals)
        return mirrored_label(label, self.mirrors) if name == "mirror" else label


def parse(
    text: str,
    reversals: Mapping[str, str] | None = None,
    mirrors: Mapping[str, str] | None = None,
) -> Plan:
    """The plan of a list such as ``reverse:0.5@before, brightness:0.8@after``; empty for none.

    Each part is a name of NAMES, its probability in 0..1, and when: ``before`` frames are sampled
    or ``after``. Raises BadOption.
    """
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    return Plan(tuple(map(_step, parts)), reversals or {}, mirrors or {})


_STEP = re.compile(r"(?P<name>\w+):(?P<probability>\d*\.?\d+)@(?P<when>before|after)")


def _step(part: str) -> Step:
    found = _STEP.fullmatch(part)
    if not found or found["name"] not in NAMES or float(found["probability"]) > 1:
        raise BadOption(
            f"The augmentation '{part}' cannot be understood. Write NAME:PROBABILITY@before or "
            f"@after, such as mirror:0.5@after; the names are {', '.join(NAMES)}."
        )
    when: When = "before" if found["when"] == "before" else "after"
    return Step(found["name"], float(found["probability"]), when)


def _reverse(frames: Frames, _: np.random.Generator) -> Frames:
    return frames[::-1]


def _mirror(frames: Frames, _: np.random.Generator) -> Frames:
    return frames[:, :, ::-1]


def _interpolate(frames: Frames, _: np.random.Generator) -> Frames:
    """Linear blends of neighbours between the frames."""
    # Frame by frame: a whole video in floating point takes four times the memory.
    return np.stack([_blend(frames, i / SLOWER) for i in range((len(frames) - 1) * SLOWER + 1)])


def _blend(frames: Frames, place: float) -> Frames:
    first, last = math.floor(place), math.ceil(place)
    share = np.float32(place - first)
    mixed: NDArray[np.float32] = frames[first] * (1 - share) + frames[last] * share
    return mixed.round().astype(np.uint8)


def _brightness(frames: Frames, rng: np.random.Generator) -> Frames:
    levels = np.arange(256) * rng.uniform(*BRIGHTNESS)
    return levels.clip(max=255).round().astype(np.uint8)[frames]


def _crop(frames: Frames, rng: np.random.Generator) -> Frames:
    """The same part of all frames, enlarged to the size they had."""
    height, width = frames.shape[1:3]
    share = rng.uniform(*CROP)
    h, w = max(1, round(share * height)), max(1, round(share * width))
    top, left = rng.integers(height - h + 1), rng.integers(width - w + 1)
    return _enlarged(frames, slice(top, top + h), slice(left, left + w))


def _focus(frames: Frames, rng: np.random.Generator) -> Frames:
    """The part in which something moves, with some margin, enlarged to the size the frames had."""
    seen = frames[:: max(1, len(frames) // _COMPARED)].astype(np.int16)
    motion = np.abs(np.diff(seen, axis=0)).sum((0, 3)).astype(float) + _EVERYWHERE
    margin = rng.uniform(*MARGIN)
    return _enlarged(frames, _extent(motion.sum(1), margin), _extent(motion.sum(0), margin))


def _extent(motion: NDArray[np.float64], margin: float) -> slice:
    """The rows or columns that hold most of the ``motion`` [n], and ``margin`` times as many."""
    total = motion.cumsum() / motion.sum()
    first, last = np.searchsorted(total, [(1 - _MOVING) / 2, (1 + _MOVING) / 2])
    length = max((last - first + 1) * margin, SMALLEST * len(motion))
    middle = (first + last + 1) / 2
    return slice(max(0, round(middle - length / 2)), min(len(motion), round(middle + length / 2)))


def _enlarged(frames: Frames, rows: slice, columns: slice) -> Frames:
    height, width = frames.shape[1:3]
    part = np.ascontiguousarray(frames[:, rows, columns])
    images = F.interpolate(
        torch.from_numpy(part).permute(0, 3, 1, 2), (height, width), mode="bilinear"
    )
    enlarged: Frames = images.permute(0, 2, 3, 1).numpy()
    return enlarged


_CHANGES: Mapping[str, Callable[[Frames, np.random.Generator], Frames]] = {
    "reverse": _reverse,
    "interpolate": _interpolate,
    "brightness": _brightness,
    "mirror": _mirror,
    "crop": _crop,
    "focus": _focus,
}
NAMES = tuple(_CHANGES)
"""``reverse`` in time, ``interpolate`` to slow motion, ``brightness``, ``mirror``, ``crop``, and
``focus``, a crop around what moves."""
