"""Stretches of videos: as they are, from a key frame on, and exactly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from config import Settings
from har import errors
from har.media import cut
from har.media.probe import probe
from har.types import VideoFacts

Maker = Callable[..., Path]

SECONDS = ("-f", "lavfi", "-i", "color=black:s=320x240:d=8:r=25", "-vf", "geq=lum='16+20*T':cb=128")
"""Gets brighter by 20 a second, so that a picture tells its time."""

SOUND = ("-f", "lavfi", "-i", "sine=d=8")
H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "2", "-g", "50", "-sc_threshold", "0")


def moments(path: Path) -> list[float]:
    """The seconds of SECONDS that the pictures show."""
    with av.open(str(path)) as container:
        means = [f.to_ndarray(format="yuv420p")[:240].mean() for f in container.decode(video=0)]
    return [(float(mean) - 16) / 20 for mean in means]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "cuts"
    made.mkdir()
    return made


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".ts", ".flv", ".avi"])
def test_a_cut_is_of_the_same_kind_and_begins_at_a_key_frame(
    make_video: Maker, settings: Settings, folder: Path, suffix: str
) -> None:
    sound = "mp3" if suffix == ".avi" else "aac"
    recipe = (*SECONDS[:4], *SOUND, *SECONDS[4:], *H264, "-c:a", sound)
    source = make_video(f"cut_seconds{suffix}", *recipe)
    before = probe(source, settings)
    out = cut.cut(before, before.start + 3.0, before.start + 5.0, folder, settings)
    after = probe(out, settings)
    assert out.suffix == source.suffix
    assert (after.codec, after.audio_codec) == ("h264", sound)
    assert after.container == before.container
    shown = moments(out)
    assert shown[0] == pytest.approx(2.0, abs=0.1)
    assert shown[-1] == pytest.approx(5.0, abs=0.2)


def test_a_cut_of_webm_is_webm(samples: Path, settings: Settings, folder: Path) -> None:
    out = cut.cut(probe(samples / "odd/testsrc2_vp8.webm", settings), 0.2, 0.6, folder, settings)
    assert out.name == "cut.webm"
    assert b"\x42\x82\x84webm" in out.read_bytes()[:64]


@pytest.mark.parametrize("name", ["ten.mp4", "ten.ts"])
def test_a_clip_is_exact_on_the_videos_clock(
    make_video: Maker, settings: Settings, folder: Path, name: str
) -> None:
    recipe = (*SECONDS, *H264, "-output_ts_offset", "10")
    source = probe(make_video(f"later_{name}", *recipe), settings)
    assert source.start >= 10
    indexed = cut.with_index(source, folder, settings)
    start = source.start + 3.2
    cut.clip(indexed, start, start + 1.0, folder / "clip.mp4", settings)
    shown = moments(folder / "clip.mp4")
    assert len(shown) == 25
    assert np.allclose(shown, 3.2 + np.arange(25) / 25, atol=0.06)
    made = probe(folder / "clip.mp4", settings)
    assert (made.start, made.codec, made.audio_codec) == (0.0, "h264", None)


def test_a_clip_stands_upright(samples: Path, settings: Settings, folder: Path) -> None:
    video = probe(samples / "odd/video_90.mov", settings)
    cut.clip(video, video.start, video.end, folder / "clip.mp4", settings)
    made = probe(folder / "clip.mp4", settings)
    assert (made.width, made.height) == (video.width, video.height) == (320, 568)


def test_what_cannot_be_cut_is_told(settings: Settings, tmp_path: Path, folder: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nothing")
    video = VideoFacts(broken, 0.0, 2.0, 64, 48, 10.0, "mov,mp4,m4a,3gp,3g2,mj2", "h264", None)
    with pytest.raises(errors.Undecodable):
        cut.cut(video, 0.0, 1.0, folder, settings)
    with pytest.raises(errors.Undecodable):
        cut.clip(video, 0.0, 1.0, folder / "clip.mp4", settings)
