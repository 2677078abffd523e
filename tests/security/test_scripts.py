"""Files that name other files open no other file: each of the layers that see to it, by itself."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from config import Settings
from har import errors
from har.media.annotate import annotate
from har.media.ffmpeg import executable, input_options
from har.media.frames import frames
from har.media.probe import probe
from har.types import VideoFacts
from tests.security import canary, scripts
from tests.security.probing import answers

Maker = Callable[..., Path]
ENDINGS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".m3u8", ".ogv", ".flv", ".3gp", "")
ENDINGS += (".mpd", ".idx", ".sdp")
PICTURE = ("-f", "lavfi", "-i", "color=red:s=64x48:r=10:d=2")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
KINDS = tuple(scripts.texts(Path("/")))


@pytest.fixture
def away(tmp_path: Path, make_video: Maker) -> Path:
    """A canary in a folder of its own."""
    (tmp_path / "away").mkdir()
    return canary.made(make_video, tmp_path / "away")


@pytest.fixture
def beside(tmp_path: Path, make_video: Maker) -> Path:
    """A canary in the folder where the scripts are, which has the name that an index means too."""
    (tmp_path / "upload").mkdir()
    path = canary.made(make_video, tmp_path / "upload")
    (path.parent / "video.sub").hardlink_to(path)
    return path


@pytest.fixture
def watch(away: Path, beside: Path) -> Iterator[canary.Watch]:
    with canary.watching(away, beside) as watch:
        yield watch


def written(beside: Path, away: Path, kind: str, ending: str) -> Path:
    path = beside.with_name(f"video{ending}")
    path.write_text(scripts.texts(away)[kind])
    return path


@pytest.mark.parametrize("kind", ["hls absolute", "hls relative", "concat relative"])
def test_without_our_options_ffmpeg_opens_the_canary(
    kind: str, watch: canary.Watch, beside: Path, away: Path, settings: Settings
) -> None:
    """So that the other tests here mean something."""
    path = written(beside, away, kind, ".m3u8")
    subprocess.run([executable(settings), "-v", "quiet", "-i", path, "-f", "null", "-"])
    assert watch.touched()


@pytest.mark.parametrize(
    ("kinds", "endings"),
    [(KINDS, (".mp4", ".m3u8", "")), (("hls absolute", "concat relative", "dash"), ENDINGS)],
)
def test_our_options_are_enough_by_themselves(
    kinds: tuple[str, ...],
    endings: tuple[str, ...],
    watch: canary.Watch,
    beside: Path,
    away: Path,
    settings: Settings,
) -> None:
    options = [o for key, value in input_options(settings).items() for o in (f"-{key}", str(value))]
    for kind in kinds:
        for ending in endings:
            source = f"file:{written(beside, away, kind, ending)}"
            argv = [executable(settings), "-nostdin", *options, "-i", source, "-f", "rawvideo", "-"]
            done = subprocess.run(argv, capture_output=True)
            assert done.returncode != 0, (kind, ending)
            assert done.stdout == b""
            assert canary.TEXT.encode() not in done.stderr
            assert not watch.touched(), (kind, ending)


@pytest.mark.usefixtures("without_bubblewrap")
def test_no_script_is_a_video_under_any_name(
    watch: canary.Watch, beside: Path, away: Path, tmp_path: Path, settings: Settings
) -> None:
    files = []
    for kind, text in scripts.texts(away).items():
        for ending in ENDINGS:
            files.append(beside.with_name(f"{kind}{ending}"))
            files[-1].write_text(text)
    found = answers(files, settings)
    assert not watch.touched()
    assert len(found) == len(KINDS) * len(ENDINGS)
    assert {name: a for name, a in found.items() if a != {"reason": "not_a_video"}} == {}
    assert answers([beside], settings)[beside.name]["codec"] == "h264"
    assert watch.touched()


def deceived(path: Path) -> VideoFacts:
    """Facts that a file would have to lie for."""
    return VideoFacts(path, 0.0, 2.0, 64, 48, 10.0, "mov,mp4,m4a,3gp,3g2,mj2", "h264", None)


def refusals(path: Path, settings: Settings, folder: Path) -> list[errors.HarError]:
    """What the probe answers, and each decoder where the probe was deceived."""
    video = deceived(path)
    calls: tuple[Callable[[], object], ...] = (
        lambda: probe(path, settings),
        lambda: list(frames(video, 8, 32, settings)),
        lambda: list(frames(dataclasses.replace(video, container="hls"), 8, 32, settings)),
        lambda: annotate(video, [], folder / "out.mp4", settings, lambda _: None),
    )
    caught = []
    for call in calls:
        with pytest.raises(errors.MediaError) as refusal:
            call()
        caught.append(refusal.value)
    return caught


@pytest.mark.parametrize("number", range(len(KINDS)))
def test_scripts_are_refused_by_each_part(
    number: int,
    watch: canary.Watch,
    beside: Path,
    away: Path,
    settings: Settings,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each kind under one name; what bubblewrap hides is hidden in one test of four."""
    request.getfixturevalue("without_bubblewrap" if number % 4 else "bubblewrap")
    path = written(beside, away, KINDS[number], ENDINGS[number % len(ENDINGS)])
    found = refusals(path, settings, tmp_path)
    assert not watch.touched()
    assert isinstance(found[0], errors.NotAVideo)
    assert all(400 <= error.status < 500 for error in found)
    assert canary.TEXT not in caplog.text + str(found)
    assert not (tmp_path / "out.mp4").exists()


