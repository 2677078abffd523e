"""Labels that look like commands, in the picture: each is drawn as text, on the line it has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from config import Settings
from har.media.annotate import annotate
from har.media.probe import probe
from har.types import Action

HOSTILE = [
    "{\\p1}m 0 0 l 500 0 500 500",
    "%{pts}",
    "\\N",
    "a\\Nb\\nc\\hd",
    "{\\fs1}",
    "{\\pos(300,200)}moved",
    "{\\alpha&HFF&}unseen",
    "\\{\\fs99}",
    "a\\",
    "}{",
]
LONG = ["word " * 20, "x" * 100]
SIZE = (640, 240)
Picture = NDArray[np.uint8]
TOP = 60
"""Rows of the picture that text of two lines takes, with room to spare."""


@pytest.fixture(scope="module")
def pictures(
    make_video: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Picture]:
    """A picture of each label and, under "no label", one of none; saved to be looked at."""
    folder = tmp_path_factory.mktemp("drawn")
    settings = Settings(data_dir=folder / "var")
    labels = [*HOSTILE, *LONG, *map(harmless, HOSTILE)]
    source = f"color=gray:s={SIZE[0]}x{SIZE[1]}:d={len(labels) + 1}:r=2"
    video = probe(make_video("labels.mp4", "-f", "lavfi", "-i", source), settings)
    timeline = [Action(i, i + 1, label, 0.5, "clip") for i, label in enumerate(labels)]
    annotate(video, timeline, folder / "annotated.mp4", settings, lambda fraction: None)
    with av.open(str(folder / "annotated.mp4")) as container:
        frames = [frame.to_ndarray(format="gray8") for frame in container.decode(video=0)]
    found = dict(zip([*labels, "no label"], frames[1::2], strict=True))
    Image.fromarray(np.vstack([found[label][:TOP] for label in labels])).save(folder / "labels.png")
    return found


def harmless(label: str) -> str:
    """A label of as many characters, which are about as wide as those on average."""
    return "x" * len(label)


def box(picture: Picture) -> Picture:
    """The dark box with the letters in it."""
    rows, columns = (picture < 60).any(axis=1), (picture < 60).any(axis=0)
    return picture[np.ix_(rows, columns)]


def ink(picture: Picture) -> int:
    return int((picture > 180).sum())


@pytest.mark.parametrize("label", HOSTILE)
def test_commands_are_drawn_as_text(pictures: dict[str, Picture], label: str) -> None:
    picture, plain = pictures[label], pictures[harmless(label)]
    assert box(picture).shape[0] == box(plain).shape[0], "one line of the same height"
    assert box(picture).shape[1] == pytest.approx(box(plain).shape[1], rel=0.3)
    assert ink(picture) == pytest.approx(ink(plain), rel=0.35)
    letters = (box(picture) > 180).any(axis=1).sum()
    assert letters >= (box(plain) > 180).any(axis=1).sum()


@pytest.mark.parametrize("label", [*HOSTILE, *LONG])
def test_nothing_is_drawn_elsewhere(pictures: dict[str, Picture], label: str) -> None:
    below, empty = pictures[label][TOP:].astype(int), pictures["no label"][TOP:].astype(int)
    assert np.abs(below - empty).max() < 8
    assert ink(pictures["no label"]) == 0


@pytest.mark.parametrize("label", LONG)
def test_long_labels_take_two_lines(pictures: dict[str, Picture], label: str) -> None:
    one = box(pictures[harmless(HOSTILE[0])]).shape[0]
    assert 1.5 * one < box(pictures[label]).shape[0] < 2.5 * one
    assert ink(pictures[label]) > 2 * ink(pictures[harmless(HOSTILE[0])])
