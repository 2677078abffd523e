"""The facts of good files, and the refusal of each kind of bad one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from PIL import Image

from config import Settings
from har import errors
from har.media import probe as probing
from har.media.probe import probe
from tests.children import children, fact, running
from tests.serving import eventually

Maker = Callable[..., Path]
PICTURE = ("-f", "lavfi", "-i", "testsrc2=d=2:r=10:s=64x48")
SOUND = ("-f", "lavfi", "-i", "sine=d=2")
H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p")


@pytest.mark.parametrize(
    ("name", "start", "duration", "size", "codec"),
    [
        ("odd/test_non_zero_start.mp4", 8.333, 0.4, (200, 112), "h264"),
        ("odd/video_0.mov", 0, 0.1, (568, 320), "h264"),
        ("odd/video_90.mov", 0, 0.1, (320, 568), "h264"),
        ("odd/video_180.mov", 0, 0.1, (568, 320), "h264"),
        ("odd/video_270.mov", 0, 0.1, (320, 568), "h264"),
        ("odd/h264_10bits.mp4", 0, 1.0, (200, 200), "h264"),
        ("odd/h265_video.mp4", 0, 1.0, (128, 128), "hevc"),
        ("odd/testsrc2_odd_width_vp9.mp4", 0, 1.0, (321, 240), "vp9"),
        ("odd/testsrc2_vp8.webm", 0, 1.0, (1280, 720), "vp8"),
        ("odd/av1_video.mkv", 0, 5.0, (640, 360), "av1"),
        ("real/old_xvid.avi", 0, 6.56, (320, 240), "mpeg4"),
    ],
)
def test_facts(
    samples: Path,
    settings: Settings,
    name: str,
    start: float,
    duration: float,
    size: tuple[int, int],
    codec: str,
) -> None:
    video = probe(samples / name, settings)
    assert video.start == pytest.approx(start, abs=0.001)
    assert video.duration == pytest.approx(duration, abs=0.001)
    assert (video.width, video.height) == size
    assert video.codec == codec


@pytest.mark.parametrize(
    ("name", "ratio"),
    [
        ("real/water_sport.mp4", 16 / 9),
        ("real/arm_wrestling.mp4", 5 / 3),
        ("real/gymnastics.mp4", 426 / 240),
        ("odd/video_90.mov", 320 / 568),
    ],
)
def test_the_picture_has_the_shape_that_players_show(
    samples: Path, settings: Settings, name: str, ratio: float
) -> None:
    """Pixels are not square in the first two."""
    assert probe(samples / name, settings).ratio == pytest.approx(ratio)


def test_sound_is_told(make_video: Maker, settings: Settings) -> None:
    with_sound = make_video("sound.mp4", *PICTURE, *SOUND, *H264, "-c:a", "aac")
    assert probe(with_sound, settings).audio_codec == "aac"
    assert probe(make_video("silent.mp4", *PICTURE, *H264), settings).audio_codec is None


def test_duration_that_no_header_tells_is_measured(make_video: Maker, settings: Settings) -> None:
    live = make_video("live.mkv", *PICTURE, *H264, "-live", "1")
    assert probe(live, settings).duration == pytest.approx(2.0, abs=0.01)


def test_one_frame_lasts_a_while(make_video: Maker, settings: Settings) -> None:
    one = make_video("one.mkv", *PICTURE, *H264, "-frames:v", "1")
    assert probe(one, settings).duration == pytest.approx(0.1, abs=0.01)


def bad_file(kind: str, folder: Path, make_video: Maker) -> Path:
    """A file of each kind that is refused."""
    path = folder / "upload"
    if kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("This is not a video.\n" * 100)
    elif kind == "picture":
        Image.new("RGB", (64, 48), "red").save(path, "PNG")
    elif kind == "audio":
        return make_video("only.m4a", *SOUND)
    elif kind == "audio with a cover":
        Image.new("RGB", (64, 48), "red").save(folder / "cover.png")
        cover = ("-i", str(folder / "cover.png"), "-map", "0", "-map", "1")
        return make_video(
            "cover.m4a", *SOUND, *cover, "-c:v", "mjpeg", "-disposition:v", "attached_pic"
        )
    elif kind == "truncated":
        whole = make_video("whole.mp4", *PICTURE, *H264).read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
    elif kind == "no frames":
        return make_video("none.mp4", *PICTURE, *H264, "-frames:v", "0")
    return path


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("empty", "empty_file"),
        ("text", "not_a_video"),
        ("picture", "picture"),
        ("audio", "audio_only"),
        ("audio with a cover", "audio_only"),
        ("truncated", "truncated"),
        ("no frames", "no_frames"),
    ],
)
def test_bad_files(
    kind: str, code: str, tmp_path: Path, make_video: Maker, settings: Settings
) -> None:
    with pytest.raises(errors.MediaError) as refusal:
        probe(bad_file(kind, tmp_path, make_video), settings)
    assert refusal.value.code == code
    assert 400 <= refusal.value.status < 500
    assert str(tmp_path) not in refusal.value.detail


def test_zero_size(make_video: Maker, settings: Settings, tmp_path: Path) -> None:
    """An AVI whose header says 0 x 0: width and height follow the size of BITMAPINFOHEADER."""
    content = bytearray(make_video("raw.avi", *PICTURE, "-c:v", "rawvideo").read_bytes())
    at = content.index(b"strf") + 8
    content[at + 4 : at + 12] = bytes(8)
    path = tmp_path / "zero.avi"
    path.write_bytes(content)
    with pytest.raises(errors.ZeroSize):
        probe(path, settings)


@pytest.mark.parametrize(
    ("limit", "value", "error"),
    [
        ("max_duration_seconds", 1.5, errors.TooLong),
        ("max_pixels", 64 * 48 - 1, errors.TooManyPixels),
        ("max_frames", 19, errors.TooManyFrames),
        ("max_fps", 9, errors.TooManyFrames),
        ("max_streams", 1, errors.TooManyStreams),
    ],
)
def test_limits(
    limit: str, value: float, error: type, make_video: Maker, settings: Settings
) -> None:
    path = make_video("sound.mp4", *PICTURE, *SOUND, *H264, "-c:a", "aac")
    exactly = {"max_duration_seconds": 2.0, "max_pixels": 64 * 48, "max_frames": 20}
    exact = dataclasses.replace(settings, **exactly, max_fps=10, max_streams=2)
    assert probe(path, exact).duration == 2.0
    with pytest.raises(error) as refusal:
        probe(path, dataclasses.replace(exact, **{limit: value}))
    assert f"{value:g}" in refusal.value.detail


def test_sound_that_goes_on_is_no_missing_picture(make_video: Maker, settings: Settings) -> None:
    path = make_video("song.mkv", *PICTURE, "-f", "lavfi", "-i", "sine=d=20", *H264)
    video = probe(path, settings)
    assert (video.duration, video.fps) == (2.0, 10.0)
    short = dataclasses.replace(settings, max_duration_seconds=10.0)
    with pytest.raises(errors.TooLong):
        probe(path, short)


def test_a_track_that_begins_late(make_video: Maker, settings: Settings, tmp_path: Path) -> None:
    """In a transport stream it may, where nobody looks for tracks any more."""
    long = ("-f", "lavfi", "-i", "testsrc2=d=15:r=25:s=320x240", "-c:v", "mpeg2video")
    late = ("-tables_version", "5", "-mpegts_start_pid", "0x200")
    silent = make_video("silent.ts", *long).read_bytes()
    loud = make_video("loud.ts", *SOUND, *late, "-c:a", "mp2").read_bytes()
    path = tmp_path / "late.ts"
    path.write_bytes(silent + loud + silent)
    video = probe(path, settings)
    assert (video.duration, video.audio_codec) == (pytest.approx(15.0), None)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("cinepak.mov", "cinepak"), ("snow.avi", "snow"), ("asus.avi", "asv1"), ("gif.mov", "gif")],
)
def test_codecs_that_nobody_sends_are_refused(
    name: str, codec: str, make_video: Maker, settings: Settings
) -> None:
    with pytest.raises(errors.CodecRefused):
        probe(make_video(name, *PICTURE, "-c:v", codec, "-strict", "-2"), settings)


@pytest.mark.parametrize(
    ("name", "codec", "told"),
    [
        ("prores.mov", "prores_ks", "prores"),
        ("mjpeg.avi", "mjpeg", "mjpeg"),
        ("vp9.webm", "libvpx-vp9", "vp9"),
        ("theora.ogv", "libtheora", "theora"),
        ("sorenson.flv", "flv", "flv1"),
        ("mpeg2.ts", "mpeg2video", "mpeg2video"),
        ("wmv2.avi", "wmv2", "wmv2"),
        ("lossless.mkv", "ffv1", "ffv1"),
    ],
)
def test_codecs_that_people_send(
    name: str, codec: str, told: str, make_video: Maker, settings: Settings
) -> None:
    path = make_video(name, *PICTURE, "-r", "25", "-c:v", codec)
    assert probe(path, settings).codec == told


def test_fonts_may_come_along(make_video: Maker, settings: Settings) -> None:
    """More than tracks may be, as with subtitles in fancy letters."""
    fonts = ("-attach", __file__, "-metadata:s:t", "mimetype=font/ttf") * 40
    named = ("-metadata:s:t", "filename=My Font, Bold.ttf")
    path = make_video("fonts.mkv", *PICTURE, *fonts, *named, *H264)
    assert probe(path, settings).duration == pytest.approx(2.0, abs=0.001)


def test_a_probe_that_hangs_is_ended(
    make_video: Maker, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_video("silent.mp4", *PICTURE, *H264)
    monkeypatch.setattr(probing, "_TIMEOUT", 3.0)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(probe, path, settings)
        # Once it has this name: before that, our own thread waits for it.
        for child in eventually(lambda: running(children(), "har.media.probe_child"), "child"):
            child.suspend()
        with pytest.raises(errors.Stalled):
            answer.result()
    assert not children()


def test_a_probe_that_is_killed_is_told(make_video: Maker, settings: Settings) -> None:
    path = make_video("silent.mp4", *PICTURE, *H264)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(probe, path, settings)
        # Itself: a sandbox that is killed as it begins can leave the probe behind.
        for child in eventually(started, "probe"):
            child.kill()
        with pytest.raises(errors.DecoderCrashed):
            answer.result()


def started() -> list[psutil.Process]:
    """The probe, within the sandbox."""
    named = running(children(), "har.media.probe_child")
    return [child for child in named if fact(child, "name", "").startswith("python")]


def test_too_many_bytes(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(1_000_001)
    with pytest.raises(errors.TooLarge):
        probe(path, dataclasses.replace(settings, max_upload_mb=1))


@pytest.mark.parametrize("name", ["list.mp4", "list.m3u8", "list.avi", "list.txt"])
@pytest.mark.parametrize("kind", ["hls", "concat"])
def test_scripts_that_name_other_files_are_no_videos(
    name: str, kind: str, tmp_path: Path, make_video: Maker, settings: Settings
) -> None:
    other = make_video("other.ts", *PICTURE, *H264)
    (tmp_path / "other.ts").write_bytes(other.read_bytes())
    text = {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{other}\n#EXT-X-ENDLIST\n",
        "concat": "ffconcat version 1.0\nfile other.ts\n",
    }[kind]
    (tmp_path / name).write_text(text)
    with pytest.raises(errors.NotAVideo):
        probe(tmp_path / name, settings)