def remuxed(source: Path, *arguments: str | Path, settings: Settings) -> bytes:
    """A video with more put into its file."""
    out = source.with_name("remuxed.mkv")
    flags = ("-v", "error", "-y", "-nostdin")
    argv = [executable(settings), *flags, "-i", source, *arguments, "-c:v", "copy", out]
    subprocess.run(argv, check=True)
    return out.read_bytes()


CONTAINERS = {
    "mov with url": "names_files",
    "mov with absolute url": "names_files",
    "mov with alias": "names_files",
    "mov with absolute alias": "names_files",
    "mov with alias that denies it": "names_files",
    "mkv with attachment above": "names_files",
    "mkv with attachment at root": "names_files",
    "mkv with windows attachment": "names_files",
    # These hold all their pictures; what they name besides is for players.
    "mkv with links": None,
    "mkv with subtitles": None,
    "avi with playlist": None,
}


def referring(kind: str, video: bytes, beside: Path, away: Path) -> bytes:
    """An MP4 file that keeps its data elsewhere."""
    entry = {
        "mov with url": scripts.url_entry(beside.name),
        "mov with absolute url": scripts.url_entry(f"file://{away}"),
        "mov with alias": scripts.alias_entry(beside, beside=True),
        "mov with absolute alias": scripts.alias_entry(away, beside=False),
        "mov with alias that denies it": scripts.alias_entry(beside, beside=True, flags=1),
    }[kind]
    return scripts.with_references(video, entry)


def bringing(kind: str, red: Path, beside: Path, settings: Settings) -> bytes:
    """A Matroska file that brings something else."""
    if kind == "mkv with links":
        return scripts.with_links(remuxed(red, settings=settings), beside.name)
    if kind == "mkv with subtitles":
        text = beside.with_name("text.srt")
        text.write_text(f"1\n00:00:00,000 --> 00:00:02,000\n<img src={beside}> file://{beside}\n")
        return remuxed(red, "-i", text, settings=settings)
    name = {
        "mkv with attachment above": f"../{beside.name}",
        "mkv with attachment at root": "/x.ttf",
        "mkv with windows attachment": "C:\\fonts\\x.ttf",
    }[kind]
    named = ("-metadata:s:t", f"filename={name}", "-metadata:s:t", "mimetype=font/ttf")
    return remuxed(red, "-attach", __file__, *named, settings=settings)


