"""Links that work, fetched from real servers on the loopback address by the real yt-dlp."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from config import Settings
from har.media.fetch import fetch
from har.media.probe import probe
from tests.media.site import Site, content, redirect


def quiet(_: float) -> None:
    pass


@pytest.fixture
def hls(clip: Path, tmp_path: Path, make_video: Callable[..., Path]) -> Path:
    """A folder with the playlist ``list.m3u8`` and its two segments."""
    folder = tmp_path / "hls"
    folder.mkdir()
    options = ("-c", "copy", "-f", "hls", "-hls_time", "1", "-hls_list_size", "0")
    make_video(f"{folder}/list.m3u8", "-i", str(clip), *options)
    return folder


def test_direct_file_arrives_unchanged(
    site: Site, folder: Path, private: Settings, samples: Path
) -> None:
    original = samples / "real" / "gymnastics.mp4"
    site.routes["/v.mp4"] = content(original.read_bytes(), "video/mp4")
    told: list[float] = []
    video = fetch(f"{site.url}/v.mp4", folder, private, told.append)
    assert video.read_bytes() == original.read_bytes()
    assert list(folder.iterdir()) == [video]
    assert video.suffix == ".mp4"
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert all(0 <= fraction <= 1 for fraction in told)


def test_kind_of_file_that_a_browser_could_run_gets_another_name(
    site: Site, folder: Path, private: Settings, clip: Path
) -> None:
    site.routes["/v.html"] = content(clip.read_bytes(), "video/mp4")
    video = fetch(f"{site.url}/v.html", folder, private, quiet)
    assert video.suffix == ".video"
    assert video.read_bytes() == clip.read_bytes()


def test_earlier_download_is_replaced_and_other_files_stay(
    site: Site, folder: Path, private: Settings, clip: Path
) -> None:
    (folder / "fetched.mp4").write_bytes(b"old")
    (folder / "notes.txt").write_text("mine")
    site.routes["/v.mp4"] = content(clip.read_bytes(), "video/mp4")
    video = fetch(f"{site.url}/v.mp4", folder, private, quiet)
    assert video.read_bytes() == clip.read_bytes()
    assert (folder / "notes.txt").read_text() == "mine"


def test_ten_redirects_are_followed(
    site: Site, folder: Path, private: Settings, clip: Path
) -> None:
    for n in range(9):
        site.routes[f"/{n}"] = redirect(f"/{n + 1}")
    site.routes["/9"] = redirect(f"{site.url}/v.mp4")
    site.routes["/v.mp4"] = content(clip.read_bytes(), "video/mp4")
    video = fetch(f"{site.url}/0", folder, private, quiet)
    assert video.read_bytes() == clip.read_bytes()


def test_page_of_several_videos_gives_the_first(
    site: Site, folder: Path, private: Settings, clip: Path
) -> None:
    page = b'<html><body><video src="/v.mp4"></video><video src="/w.mp4"></video></body></html>'
    site.routes["/page"] = content(page, "text/html")
    site.routes["/v.mp4"] = content(clip.read_bytes(), "video/mp4")
    assert fetch(f"{site.url}/page", folder, private, quiet).read_bytes() == clip.read_bytes()
    assert "/w.mp4" not in site.asked


def test_hls_becomes_one_file(site: Site, folder: Path, private: Settings, hls: Path) -> None:
    site.folder(hls)
    told: list[float] = []
    video = fetch(f"{site.url}/list.m3u8", folder, private, told.append)
    assert list(folder.iterdir()) == [video]
    facts = probe(video, private)
    assert "mp4" in facts.container
    assert facts.duration == pytest.approx(2.0, abs=0.1)
    assert facts.audio_codec == "aac"
    assert told == sorted(told)


def test_encrypted_hls_is_deciphered(
    site: Site, folder: Path, private: Settings, clip: Path, tmp_path: Path, make_video: Callable
) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "k.key").write_bytes(bytes(range(16)))
    (tmp_path / "keys").write_text(f"k.key\n{secret}/k.key\n")
    options = ("-c", "copy", "-f", "hls", "-hls_list_size", "0", "-hls_key_info_file")
    make_video(f"{secret}/list.m3u8", "-i", str(clip), *options, f"{tmp_path}/keys")
    site.folder(secret)
    video = fetch(f"{site.url}/list.m3u8", folder, private, quiet)
    assert probe(video, private).duration == pytest.approx(2.0, abs=0.1)


def test_picture_and_sound_apart_are_joined(
    site: Site, folder: Path, private: Settings, clip: Path, tmp_path: Path, make_video: Callable
) -> None:
    dash = tmp_path / "dash"
    dash.mkdir()
    make_video(f"{dash}/dash.mpd", "-i", str(clip), "-c", "copy", "-f", "dash")
    site.folder(dash)
    told: list[float] = []
    video = fetch(f"{site.url}/dash.mpd", folder, private, told.append)
    assert list(folder.iterdir()) == [video]
    facts = probe(video, private)
    assert (facts.width, facts.height, facts.audio_codec) == (320, 240, "aac")
    assert facts.duration == pytest.approx(2.0, abs=0.1)
    assert told == sorted(told)


def test_of_several_sizes_the_one_for_the_work_is_taken(
    site: Site, folder: Path, private: Settings, tmp_path: Path, make_video: Callable
) -> None:
    streams = tmp_path / "sizes"
    streams.mkdir()
    variants = []
    for width, height in ((1920, 1080), (1280, 720), (320, 180)):
        name = f"v{height}.m3u8"
        source = f"testsrc2=size={width}x{height}:rate=5:duration=1"
        make_video(f"{streams}/{name}", "-f", "lavfi", "-i", source, "-f", "hls")
        variants.append(f"#EXT-X-STREAM-INF:BANDWIDTH={height}000,RESOLUTION={width}x{height}")
        variants.append(name)
    (streams / "all.m3u8").write_text("\n".join(["#EXTM3U", *variants, ""]))
    site.folder(streams)
    video = fetch(f"{site.url}/all.m3u8", folder, private, quiet)
    assert probe(video, private).height == 720
