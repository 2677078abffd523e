"""What is stored, and what of it others see: the same in a local folder and in S3."""

from __future__ import annotations

import hashlib
import itertools
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config import Settings
from har.jobs import storage as module
from har.jobs.storage import ANNOTATED, Kept, Storage, Upload
from tests.jobs.uploads import LONG, Stream, content, put, upload


@pytest.fixture
def storage(place: Settings) -> Storage:
    return Storage(place)


@pytest.mark.parametrize("sent", [b"", b"bytes", LONG])
def test_an_upload_is_kept(storage: Storage, sent: bytes) -> None:
    kept = storage.keep("id", upload(sent))
    assert kept == Kept("source.mp4", len(sent), hashlib.sha256(sent).hexdigest())
    assert content(storage, "id") == sent
    assert storage.size("id", "source.mp4") == len(sent)


def test_a_file_can_be_sought_in(storage: Storage) -> None:
    storage.keep("id", upload(LONG))
    with storage.open("id", "source.mp4") as file:
        assert file.seekable()
        assert file.seek(15_000_000) == 15_000_000
        assert file.read(1000) == LONG[15_000_000:15_001_000]
        file.seek(-5, os.SEEK_END)
        assert file.read() == LONG[-5:]
        file.seek(0)
        assert file.read(3) == LONG[:3]


def test_an_upload_never_goes_over_another(storage: Storage) -> None:
    storage.keep("id", upload(b"one"))
    with pytest.raises(FileExistsError):
        storage.keep("id", upload(b"two", "b.webm"))
    assert content(storage, "id") == b"one"
    assert storage.folders()["id"].bytes == 3


@pytest.mark.parametrize("length", [0, 1000, len(LONG)])
def test_nothing_is_left_of_an_upload_that_breaks_off(storage: Storage, length: int) -> None:
    with pytest.raises(ConnectionError, match="the sender is gone"):
        storage.keep("id", Upload(Stream(length), "a.mp4"))
    assert storage.folders() == {}
    with pytest.raises(FileNotFoundError):
        storage.open("id", "source.mp4")
    storage.keep("id", upload(b"again"))
    assert content(storage, "id") == b"again"


def test_nobody_sees_half_a_file(place: Settings, storage: Storage) -> None:
    other = Storage(place)
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1
        with pytest.raises(FileNotFoundError):
            other.size("id", "source.mp4")
        with pytest.raises(FileNotFoundError):
            other.open("id", "source.mp4")

    with pytest.raises(ConnectionError):
        storage.keep("id", Upload(Stream(len(LONG), look), "a.mp4"))
    assert looks > 10


@pytest.mark.parametrize("length", [1000, len(LONG)])
def test_a_file_is_put_beside_the_upload(storage: Storage, tmp_path: Path, length: int) -> None:
    storage.keep("id", upload())
    assert put(storage, tmp_path, "id", LONG[:length]) == length
    assert not (tmp_path / ANNOTATED).exists()
    assert content(storage, "id", ANNOTATED) == LONG[:length]
    assert content(storage, "id") == b"bytes"


def test_a_file_may_come_without_an_upload_and_again(storage: Storage, tmp_path: Path) -> None:
    put(storage, tmp_path, "id", b"of the first attempt")
    assert put(storage, tmp_path, "id", b"of the second") == 13
    assert content(storage, "id", ANNOTATED) == b"of the second"
    assert storage.folders()["id"].bytes == 13


def test_a_shared_file_stays_where_it_is_as_well(storage: Storage, tmp_path: Path) -> None:
    path = tmp_path / "fetched.mp4"
    path.write_bytes(b"bytes")
    storage.share("id", path)
    assert content(storage, "id", "fetched.mp4") == path.read_bytes() == b"bytes"
    path.unlink()
    assert content(storage, "id", "fetched.mp4") == b"bytes"


def test_a_file_that_cannot_be_read_does_not_replace_another(
    storage: Storage, tmp_path: Path
) -> None:
    put(storage, tmp_path, "id", b"old")
    # It opens, and the first byte of our memory cannot be read.
    (tmp_path / ANNOTATED).symlink_to("/proc/self/mem")
    with pytest.raises(OSError, match=r"Input/output error|Invalid argument"):
        storage.put("id", tmp_path / ANNOTATED)
    assert (tmp_path / ANNOTATED).is_symlink()
    assert content(storage, "id", ANNOTATED) == b"old"
    assert storage.folders()["id"].bytes == 3


def test_a_local_path_holds_the_file(storage: Storage, tmp_path: Path) -> None:
    storage.keep("id", upload(LONG))
    path = storage.local("id", "source.mp4", tmp_path)
    assert path.name == "source.mp4"
    assert path.read_bytes() == LONG


