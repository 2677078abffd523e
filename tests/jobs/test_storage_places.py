"""What is particular to storage in S3, to storage in a local folder, and to the choice of them."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
import requests

import config
from config import Settings
from har.errors import ConfigError
from har.jobs.storage import ANNOTATED, Storage, Upload
from tests.jobs.uploads import LONG, Stream, put, upload
from tests.prerequisites import missing
from tests.serving import eventually


@pytest.fixture
def local(settings: Settings) -> Storage:
    return Storage(settings)


# In S3


def test_an_upload_that_breaks_off_leaves_no_parts_to_pay_for(
    s3_server: str, bucket: str, settings: Settings
) -> None:
    storage = Storage(dataclasses.replace(settings, storage_url=f"s3://{bucket}"))
    parts = []

    def uploads() -> str:
        return requests.get(f"{s3_server}/{bucket}?uploads", timeout=60).text

    with pytest.raises(ConnectionError):
        storage.keep("id", Upload(Stream(len(LONG), lambda: parts.append(uploads())), "a.mp4"))
    assert "<UploadId>" in parts[-1]
    assert "<UploadId>" not in uploads()


def test_what_is_not_ours_in_a_bucket_is_left_out(bucket: str, settings: Settings) -> None:
    files = fsspec.filesystem("s3", skip_instance_cache=True)
    for key in ("readme.txt", "jobs2/source.mp4", "jobs/mine/holiday.mp4", "jobs/a/b/source.mp4"):
        files.pipe_file(f"{bucket}/{key}", b"theirs")
    storage = Storage(dataclasses.replace(settings, storage_url=f"s3://{bucket}/jobs/"))
    storage.keep("id", upload())
    assert set(storage.folders()) == {"id"}
    assert storage.free_bytes() is None


def test_a_bucket_that_is_not_there_is_told(bucket: str, settings: Settings) -> None:
    storage = Storage(dataclasses.replace(settings, storage_url=f"s3://{bucket}-not/jobs"))
    with pytest.raises(FileNotFoundError):
        storage.keep("id", upload())
    with pytest.raises(FileNotFoundError):
        storage.folders()


# In a local folder


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
def test_an_upload_is_kept_under_a_name_of_ours(
    local: Storage, settings: Settings, sent: str, kept: str
) -> None:
    assert local.keep("id", upload(name=sent)).name == kept
    jobs = settings.data_dir / "jobs"
    made = {*settings.data_dir.rglob("*")} - {settings.data_dir / "har.sqlite"}
    assert made == {jobs, jobs / "id", jobs / "id" / kept}
    assert (jobs / "id" / kept).read_bytes() == b"bytes"


def test_a_file_is_moved_and_read_without_a_copy(
    local: Storage, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / ANNOTATED
    path.write_bytes(b"annotated")
    inode = path.stat().st_ino
    local.put("id", path)
    stored = local.local("id", ANNOTATED, tmp_path)
    assert stored == settings.data_dir / "jobs" / "id" / ANNOTATED
    assert stored.stat().st_ino == inode
    with local.open("id", ANNOTATED) as file:
        assert os.fstat(file.fileno()).st_ino == inode
    assert list(tmp_path.iterdir()) == [settings.data_dir]


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than tmp_path."""
    shared_memory = Path("/dev/shm")
    if not shared_memory.is_dir() or shared_memory.stat().st_dev == tmp_path.stat().st_dev:
        missing("this test needs two file systems")
    with tempfile.TemporaryDirectory(dir=shared_memory) as folder:
        yield Path(folder)


def test_a_file_from_another_disk_is_copied(
    local: Storage, settings: Settings, other_disk: Path
) -> None:
    assert put(local, other_disk, "id", LONG) == len(LONG)
    assert list(other_disk.iterdir()) == []
    folder = settings.data_dir / "jobs" / "id"
    assert list(folder.iterdir()) == [folder / ANNOTATED]
    assert (folder / ANNOTATED).read_bytes() == LONG


def test_a_file_is_shared_with_another_disk_as_a_copy(local: Storage, other_disk: Path) -> None:
    path = other_disk / "fetched.mp4"
    path.write_bytes(b"bytes")
    local.share("id", path)
    assert path.read_bytes() == b"bytes"
    assert local.local("id", "fetched.mp4", other_disk).read_bytes() == b"bytes"