def container(kind: str, make_video: Maker, beside: Path, away: Path, settings: Settings) -> Path:
    """A file of each kind, with all its own pictures red."""
    red = beside.with_name("red.mp4")
    red.write_bytes(make_video("red.mp4", *PICTURE, *H264).read_bytes())
    path = beside.with_name(f"video.{kind[:3]}")
    if path.suffix == ".mov":
        path.write_bytes(referring(kind, red.read_bytes(), beside, away))
    elif path.suffix == ".mkv":
        path.write_bytes(bringing(kind, red, beside, settings))
    else:
        script = scripts.playlist(str(away))
        path.write_bytes(scripts.avi_with_subtitle(script, bytes((0, 0, 255)) * 256))
    return path


@pytest.mark.parametrize(
    "machine", [pytest.param("bubblewrap", marks=pytest.mark.slow), "without_bubblewrap"]
)
@pytest.mark.parametrize(("kind", "code"), CONTAINERS.items())
def test_containers_that_name_files(
    kind: str,
    code: str | None,
    machine: str,
    make_video: Maker,
    beside: Path,
    away: Path,
    settings: Settings,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    path = container(kind, make_video, beside, away, settings)
    request.getfixturevalue(machine)
    with canary.watching(beside, away) as watch:
        told = None
        try:
            video = probe(path, settings)
            assert canary.TEXT not in str(video)
        except errors.NamesFiles as refusal:
            told = refusal.code
            video = VideoFacts(
                path, 0.0, 2.0, 64, 48, 10.0, "mov,mp4,m4a,3gp,3g2,mj2", "h264", None
            )
        assert told == code
        decode(video, settings, tmp_path)
        assert not watch.touched()


def decode(video: VideoFacts, settings: Settings, folder: Path) -> None:
    """Check that nothing that can be had from a video shows the canary."""
    out = folder / "out.mp4"
    with suppress(errors.MediaError):
        pixels = np.concatenate([b.pixels for b in frames(video, 8, 32, settings)])
        assert not canary.shows(pixels)
    with suppress(errors.MediaError):
        annotate(video, [], out, settings, lambda _: None)
        assert canary.TEXT.encode() not in out.read_bytes()
        shown = np.concatenate([b.pixels for b in frames(probe(out, settings), 8, 32, settings)])
        assert not canary.shows(shown)


@pytest.mark.parametrize("kind", ["mov with alias", "mov with absolute alias"])
def test_ffmpeg_would_follow_the_alias(
    kind: str, make_video: Maker, beside: Path, away: Path, settings: Settings
) -> None:
    """So that the tests with it mean something."""
    path = container(kind, make_video, beside, away, settings)
    follow = ("-enable_drefs", "1", "-use_absolute_path", "1")
    with canary.watching(beside, away) as watch:
        argv = [executable(settings), "-v", "quiet", *follow, "-i", path, "-f", "null", "-"]
        subprocess.run(argv)
        assert watch.touched()


def test_the_canary_would_be_noticed(watch: canary.Watch, beside: Path, settings: Settings) -> None:
    video = probe(beside, settings)
    assert watch.touched()
    assert canary.shows(np.concatenate([b.pixels for b in frames(video, 8, 32, settings)]))


@pytest.mark.parametrize(
    "name",
    ["%03d.mp4", "a|b.mp4", "concat:a.mp4", "-i.mp4", "http:x.mp4", "pipe:0", "a b'c\"d.mp4"],
)
def test_names_are_only_names(
    name: str, make_video: Maker, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(make_video("red.mp4", *PICTURE, *H264).read_bytes())
    (tmp_path / "001.mp4").write_bytes(b"nothing")
    video = probe(path, settings)
    assert sum(len(b.times) for b in frames(video, 8, 32, settings)) == 16
    annotate(video, [], tmp_path / "out.mp4", settings, lambda _: None)