def test_a_file_that_is_not_there(storage: Storage, tmp_path: Path) -> None:
    storage.keep("id", upload())
    for id, name in (("id", ANNOTATED), ("other", "source.mp4")):
        with pytest.raises(FileNotFoundError):
            storage.open(id, name)
        with pytest.raises(FileNotFoundError):
            storage.size(id, name)
        with pytest.raises(FileNotFoundError):
            storage.local(id, name, tmp_path)
        assert not (tmp_path / name).exists()


def test_remove_takes_all_of_one_job_and_may_come_twice(storage: Storage, tmp_path: Path) -> None:
    for id in ("job", "job-2", "jo"):
        storage.keep(id, upload())
        put(storage, tmp_path, id)
    storage.remove("job")
    storage.remove("job")
    assert sorted(storage.folders()) == ["jo", "job-2"]
    with pytest.raises(FileNotFoundError):
        storage.open("job", "source.mp4")
    assert content(storage, "job-2", ANNOTATED) == b"annotated"


def test_other_machines_see_at_once_what_comes_and_goes(place: Settings, storage: Storage) -> None:
    other = Storage(place)
    assert other.folders() == {}
    storage.keep("id", upload())
    assert other.folders()["id"].bytes == 5
    assert content(other, "id") == b"bytes"
    storage.remove("id")
    assert other.folders() == {}
    with pytest.raises(FileNotFoundError):
        other.size("id", "source.mp4")


def test_threads_may_share_a_storage(storage: Storage) -> None:
    def work(number: int) -> None:
        sent = bytes([number]) * 1000
        storage.keep(f"job{number}", upload(sent))
        assert content(storage, f"job{number}") == sent

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(16)))
        assert {folder.bytes for folder in storage.folders().values()} == {1000}
        assert len(storage.folders()) == 16
        # Two for each, at the same time.
        list(pool.map(lambda number: storage.remove(f"job{number // 2}"), range(32)))
    assert storage.folders() == {}


def test_folders_tell_bytes_and_age(storage: Storage, tmp_path: Path) -> None:
    # S3 tells whole seconds.
    before = time.time() - 2
    storage.keep("a", upload())
    put(storage, tmp_path, "a", b"1234567")
    storage.keep("b", upload(b""))
    folders = storage.folders()
    assert {id: folder.bytes for id, folder in folders.items()} == {"a": 12, "b": 0}
    for folder in folders.values():
        assert before < folder.touched < time.time() + 2


@pytest.mark.parametrize("name", ["frames-0.jpg", "frames-449.jpg", "embeddings.safetensors"])
def test_details_of_a_result_count_as_the_jobs_files(
    storage: Storage, tmp_path: Path, name: str
) -> None:
    storage.keep("id", upload())
    (tmp_path / name).write_bytes(b"1234567")
    storage.put("id", tmp_path / name)
    assert content(storage, "id", name) == b"1234567"
    assert storage.folders()["id"].bytes == 12


IDS = ["", ".", "..", "a/b", "a.b", "../a", "a\0", "a\n", "ä", "a b"]


def test_an_id_that_we_do_not_make_is_refused(storage: Storage, tmp_path: Path) -> None:
    path = tmp_path / ANNOTATED
    path.write_bytes(b"annotated")
    calls: list[Callable[[str], object]] = [
        lambda id: storage.keep(id, upload()),
        lambda id: storage.put(id, path),
        lambda id: storage.local(id, "source.mp4", tmp_path),
        lambda id: storage.open(id, "source.mp4"),
        lambda id: storage.size(id, "source.mp4"),
        lambda id: storage.remove(id),
    ]
    for id, call in itertools.product(IDS, calls):
        with pytest.raises(ValueError, match="not the id of a job"):
            call(id)
    assert path.exists()
    assert storage.folders() == {}


NAMES = ["", "..", "../source.mp4", "other.mp4", "source/a", "source.mp4\n", "frames-.jpg"]
NAMES += ["frames-0/a", f"frames-{10**300}.jpg", "frames-1x.jpg"]


def test_a_name_that_we_do_not_make_is_refused(storage: Storage, tmp_path: Path) -> None:
    for name, call in itertools.product(NAMES, [storage.open, storage.size]):
        with pytest.raises(ValueError, match="not the name of a job's file"):
            call("id", name)
    path = tmp_path / "report.pdf"
    path.write_bytes(b"%PDF")
    with pytest.raises(ValueError, match=r"report\.pdf"):
        storage.put("id", path)
    assert path.exists()


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
    assert module.media_type(Path(name), container) == expected