def test_free_space_is_that_of_the_disk(settings: Settings, other_disk: Path) -> None:
    storage = Storage(dataclasses.replace(settings, storage_url=str(other_disk / "jobs")))
    before = storage.free_bytes()
    storage.keep("id", upload(LONG))
    after = storage.free_bytes()
    assert before is not None
    assert after is not None
    assert before - after == pytest.approx(len(LONG), rel=0.2)
    assert after == pytest.approx(shutil.disk_usage(other_disk).free, rel=0.01)


def test_a_killed_process_leaves_no_half_file(local: Storage, settings: Settings) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from config import Settings\n"
        "from har.jobs.storage import Storage, Upload\n"
        "storage = Storage(Settings(data_dir=Path(sys.argv[1])))\n"
        "storage.keep('id', Upload(sys.stdin.buffer, 'a.mp4'))\n"
    )
    argv = [sys.executable, "-c", script, str(settings.data_dir)]
    with subprocess.Popen(argv, cwd=config.ROOT, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(bytes(3 << 20))
        process.stdin.flush()
        eventually(lambda: local.folders().get("id") and local.folders()["id"].bytes, "upload")
        process.kill()
    with pytest.raises(FileNotFoundError):
        local.open("id", "source.mp4")
    local.remove("id")
    assert list((settings.data_dir / "jobs").iterdir()) == []


def test_what_is_not_ours_in_a_folder_is_left_out(local: Storage, settings: Settings) -> None:
    local.keep("id", upload())
    jobs = settings.data_dir / "jobs"
    (jobs / "empty").mkdir()
    for name in ("mine/holiday.mp4", "both/source.mp4", "both/notes.txt", "a.b/source.mp4"):
        (jobs / name).parent.mkdir(exist_ok=True)
        (jobs / name).write_bytes(b"theirs")
    (jobs / "deep" / "source").mkdir(parents=True)
    (jobs / "link").symlink_to(jobs / "id")
    (jobs / "file").write_bytes(b"theirs")
    assert {id: folder.bytes for id, folder in local.folders().items()} == {"id": 5, "empty": 0}


def test_an_age_is_that_of_the_newest(local: Storage, settings: Settings, tmp_path: Path) -> None:
    local.keep("id", upload())
    put(local, tmp_path, "id")
    folder = settings.data_dir / "jobs" / "id"
    for path, at in (
        (folder / "source.mp4", 3000.0),
        (folder / ANNOTATED, 2000.0),
        (folder, 1000.0),
    ):
        os.utime(path, (at, at))
    assert local.folders()["id"].touched == 3000.0


@pytest.mark.parametrize("url", ["{}/a/b", "{}/a/b/", "file://{}/a/b"])
def test_a_folder_may_be_told_in_several_ways(settings: Settings, tmp_path: Path, url: str) -> None:
    storage = Storage(dataclasses.replace(settings, storage_url=url.format(tmp_path)))
    storage.keep("id", upload())
    assert (tmp_path / "a" / "b" / "id" / "source.mp4").read_bytes() == b"bytes"
    assert set(storage.folders()) == {"id"}


def test_a_relative_folder_is_that_of_the_start(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    storage = Storage(dataclasses.replace(settings, storage_url="a/b"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    storage.keep("id", upload())
    assert (tmp_path / "a" / "b" / "id" / "source.mp4").exists()


# At start


@pytest.mark.parametrize("url", ["gs://bucket/jobs", "http://127.0.0.1/", "s3://", "memory://a"])
def test_storage_of_another_kind_is_refused(settings: Settings, url: str) -> None:
    with pytest.raises(ConfigError, match=r"HAR_STORAGE_URL must be a folder, or like s3://"):
        Storage(dataclasses.replace(settings, storage_url=url))


def test_a_folder_that_cannot_be_made_is_told(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigError, match="cannot be made") as caught:
        Storage(dataclasses.replace(settings, storage_url=str(tmp_path / "file" / "jobs")))
    assert str(tmp_path) not in caught.value.detail


def test_a_missing_s3fs_is_told(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['s3fs'] = None\n"
        "from config import load\n"
        "from har.errors import ToolMissing\n"
        "from har.jobs.storage import Storage\n"
        "try: Storage(load())\n"
        "except ToolMissing as error: print(error.detail)\n"
    )
    told = subprocess.check_output(
        [sys.executable, "-c", script],
        cwd=config.ROOT,
        env={**os.environ, "HAR_STORAGE_URL": "s3://bucket", "HAR_DATA_DIR": str(tmp_path)},
        text=True,
    )
    assert told == (
        "HAR_STORAGE_URL needs the package s3fs: `pip install -r requirements-cluster.txt`.\n"
    )
