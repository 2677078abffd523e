"""JPEGs from strangers, decoded at the moment that they come."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from itertools import repeat
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from config import Settings
from har.errors import Undecodable
from har.live import jpegs
from har.media.frames import frames
from har.media.probe import probe
from har.types import Fit

FITS = [Fit(224), Fit(112, (128, 171)), Fit(224, 256), Fit(176, longest=320)]


def jpeg(color: tuple[int, int, int], size: tuple[int, int] = (64, 48)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "JPEG", quality=95)
    return file.getvalue()


@pytest.mark.parametrize("fit", FITS)
def test_a_picture_comes_before_the_next_is_sent(settings: Settings, fit: Fit) -> None:
    with jpegs.decoding(fit, settings) as decoder:
        pictures = decoder.pictures()
        for color in ((250, 0, 0), (0, 250, 0), (0, 0, 250)):
            decoder.feed(jpeg(color))
            picture = next(pictures)
            assert picture.shape == (*fit.shape(64, 48), 3)
            assert np.abs(picture.astype(int) - color).max() < 16
        decoder.end()
        assert list(pictures) == []


def test_a_camera_may_be_turned(settings: Settings) -> None:
    with jpegs.decoding(Fit(32), settings) as decoder:
        pictures = decoder.pictures()
        for size in ((64, 48), (48, 64), (640, 480), (1, 1)):
            decoder.feed(jpeg((9, 9, 9), size))
            assert next(pictures).mean() == pytest.approx(9, abs=2)


@pytest.mark.parametrize("fit", FITS)
def test_it_is_resized_as_the_frames_of_files_are(
    settings: Settings, make_video: Callable[..., Path], fit: Fit
) -> None:
    video = probe(make_video("bars_live.mp4", "-f", "lavfi", "-i", "smptehdbars=d=1"), settings)
    with av.open(str(video.path)) as container:
        still = next(container.decode(video=0)).to_ndarray(format="rgb24")
    file = io.BytesIO()
    Image.fromarray(still).save(file, "JPEG", quality=95)
    with jpegs.decoding(fit, settings) as decoder:
        decoder.feed(file.getvalue())
        picture = next(decoder.pictures())
    [batch] = frames(video, 1.0, fit, settings)
    assert np.abs(picture.astype(int) - batch.pixels[0]).mean() < 3


@pytest.mark.parametrize(
    ("sides", "shape"),
    [((398, 224), (176, 312)), ((224, 398), (312, 176)), ((4000, 1), (176, 320)),
     ((1, 4000), (320, 176)), ((1, 1), (176, 176))],
)  # fmt: skip
def test_a_whole_picture_keeps_the_shape_of_the_first(
    settings: Settings, sides: tuple[int, int], shape: tuple[int, int]
) -> None:
    with jpegs.decoding(Fit(176, longest=320), settings) as decoder:
        pictures = decoder.pictures()
        for each in (sides, (640, 480), (480, 640), sides):
            decoder.feed(jpeg((90, 90, 90), each))
            picture = next(pictures)
            assert picture.shape == (*shape, 3)
            assert picture.mean() == pytest.approx(90, abs=2)


@pytest.mark.parametrize("wrong", [b"no picture", b"\xff\xd8\xff", jpeg((1, 2, 3))[:300]])
def test_what_is_no_jpeg_ends_it(settings: Settings, wrong: bytes) -> None:
    with jpegs.decoding(Fit(32), settings) as decoder:
        decoder.feed(jpeg((0, 0, 0)))
        decoder.feed(wrong)
        decoder.end()
        pictures = decoder.pictures()
        next(pictures)
        with pytest.raises(Undecodable):
            list(pictures)


def test_a_picture_may_be_so_large_and_no_larger(settings: Settings) -> None:
    small = dataclasses.replace(settings, max_pixels=10_000)
    with jpegs.decoding(Fit(32), small) as decoder:
        decoder.feed(jpeg((0, 0, 0), (200, 200)))
        decoder.end()
        with pytest.raises(Undecodable):
            list(decoder.pictures())


def test_feeding_what_has_given_up_fails(settings: Settings) -> None:
    with jpegs.decoding(Fit(32), settings) as decoder:
        decoder.feed(b"no picture")
        with pytest.raises(Undecodable):
            list(decoder.pictures())
        # What it is shut up in holds the pipe for a moment after it.
        endless = map(decoder.feed, repeat(jpeg((0, 0, 0))))
        with pytest.raises(BrokenPipeError):
            list(endless)
        decoder.end()
