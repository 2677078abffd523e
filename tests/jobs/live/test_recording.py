"""What browsers record, piece by piece."""

from __future__ import annotations

from pathlib import Path

import pytest

from har.jobs.live.recording import Recording
from tests.small_disk import small_disk

WEBM = b"\x1a\x45\xdf\xa3 and so on"
MP4 = b"\x00\x00\x00\x20ftypiso5"


@pytest.mark.parametrize(("first", "name"), [(WEBM, "source.webm"), (MP4, "source.mp4")])
def test_pieces_make_a_file(tmp_path: Path, first: bytes, name: str) -> None:
    recording = Recording(tmp_path / "work", 1000)
    assert recording.path is None
    assert all(map(recording.add, (first, b"more", b"the end")))
    recording.close()
    assert recording.path == tmp_path / "work" / name
    assert recording.path.read_bytes() == first + b"morethe end"
    recording.remove()
    assert list(tmp_path.iterdir()) == []


def test_what_is_too_much_is_left_out(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "work", 20)
    assert recording.add(bytes(15))
    assert not recording.add(bytes(6))
    assert recording.add(bytes(5))
    assert recording.bytes == 20
    recording.remove()


def test_a_full_disk_leaves_nothing_of_it(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        recording = Recording(disk / "work", 10_000_000)
        assert recording.add(bytes(600_000))
        with pytest.raises(OSError, match="No space left"):
            recording.add(bytes(600_000))
        assert recording.path is None
        recording.close()
        recording.remove()
        assert list(disk.iterdir()) == []


def test_a_file_that_cannot_be_made_is_none(tmp_path: Path) -> None:
    (tmp_path / "work" / "source.mp4").mkdir(parents=True)
    recording = Recording(tmp_path / "work", 1000)
    with pytest.raises(IsADirectoryError):
        recording.add(MP4)
    assert recording.path is None
    assert list(tmp_path.iterdir()) == []


def test_without_a_piece_there_is_nothing(tmp_path: Path) -> None:
    Recording(tmp_path / "work", 20).remove()
    assert list(tmp_path.iterdir()) == []
