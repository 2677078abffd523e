"""The annotated video: it plays, keeps its sound and clock, and shows the right words in time."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray

from config import Settings
from har import errors
from har.captions import caption
from har.media.annotate import annotate, subtitles
from har.media.probe import probe
from har.types import UNKNOWN, Action, VideoFacts

Maker = Callable[..., Path]
GREY = ("-f", "lavfi", "-i", "color=gray:s=320x240:d=4:r=25")
SOUND = ("-f", "lavfi", "-i", "sine=d=4")
H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p")


def made(
    source: Path, timeline: Sequence[Action], folder: Path, settings: Settings
) -> tuple[Path, list[float]]:
    fractions: list[float] = []
    out = folder / "annotated.mp4"
    annotate(probe(source, settings), timeline, out, settings, fractions.append)
    return out, fractions


def pictures(path: Path) -> list[tuple[float, NDArray[np.uint8]]]:
    """Every picture with its time in seconds."""
    with av.open(str(path)) as container:
        return [(float(f.time), f.to_ndarray(format="gray8")) for f in container.decode(video=0)]


def has_text(picture: NDArray[np.uint8]) -> bool:
    """Whether the top left corner holds both the dark box and light letters."""
    corner = picture[: picture.shape[0] // 5, : picture.shape[1] // 2]
    return bool(corner.min() < 60 and corner.max() > 200)


@pytest.fixture(params=["", "packaged"])
def any_ffmpeg(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """The settings with the ffmpeg of the PATH, and with the packaged one."""
    packaged = imageio_ffmpeg.get_ffmpeg_exe() if request.param else ""
    return dataclasses.replace(settings, ffmpeg=packaged)


def test_text_stands_over_its_seconds_only(
    make_video: Maker, any_ffmpeg: Settings, tmp_path: Path
) -> None:
    source = make_video("grey.mp4", *GREY, *H264)
    timeline = [Action(1.0, 2.0, "PushUps", 0.9, "bilstm")]
    out, fractions = made(source, timeline, tmp_path, any_ffmpeg)
    shown = [time for time, picture in pictures(out) if has_text(picture)]
    assert shown[0] == pytest.approx(1.0, abs=0.041)
    assert shown[-1] == pytest.approx(1.96, abs=0.041)
    assert len(shown) in (24, 25, 26)
    assert fractions[-1] == 1.0
    assert fractions == sorted(fractions)
    assert [p.name for p in tmp_path.iterdir() if p.name != "var"] == ["annotated.mp4"]


def test_sound_is_kept_as_it_was(make_video: Maker, settings: Settings, tmp_path: Path) -> None:
    source = make_video("aac.mp4", *GREY, *SOUND, *H264, "-c:a", "aac")
    out, _ = made(source, [], tmp_path, settings)
    assert audio_packets(out) == audio_packets(source)


def audio_packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def test_sound_that_browsers_do_not_play_becomes_aac(
    make_video: Maker, settings: Settings, tmp_path: Path
) -> None:
    source = make_video("pcm.mkv", *GREY, *SOUND, *H264, "-c:a", "pcm_s16le")
    out, _ = made(source, [], tmp_path, settings)
    assert probe(out, settings).audio_codec == "aac"


def test_sound_that_mp4_does_not_hold_becomes_aac(
    make_video: Maker, settings: Settings, tmp_path: Path
) -> None:
    """Such as MP3 of so low a rate, from old cameras."""
    source = make_video("low.avi", *GREY, *SOUND, "-c:a", "mp3", "-ar", "8000")
    out, _ = made(source, [], tmp_path, settings)
    assert probe(out, settings).audio_codec == "aac"


def test_sound_of_a_rare_kind_is_left_out(
    make_video: Maker, settings: Settings, tmp_path: Path
) -> None:
    source = make_video("rare.avi", *GREY, *SOUND, "-c:a", "adpcm_yamaha")
    assert probe(source, settings).audio_codec == "adpcm_yamaha"
    out, _ = made(source, [], tmp_path, settings)
    assert probe(out, settings).audio_codec is None


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("odd/testsrc2_odd_width_vp9.mp4", (322, 240)),
        ("odd/h264_10bits.mp4", (200, 200)),
        ("odd/video_90.mov", (320, 568)),
        ("odd/bt601_full_range.mp4", (320, 240)),
        ("real/old_xvid.avi", (320, 240)),
    ],
)
def test_odd_files_become_plain_h264(
    samples: Path, settings: Settings, tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    out, _ = made(samples / name, [], tmp_path, settings)
    with av.open(str(out)) as container:
        context = container.streams.video[0].codec_context
        assert context.name == "h264"
        assert context.pix_fmt == "yuv420p"
        assert (context.width, context.height) == size
    content = out.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_the_clock_of_the_original_is_kept(
    make_video: Maker, any_ffmpeg: Settings, tmp_path: Path
) -> None:
    source = make_video("later.mp4", *GREY, *H264, "-output_ts_offset", "5")
    out, _ = made(source, [Action(6.0, 7.0, "PushUps", 0.9, "bilstm")], tmp_path, any_ffmpeg)
    before, after = probe(source, any_ffmpeg), probe(out, any_ffmpeg)
    assert before.start == pytest.approx(5.0)
    # The first picture stands from zero on, so that browsers can seek to the end.
    assert (after.start, after.end) == pytest.approx((0.0, before.end), abs=0.04)
    shown = [time for time, picture in pictures(out) if has_text(picture)]
    assert (shown[0], shown[-1]) == pytest.approx((6.0, 6.96), abs=0.041)


def test_variable_frame_rate_keeps_its_times(
    make_video: Maker, any_ffmpeg: Settings, tmp_path: Path
) -> None:
    thin = ("-vf", "select='gte(t,2)+not(mod(n,11))'", "-fps_mode", "vfr")
    source = make_video("thin.mp4", *GREY, *thin, *H264)
    out, _ = made(source, [], tmp_path, any_ffmpeg)
    before = [time for time, _ in pictures(source)]
    assert [time for time, _ in pictures(out)] == pytest.approx(before, abs=0.021)


def test_captions_say_label_confidence_and_source() -> None:
    assert caption(Action(0, 1, "SitDown", 0.876, "bilstm")) == "Sitting down  88%  BiLSTM"
    assert caption(Action(0, 1, "Surfing", 0.4, "clip")) == "Surfing  40%  CLIP"
    assert caption(Action(0, 1, UNKNOWN, 0.04, "semantic")) == UNKNOWN


@pytest.mark.parametrize("label", ["{\\p1}", "a\\Nb", "{", "%{pts}", "a\nb", "a{\\alpha&HFF&}"])
def test_labels_show_as_text(
    label: str, make_video: Maker, settings: Settings, tmp_path: Path
) -> None:
    """Each draws about as much ink as plain text of its length, on one line."""
    source = make_video("grey.mp4", *GREY, *H264)
    script = subtitles(probe(source, settings), [Action(0, 4, label, 0.5, "clip")])
    assert len(script.split("Dialogue:")) == 2
    assert script.count("\n") == subtitles(probe(source, settings), []).count("\n")
    out, _ = made(source, [Action(0, 4, label, 0.5, "clip")], tmp_path, settings)
    plain = "x" * len(label)
    (tmp_path / "plain").mkdir()
    other, _ = made(source, [Action(0, 4, plain, 0.5, "clip")], tmp_path / "plain", settings)
    assert ink(out) == pytest.approx(ink(other), rel=0.35)
    assert box_height(out) == box_height(other)


def ink(path: Path) -> int:
    return int((pictures(path)[10][1] > 180).sum())


def box_height(path: Path) -> int:
    return int((pictures(path)[10][1] < 60).any(axis=1).sum())


def test_what_cannot_be_decoded_is_told(samples: Path, settings: Settings, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nothing")
    video = dataclasses.replace(probe(samples / "real/gymnastics.mp4", settings), path=broken)
    out = tmp_path / "annotated.mp4"
    with pytest.raises(errors.Undecodable):
        annotate(video, [], out, settings, lambda fraction: None)
    assert not out.exists()


def test_limits_hold_while_it_is_made(
    make_video: Maker, settings: Settings, tmp_path: Path
) -> None:
    video = probe(make_video("grey.mp4", *GREY, *H264), settings)
    few = dataclasses.replace(settings, max_frames=99)
    with pytest.raises(errors.TooManyFrames):
        annotate(video, [], tmp_path / "out.mp4", few, lambda fraction: None)
    assert [p.name for p in tmp_path.iterdir() if p.name != "var"] == []


def test_an_encoder_that_waits_for_ever_is_ended(settings: Settings, tmp_path: Path) -> None:
    """It reads from a pipe that nobody writes to, and still tells of its progress."""
    os.mkfifo(tmp_path / "pipe")
    writer = os.open(tmp_path / "pipe", os.O_RDWR)
    video = VideoFacts(tmp_path / "pipe", 0.0, 2.0, 64, 48, 10.0, "avi", "h264", None)
    impatient = dataclasses.replace(settings, stall_seconds=1.0)
    with pytest.raises(errors.Stalled):
        annotate(video, [], tmp_path / "out.mp4", impatient, lambda fraction: None)
    os.close(writer)
    assert [p.name for p in tmp_path.iterdir() if p.name != "var"] == ["pipe"]
