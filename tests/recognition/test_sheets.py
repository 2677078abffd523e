"""Contact sheets: each frame where Sheets says that it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from config import Settings
from har.jobs import disk
from har.media.frames import frames
from har.media.probe import probe
from har.models.motion_backbone import MotionBackbone
from har.recognition.sheets import SheetWriter
from har.types import Fit, FrameBatch, Sheets


def batch(greys: list[int], size: int = 112) -> FrameBatch:
    """Frames of one grey each."""
    pixels = np.broadcast_to(
        np.array(greys, np.uint8)[:, None, None, None], (len(greys), size, size, 3)
    )
    return FrameBatch(np.arange(len(greys)) / 8, np.ascontiguousarray(pixels))


def tiles(folder: Path, sheets: Sheets) -> NDArray[np.uint8]:
    """The frames in all places of all sheets, in their order: [n, height, width, 3]."""
    rows, columns, size = sheets.rows, sheets.columns, sheets.size
    found = []
    for number in range(sheets.sheets):
        with Image.open(folder / f"frames-{number}.jpg") as image:
            assert image.format == "JPEG"
            assert image.size == (columns * size, rows * size)
            pixels = np.asarray(image).reshape(rows, size, columns, size, 3)
        found.append(pixels.transpose(0, 2, 1, 3, 4).reshape(-1, size, size, 3))
    return np.concatenate(found)[:, : sheets.height, : sheets.width]


@pytest.mark.parametrize("count", [1, 63, 64, 65, 150])
def test_frames_fill_sheets_in_their_order(tmp_path: Path, count: int) -> None:
    greys = [50 + i for i in range(count)]
    writer = SheetWriter(tmp_path, 8.0, 16, 112, 1.0)
    for start in range(0, count, 32):
        writer.add(batch(greys[start : start + 32]))
    sheets = writer.finish()
    expected = Sheets(8.0, 112, 112, 112, 8, 8, count, (count + 63) // 64, 16)
    assert sheets == expected
    assert len(list(tmp_path.iterdir())) == expected.sheets
    shown = tiles(tmp_path, sheets).mean(axis=(1, 2, 3))
    assert shown[:count] == pytest.approx(greys, abs=1)
    assert shown[count:] == pytest.approx(0, abs=1)


def test_a_sheet_is_there_as_soon_as_it_is_full(tmp_path: Path) -> None:
    writer = SheetWriter(tmp_path, 8.0, 16, 112, 1.0)
    writer.add(batch([9] * 63))
    assert list(tmp_path.iterdir()) == []
    writer.add(batch([9, 9]))
    assert [path.name for path in tmp_path.iterdir()] == ["frames-0.jpg"]


def test_frames_of_another_size_are_no_larger(tmp_path: Path) -> None:
    writer = SheetWriter(tmp_path, 8.0, 16, 300, 1.0)
    writer.add(batch([40, 200], 300))
    sheets = writer.finish()
    assert sheets.size == 112
    assert tiles(tmp_path, sheets)[:2].mean(axis=(1, 2, 3)) == pytest.approx([40, 200], abs=1)


@pytest.mark.parametrize(
    ("name", "fit", "width", "height"),
    [
        ("real/arm_wrestling.mp4", Fit(176, longest=320), 112, 67),
        ("real/arm_wrestling.mp4", Fit(176, longest=200), 112, 67),
        ("real/arm_wrestling.mp4", Fit(224), 112, 67),
        ("real/arm_wrestling.mp4", Fit(112, (128, 171)), 112, 90),
        ("real/arm_wrestling.mp4", Fit(112, 128), 112, 112),
        ("odd/video_90.mov", Fit(176, longest=320), 63, 112),
        ("odd/video_90.mov", Fit(64), 36, 64),
    ],
)
def test_what_is_shown_of_a_video_is_not_distorted(
    tmp_path: Path, samples: Path, settings: Settings, name: str, fit: Fit, width: int, height: int
) -> None:
    """However the networks get it. The first video is anamorphic, of 340 x 256 pixels at 5:3."""
    video = probe(samples / name, settings)
    batch = next(frames(video, 8.0, fit, settings))
    writer = SheetWriter(tmp_path, 8.0, 16, fit.size, fit.ratio(video.ratio))
    writer.add(batch)
    sheets = writer.finish()
    assert (sheets.width, sheets.height, sheets.size) == (width, height, max(width, height))
    shown = Image.fromarray(batch.pixels[0]).resize((width, height), Image.Resampling.BOX)
    errors = np.abs(tiles(tmp_path, sheets)[0] - np.asarray(shown, float)).mean(axis=2)
    assert max(errors.mean(), errors[-1].mean(), errors[:, -1].mean()) < 12, "of 255"


def test_they_show_what_the_backbone_saw(tmp_path: Path, samples: Path, settings: Settings) -> None:
    video = probe(samples / "real/gymnastics.mp4", settings)
    fit = MotionBackbone.fit(192)
    writer = SheetWriter(tmp_path, 12.5, 32, fit.size, fit.ratio(video.ratio))
    seen = []
    for part in frames(video, 12.5, fit, settings):
        writer.add(part)
        seen.append(part.pixels)
    sheets = writer.finish()
    assert (sheets.fps, sheets.clip, sheets.width, sheets.height) == (12.5, 32, 112, 63)
    size = sheets.width, sheets.height
    expected = np.stack(
        [
            np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BOX), float)
            for frame in np.concatenate(seen)
        ]
    )
    shown = tiles(tmp_path, sheets)[: len(expected)].astype(float)
    errors = ((shown - expected) ** 2).mean(axis=(1, 2, 3))
    others = ((shown[8:] - expected[:-8]) ** 2).mean(axis=(1, 2, 3))
    assert errors.max() < 100, "28 dB"
    assert errors.max() < others.min(), "a frame is like another one"


def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "frames-0.jpg").symlink_to("/dev/full")
    writer = SheetWriter(tmp_path, 8.0, 16, 112, 1.0)
    writer.add(batch([9]))
    with pytest.raises(OSError, match="No space") as raised:
        writer.finish()
    assert disk.is_full(raised.value)
