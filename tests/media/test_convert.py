"""The copy that browsers play: who needs one, and that it shows the same at the same time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from config import Settings
from har import errors
from har.media.convert import convert, is_playable
from har.media.probe import probe

Maker = Callable[..., Path]
GREY = ("-f", "lavfi", "-i", "color=gray:s=320x240:d=4:r=25")
SOUND = ("-f", "lavfi", "-i", "sine=d=4")
H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "2")


def converted(source: Path, folder: Path, settings: Settings) -> Path:
    fractions: list[float] = []
    video, out = probe(source, settings), folder / "playable.mp4"
    assert not is_playable(video)
    convert(video, out, settings, fractions.append)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert [p.name for p in folder.iterdir() if p.name != "var"] == ["playable.mp4"]
    assert is_playable(probe(out, settings))
    content = out.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat"), "it plays before all of it is there"
    return out


def times(path: Path, *, keys: bool = False) -> list[float]:
    """Of the pictures, in seconds; of the key frames alone."""
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.is_keyframe or not keys]
        return sorted(float(p.pts * p.time_base) for p in packets if p.pts is not None)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("real/water_sport.mp4", True),
        ("real/exercise_1080p.mp4", True),
        ("real/old_xvid.avi", False),
        ("odd/video_90.mov", True),
        ("odd/bt601_full_range.mp4", True),
        ("odd/testsrc2_odd_width_vp9.mp4", True),
        ("odd/testsrc2_vp8.webm", True),
        ("odd/h264_10bits.mp4", False),
        ("odd/h265_video.mp4", False),
        ("odd/av1_video.mkv", False),
    ],
)
def test_what_browsers_play(samples: Path, settings: Settings, name: str, safe: bool) -> None:
    assert is_playable(probe(samples / name, settings)) == safe


def test_a_matroska_file_is_not_webm_by_its_name_alone(
    samples: Path, settings: Settings, tmp_path: Path
) -> None:
    named = tmp_path / "named.webm"
    named.symlink_to(samples / "odd/av1_video.mkv")
    assert not is_playable(probe(named, settings))


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("odd/h264_10bits.mp4", (200, 200)),
        ("odd/h265_video.mp4", (128, 128)),
        ("real/old_xvid.avi", (320, 240)),
    ],
)
def test_others_become_plain_h264(
    samples: Path, settings: Settings, tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    before = probe(samples / name, settings)
    after = probe(converted(samples / name, tmp_path, settings), settings)
    assert (after.codec, after.pixels, (after.width, after.height)) == ("h264", "yuv420p", size)
    assert after.duration == pytest.approx(before.duration, abs=0.05)
    assert after.audio_codec == (before.audio_codec and "aac")


def test_pictures_are_copied_where_only_the_container_is_in_the_way(
    make_video: Maker, settings: Settings, tmp_path: Path
) -> None:
    source = make_video("contained.ts", *GREY, *SOUND, *H264, "-g", "30", "-c:a", "aac")
    out = converted(source, tmp_path, settings)
    for keys in (False, True):
        assert times(out, keys=keys)[1:] == pytest.approx(times(source, keys=keys)[1:], abs=0.001)


def test_pictures_are_copied_where_only_the_sound_is_in_the_way(
    make_video: Maker, settings: Settings, tmp_path: Path
) -> None:
    source = make_video("ac3.mp4", *GREY, *SOUND, *H264, "-g", "30", "-c:a", "ac3")
    out = converted(source, tmp_path, settings)
    assert times(out) == times(source)
    assert times(out, keys=True) == times(source, keys=True)
    assert probe(out, settings).audio_codec == "aac"


@pytest.mark.parametrize(
    ("name", "coded"),
    [("ten.mp4", ("-c:v", "mpeg4")), ("ten_h264.mp4", H264), ("ten_h264.ts", H264)],
)
def test_the_clock_of_the_original_is_kept(
    make_video: Maker, settings: Settings, tmp_path: Path, name: str, coded: tuple[str, ...]
) -> None:
    """But for the first picture, which stands from zero on: Chromium takes the length of a video
    that begins at 10 s for its end, and seeks no further."""
    source = make_video(name, *GREY, *SOUND, *coded, "-c:a", "aac", "-output_ts_offset", "10")
    before = times(source)
    assert before[0] >= 10
    out = converted(source, tmp_path, settings)
    assert times(out) == pytest.approx([0.0, *before[1:]], abs=0.001)
    assert probe(out, settings).end == pytest.approx(before[-1] + 0.04, abs=0.05)


def test_what_cannot_be_decoded_is_told(samples: Path, settings: Settings, tmp_path: Path) -> None:
    broken = tmp_path / "broken.avi"
    broken.write_bytes(b"nothing")
    video = dataclasses.replace(probe(samples / "real/old_xvid.avi", settings), path=broken)
    with pytest.raises(errors.Undecodable):
        convert(video, tmp_path / "playable.mp4", settings, lambda fraction: None)
    assert [p.name for p in tmp_path.iterdir() if p.name != "var"] == ["broken.avi"]
