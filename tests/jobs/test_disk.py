"""Files that are there whole or not at all, and folders that go while others use them."""

from __future__ import annotations

import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from har.jobs import disk
from tests.small_disk import filled, small_disk


class Synced:
    """Notes what was made to outlast a loss of power, and what was there at that time."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.events: list[tuple[int, list[str]]] = []
        self._fsync = os.fsync
        self._folder = folder
        monkeypatch.setattr(os, "fsync", self)

    def __call__(self, descriptor: int) -> None:
        there = [path.name for path in self._folder.iterdir()]
        self.events.append((os.fstat(descriptor).st_ino, there))
        self._fsync(descriptor)


@pytest.fixture
def job(tmp_path: Path) -> Path:
    folder = tmp_path / "job"
    folder.mkdir()
    return folder


def test_a_written_file_outlasts_a_loss_of_power(
    job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = Synced(job, monkeypatch)
    with disk.writing(job / "source.mp4") as file:
        file.write(b"bytes")
    (first, before), (second, after) = synced.events
    # The bytes before the name, the name before all is said to be done.
    assert first == (job / "source.mp4").stat().st_ino
    assert "source.mp4" not in before
    assert (second, after) == (job.stat().st_ino, ["source.mp4"])


def test_a_moved_file_outlasts_a_loss_of_power(
    job: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "made").write_bytes(b"bytes")
    synced = Synced(job, monkeypatch)
    assert disk.move(tmp_path / "made", job / "annotated.mp4")
    inode = (job / "annotated.mp4").stat().st_ino
    assert synced.events == [(inode, []), (job.stat().st_ino, ["annotated.mp4"])]


def test_a_shared_file_outlasts_a_loss_of_power(
    job: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "made"
    made.write_bytes(b"bytes")
    synced = Synced(job, monkeypatch)
    assert disk.link(made, job / "fetched.mp4")
    inode = made.stat().st_ino
    assert (job / "fetched.mp4").stat().st_ino == inode
    assert synced.events == [(inode, []), (job.stat().st_ino, ["fetched.mp4"])]


def test_a_shared_file_takes_the_place_of_another(job: Path, tmp_path: Path) -> None:
    for content in (b"old", b"new"):
        made = tmp_path / content.decode()
        made.write_bytes(content)
        # Twice, as after an answer that was lost.
        assert disk.link(made, job / "fetched.mp4")
        assert disk.link(made, job / "fetched.mp4")
    assert (job / "fetched.mp4").read_bytes() == b"new"
    assert [path.name for path in job.iterdir()] == ["fetched.mp4"]
    assert (tmp_path / "old").read_bytes() == b"old"


def without_links(*_: object) -> None:
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


@pytest.mark.parametrize("links", [True, False])
def test_an_added_file_never_goes_over_another(
    job: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", without_links)
    synced = Synced(job, monkeypatch)
    add(job / "part")
    (first, before), (second, after) = synced.events
    assert first == (job / "part").stat().st_ino
    assert "part" not in before
    assert (second, after) == (job.stat().st_ino, ["part"])
    with pytest.raises(FileExistsError):
        add(job / "part", b"other")
    assert (job / "part").read_bytes() == b"bytes"
    assert [path.name for path in job.iterdir()] == ["part"]


def test_nothing_is_added_to_what_is_gone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        add(tmp_path / "job" / "part")
    assert not (tmp_path / "job").exists()


def add(path: Path, content: bytes = b"bytes") -> None:
    with disk.adding(path) as file:
        file.write(content)


def write_half(path: Path) -> None:
    with disk.writing(path) as file:
        file.write(b"half")
        raise ConnectionError


def test_a_file_that_is_written_anew_is_the_old_one_until_the_end(job: Path) -> None:
    path = job / "source.mp4"
    path.write_bytes(b"old")
    with disk.writing(path) as file:
        file.write(b"new, and longer")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new, and longer"
    with pytest.raises(ConnectionError):
        write_half(path)
    assert path.read_bytes() == b"new, and longer"
    assert list(job.iterdir()) == [path]


def test_two_may_write_a_file_at_the_same_time(job: Path) -> None:
    path = job / "source.mp4"
    with disk.writing(path) as first, disk.writing(path) as second:
        first.write(b"first")
        second.write(b"the second")
    assert path.read_bytes() == b"first"
    assert list(job.iterdir()) == [path]


def test_many_may_remove_a_folder_at_the_same_time(tmp_path: Path) -> None:
    for round in range(5):
        folder = tmp_path / str(round)
        for number in range(100):
            path = folder / str(number % 7) / str(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(disk.remove, [folder] * 4))
        assert not folder.exists()


def test_a_folder_is_removed_while_someone_writes_to_it(job: Path) -> None:
    stop, written = threading.Event(), threading.Event()

    def write() -> None:
        while not stop.is_set():
            try:
                with disk.writing(job / "annotated.mp4") as file:
                    file.write(b"bytes")
            except (FileNotFoundError, FileExistsError):
                # Removed in the middle of it, or of the making of the folder.
                continue
            written.set()

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        try:
            for _ in range(100):
                assert written.wait(30)
                written.clear()
                disk.remove(job)
        finally:
            stop.set()
        writer.result()
    disk.remove(job)
    assert not job.exists()


def test_what_cannot_be_removed_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        disk.remove(tmp_path / "file")


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/data/a"), True),
        (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)), True),
        (OSError(errno.EACCES, os.strerror(errno.EACCES)), False),
        (DBAPIError("", None, Exception("could not extend file: No space left on device")), True),
        (DBAPIError("SELECT 'No space left on device'", None, Exception("no such table")), False),
        (ValueError("No space left on device"), False),
    ],
)
def test_a_full_disk_is_known_by_what_is_said_of_it(error: Exception, full: bool) -> None:
    assert disk.is_full(error) is full


def test_a_full_disk_is_known_by_the_database(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as place:
        engine = sa.create_engine(f"sqlite:///{place / 'a.sqlite'}")
        with filled(place), pytest.raises(OperationalError) as refused, engine.begin() as session:
            session.execute(sa.text("CREATE TABLE t (x)"))
        assert disk.is_full(refused.value)
        engine.dispose()
