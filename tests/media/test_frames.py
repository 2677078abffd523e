"""The frame stream: right times and the right picture at each of them."""

from __future__ import annotations

import dataclasses
import os
import struct
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from config import Settings
from har import errors
from har.media import child
from har.media.frames import frames, pictures
from har.media.probe import probe
from har.types import Fit, VideoFacts
from tests.children import children

Maker = Callable[..., Path]
H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p")


def sampled(
    path: Path, settings: Settings, fps: float = 8, size: int = 32
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    batches = list(frames(probe(path, settings), fps, size, settings))
    return (
        np.concatenate([b.times for b in batches]),
        np.concatenate([b.pixels for b in batches]),
    )


def brightening(rate: str) -> tuple[str, ...]:
    """Ten seconds whose brightness tells the time: 20 grey levels a second."""
    return (
        "-f",
        "lavfi",
        "-i",
        f"color=black:s=64x48:r={rate}:d=10",
        "-vf",
        "geq=lum='16+20*T':cb=128:cr=128",
    )


def seconds_shown(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The time that each picture of brightening() was made for."""
    limited = pixels.mean(axis=(1, 2, 3)) * 219 / 255
    return limited / 20


def test_pictures_belong_to_their_times(make_video: Maker, settings: Settings) -> None:
    path = make_video("bright.mp4", *brightening("25"), *H264, "-qp", "1")
    times, pixels = sampled(path, settings)
    assert times == pytest.approx(np.arange(80) / 8)
    assert np.abs(seconds_shown(pixels) - times).max() < 0.12


def test_variable_frame_rate(make_video: Maker, settings: Settings) -> None:
    """Of 25 frames a second, the first 5 s keep one in 12 and the rest all."""
    thin = "geq=lum='16+20*T':cb=128:cr=128,select='gte(t,5)+not(mod(n,12))'"
    path = make_video(
        "vfr.mp4", *brightening("25")[:-2], "-vf", thin, "-fps_mode", "vfr", *H264, "-qp", "1"
    )
    times, pixels = sampled(path, settings)
    assert times == pytest.approx(np.arange(80) / 8)
    shown = seconds_shown(pixels)
    assert np.abs(shown[42:] - times[42:]).max() < 0.12
    assert np.abs(shown[:40] - times[:40]).max() < 0.6


def test_times_begin_at_the_containers_start(samples: Path, settings: Settings) -> None:
    times, _ = sampled(samples / "odd/test_non_zero_start.mp4", settings)
    assert times[0] == pytest.approx(8.333, abs=0.001)
    assert np.diff(times) == pytest.approx(1 / 8)


# A quarter turn with the clock, as phones note it (the matrix of ISO 14496-12, tkhd).
QUARTER_TURN = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 64 << 16, 0, 1 << 30)


def test_rotation_metadata_is_applied(
    make_video: Maker, settings: Settings, tmp_path: Path
) -> None:
    """White on the left is at the top after a quarter turn with the clock."""
    half = "color=black:s=64x64:d=1,drawbox=0:0:32:64:white:fill"
    flat = make_video("flat.mp4", "-f", "lavfi", "-i", half, *H264)
    content = bytearray(flat.read_bytes())
    at = content.index(b"tkhd") + 44
    content[at : at + len(QUARTER_TURN)] = QUARTER_TURN
    turned = tmp_path / "turned.mp4"
    turned.write_bytes(content)
    _, upright = sampled(flat, settings)
    _, pixels = sampled(turned, settings)
    assert upright[0, :, :14].mean() > 200 > 50 > upright[0, :, 18:].mean()
    assert pixels[0, :14].mean() > 200 > 50 > pixels[0, 18:].mean()


@pytest.mark.parametrize(
    ("fit", "white"),
    [
        (Fit(64), (16, 48)),
        (Fit(64, 64), (0, 64)),
        (Fit(64, (64, 128)), (0, 64)),
        (Fit(64, (64, 128), (0, 0)), (32, 64)),
        (Fit(32, 64), (0, 32)),
        (Fit(64, (128, 256), (60, 176)), (0, 16)),
    ],
)
def test_the_square_is_cut_where_it_is_wanted(
    make_video: Maker, settings: Settings, fit: Fit, white: tuple[int, int]
) -> None:
    """The middle half of a picture twice as wide as high is white."""
    middle = "color=black:s=256x128:d=1,drawbox=64:0:128:128:white:fill"
    path = make_video("middle.mp4", "-f", "lavfi", "-i", middle, *H264)
    (batch,) = frames(probe(path, settings), 8, fit, settings)
    assert batch.pixels.shape == (8, fit.size, fit.size, 3)
    columns = batch.pixels[0].mean(axis=(0, 2))
    expected = np.zeros(fit.size)
    expected[slice(*white)] = 255
    # Scaling blurs the edges.
    assert np.count_nonzero(np.abs(columns - expected) > 20) <= 4


def test_the_shorter_side_is_scaled_whichever_it_is(make_video: Maker, settings: Settings) -> None:
    middle = "color=black:s=128x256:d=1,drawbox=0:64:128:128:white:fill"
    path = make_video("tall.mp4", "-f", "lavfi", "-i", middle, *H264)
    (batch,) = frames(probe(path, settings), 8, Fit(64, 64), settings)
    assert batch.pixels.min() > 200


WHOLE = Fit(176, longest=320)


def upright(path: Path, count: int) -> list[Image.Image]:
    """The first pictures as PyAV decodes them, turned as a player turns them."""
    with av.open(str(path)) as container:
        pictures = list(islice(container.decode(video=0), count))
    return [one.to_image().rotate(one.rotation, expand=True) for one in pictures]


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("real/arm_wrestling.mp4", (176, 294)),
        ("real/water_sport.mp4", (176, 312)),
        ("real/exercise_1080p.mp4", (176, 312)),
        ("real/old_xvid.avi", (176, 234)),
        ("odd/h265_video.mp4", (176, 176)),
        ("odd/video_0.mov", (176, 312)),
        ("odd/video_90.mov", (312, 176)),
        ("odd/video_180.mov", (176, 312)),
        ("odd/video_270.mov", (312, 176)),
    ],
)
def test_a_whole_picture_is_shown_at_its_own_shape(
    samples: Path, settings: Settings, name: str, shape: tuple[int, int]
) -> None:
    """The first two are anamorphic."""
    batch = next(frames(probe(samples / name, settings), 8, WHOLE, settings))
    assert batch.pixels.shape[1:] == (*shape, 3)
    errors = []
    # The one nearest to the first moment.
    for picture in upright(samples / name, 4):
        expected = np.asarray(picture.resize(shape[::-1], Image.Resampling.BILINEAR))
        errors.append(np.abs(expected.astype(int) - batch.pixels[0]).mean())
    assert min(errors) < 4, "of 255"


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        ("2560x1080", (176, 320)),
        ("96x54", (176, 312)),
        ("4000x1", (176, 320)),
        ("1x4000", (320, 176)),
    ],
)
def test_a_whole_picture_of_any_proportions(
    make_video: Maker, settings: Settings, size: str, shape: tuple[int, int]
) -> None:
    grey = ("-f", "lavfi", "-i", f"color=gray:s={size}:d=1,format=yuv444p", "-c:v", "mjpeg")
    path = make_video(f"grey-{size}.avi", *grey)
    (batch,) = frames(probe(path, settings), 8, WHOLE, settings)
    assert batch.pixels.shape == (8, *shape, 3)
    assert batch.pixels.mean() == pytest.approx(128, abs=3)


def test_a_picture_that_changes_its_shape_keeps_the_first(
    make_video: Maker, settings: Settings, tmp_path: Path
) -> None:
    """Both halves of a second have white on the left."""
    half = "color=black:s={0}x{1}:d=2:r=8,drawbox=0:0:{0}/2:{1}:white:fill"
    parts = [
        make_video(f"{at}.ts", "-f", "lavfi", "-i", half.format(*sides), *H264, *late)
        for at, sides, late in (
            ("wide", (320, 180), ()),
            ("tall", (180, 320), ("-output_ts_offset", "2")),
        )
    ]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    batches = list(frames(probe(joined, settings), 8, WHOLE, settings))
    pixels = np.concatenate([batch.pixels for batch in batches])
    assert pixels.shape[1:] == (176, 312, 3)
    assert len(pixels) >= 28
    assert pixels[:, :, :140].min() > 200
    assert pixels[:, :, -140:].max() < 50


@pytest.mark.parametrize(
    "written",
    [
        "P6\n16 40\n255\n",
        "P6\n16 28\n255\n",
        "P6\n99999999999999 16\n255\n",
        "P6\n0 0\n255\n",
        "P6\n-28 16\n255\n",
        "P6\n28 16\n65535\n",
        "P6\n28 16",
        "hello",
    ],
)
def test_a_decoder_that_gives_other_pictures_is_not_believed(written: str) -> None:
    good = "P6\n28 16\n255\n" + 28 * 16 * 3 * "x"
    with child.start(["/bin/echo", "-n", good + written]) as decoder:
        arriving = pictures(decoder, Fit(16, longest=32))
        assert (next(arriving) == ord("x")).all()
        with pytest.raises(errors.DecoderCrashed):
            next(arriving)


@pytest.mark.parametrize("fps", [8, 0.9375, 0.3])
def test_a_short_video_has_a_frame_however_low_the_rate(
    make_video: Maker, settings: Settings, fps: float
) -> None:
    path = make_video("instant.mp4", "-f", "lavfi", "-i", "testsrc2=d=0.12:r=25", *H264)
    times, pixels = sampled(path, settings, fps)
    assert (times.tolist(), len(pixels)) == ([0.0], 1)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("odd/unordered.mov", 1),
        ("odd/corrupted.mp4", 40),
        ("odd/h264_10bits.mp4", 8),
        ("odd/testsrc2_odd_width_vp9.mp4", 8),
        ("odd/av1_video.mkv", 40),
        ("real/exercise_1080p.mp4", 21),
    ],
)
def test_odd_files_give_their_frames(
    samples: Path, settings: Settings, name: str, count: int
) -> None:
    times, pixels = sampled(samples / name, settings)
    assert len(times) == count
    assert pixels.max() > 200


def test_batches_are_bounded(samples: Path, settings: Settings) -> None:
    video = probe(samples / "real/gymnastics.mp4", settings)
    assert [len(b.times) for b in frames(video, 8, 32, settings)] == [32, 32, 16]


def test_cut_off_file_is_told(make_video: Maker, settings: Settings, tmp_path: Path) -> None:
    """Its header is whole and at the front, its end is missing."""
    whole = make_video(
        "front.mp4", *brightening("25"), *H264, "-movflags", "+faststart", "-qp", "1"
    ).read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(errors.Truncated):
        sampled(path, settings)


def test_header_that_lies_about_duration(make_video: Maker, settings: Settings) -> None:
    path = make_video("bright.mp4", *brightening("25"), *H264, "-qp", "1")
    video = dataclasses.replace(probe(path, settings), duration=1.0)
    with pytest.raises(errors.TooLong):
        list(frames(video, 8, 32, dataclasses.replace(settings, max_duration_seconds=5.0)))


def test_header_that_lies_about_size(make_video: Maker, settings: Settings) -> None:
    path = make_video("bright.mp4", *brightening("25"), *H264, "-qp", "1")
    video = probe(path, settings)
    with pytest.raises(errors.TooManyPixels):
        list(frames(video, 8, 32, dataclasses.replace(settings, max_pixels=1000)))


def test_more_frames_than_the_probe_was_told_of(make_video: Maker, settings: Settings) -> None:
    path = make_video("bright.mp4", *brightening("25"), *H264, "-qp", "1")
    video = probe(path, settings)
    with pytest.raises(errors.TooManyFrames):
        list(frames(video, 8, 32, dataclasses.replace(settings, max_frames=100)))


def test_a_decoder_that_waits_for_ever_is_ended(settings: Settings, tmp_path: Path) -> None:
    """It reads from a pipe that nobody writes to."""
    os.mkfifo(tmp_path / "pipe")
    writer = os.open(tmp_path / "pipe", os.O_RDWR)
    video = VideoFacts(tmp_path / "pipe", 0.0, 2.0, 64, 48, 10.0, "avi", "h264", None)
    with pytest.raises(errors.Stalled):
        list(frames(video, 8, 32, dataclasses.replace(settings, stall_seconds=1.0)))
    os.close(writer)
    assert not children()


def test_stopping_early_leaves_no_child(samples: Path, settings: Settings) -> None:
    video = probe(samples / "real/gymnastics.mp4", settings)
    stream = frames(video, 8, 224, settings)
    next(stream)
    stream.close()
    assert not children()


def test_a_decoder_that_is_killed_is_told_wherever_it_was(
    settings: Settings, make_video: Maker
) -> None:
    source = ("-f", "lavfi", "-i", "testsrc2=d=60:r=8:s=320x240")
    video = probe(make_video("minute.mp4", *source, "-preset", "ultrafast"), settings)
    for batches in range(3):
        stream = frames(video, 8, 224, settings)
        for _ in range(batches + 1):
            next(stream)
        (decoder,) = children(recursive=False)
        decoder.kill()
        with pytest.raises(errors.DecoderCrashed):
            list(stream)
