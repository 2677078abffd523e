"""Names and folders of what is uploaded."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from har.jobs import storage
from har.jobs.storage import Upload


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("clip.mp4", "source.mp4"),
        ("CLIP.MOV", "source.mov"),
        ("clip", "source"),
        ("clip.mp4.exe", "source"),
        ("clip.html", "source"),
        ("../../etc/passwd", "source"),
        ("/tmp/x.webm", "source.webm"),
        ("..", "source"),
        (".mp4", "source"),
        ("a\0b.mp4", "source.mp4"),
    ],
)
def test_an_upload_is_kept_under_a_name_of_ours(tmp_path: Path, sent: str, kept: str) -> None:
    folder = tmp_path / "jobs" / "id"
    path = storage.keep(Upload(io.BytesIO(b"bytes"), sent), folder)
    assert path == folder / kept
    assert path.read_bytes() == b"bytes"
    assert list(tmp_path.rglob("*")) == [tmp_path / "jobs", folder, path]


def test_an_upload_never_goes_over_another(tmp_path: Path) -> None:
    storage.keep(Upload(io.BytesIO(b"one"), "a.mp4"), tmp_path / "id")
    with pytest.raises(FileExistsError):
        storage.keep(Upload(io.BytesIO(b"two"), "a.mp4"), tmp_path / "id")
    assert (tmp_path / "id" / "source.mp4").read_bytes() == b"one"


def test_remove_takes_all_and_may_come_twice(tmp_path: Path) -> None:
    storage.keep(Upload(io.BytesIO(b"one"), "a.mp4"), tmp_path / "id")
    (tmp_path / "id" / "more").mkdir()
    storage.remove(tmp_path / "id")
    storage.remove(tmp_path / "id")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "container", "expected"),
    [
        ("source.mp4", "mov,mp4,m4a,3gp,3g2,mj2", "video/mp4"),
        ("source.mov", "mov,mp4,m4a,3gp,3g2,mj2", "video/quicktime"),
        ("source", "mov,mp4,m4a,3gp,3g2,mj2", "video/mp4"),
        ("source.webm", "matroska,webm", "video/webm"),
        ("source.mkv", "matroska,webm", "video/matroska"),
        ("source.mp4", "avi", "video/x-msvideo"),
        ("source.avi", "matroska,webm", "video/matroska"),
        ("source.ts", "mpegts", "video/mp2t"),
        ("source.html", "something", "application/octet-stream"),
    ],
)
def test_the_media_type_is_the_containers(name: str, container: str, expected: str) -> None:
    assert storage.media_type(Path(name), container) == expected
