"""Uploads in parts: what is stored of them, and how they become jobs; in a folder and in S3."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from config import Settings
from har.errors import HarError, KeyReused, NotFound, Unfinished, UploadUsed, WrongOffset
from har.jobs import retention, uploads
from har.jobs.queue import Queue, Sender
from har.jobs.storage import Storage
from har.jobs.uploads import Facts, InParts
from har.types import Options
from tests.jobs.test_retention import date
from tests.jobs.uploads import LONG, content

BYTES = bytes(range(256)) * 1000
ME = Sender("198.51.100.7")


@pytest.fixture
def queue(place: Settings) -> Iterator[Queue]:
    with closing(Queue(place)) as queue:
        yield queue


@pytest.fixture
def storage(queue: Queue) -> Storage:
    return queue.storage


def begun(storage: Storage, length: int = len(BYTES), name: str = "a.mov") -> str:
    return uploads.begin(storage, Facts(length, name, "", ME.client)).id


def send(storage: Storage, id: str, offset: int, sent: bytes) -> int:
    """Send a part; where the next one begins."""
    uploads.append(storage, id, offset, io.BytesIO(sent))
    return uploads.find(storage, id).offset


def finished(storage: Storage) -> str:
    """An upload of three parts."""
    id = begun(storage)
    for first, last in ((0, 100), (100, 70_000), (70_000, len(BYTES))):
        assert send(storage, id, first, BYTES[first:last]) == last
    return id


class Torn(io.BytesIO):
    """A stream that breaks where it should end."""

    def read(self, size: int | None = -1) -> bytes:
        if data := super().read(size):
            return data
        raise ConnectionError("the sender is gone")


class Racing(io.BytesIO):
    """A stream that ends only when as many others do."""

    def __init__(self, content: bytes, together: threading.Barrier) -> None:
        super().__init__(content)
        self._together = together

    def read(self, size: int | None = -1) -> bytes:
        if data := super().read(size):
            return data
        self._together.wait(30)
        return b""


def test_parts_are_joined_in_their_order(queue: Queue, storage: Storage) -> None:
    id = finished(storage)
    job = queue.submit(InParts(id), Options(annotate=False), ME)
    assert (job.id, job.state, job.origin, job.client) == (id, "queued", "upload", ME.client)
    assert (job.source, job.bytes) == ("source.mov", len(BYTES))
    assert content(storage, id, "source.mov") == BYTES
    assert set(storage.files(id)) == {"source.mov"}, "the parts are gone"
    with pytest.raises(NotFound):
        uploads.find(storage, id)


def test_parts_may_be_larger_than_what_goes_to_s3_at_once(storage: Storage) -> None:
    id = begun(storage, len(LONG))
    assert send(storage, id, 0, LONG[:9_000_000]) == 9_000_000
    assert send(storage, id, 9_000_000, LONG[9_000_000:]) == len(LONG)
    with uploads.whole(storage, id).stream as stream:
        digest = hashlib.sha256()
        while data := stream.read(1 << 20):
            digest.update(data)
    assert digest.digest() == hashlib.sha256(LONG).digest()


def test_what_came_before_a_break_is_kept(storage: Storage) -> None:
    id = begun(storage)
    with pytest.raises(ConnectionError):
        uploads.append(storage, id, 0, Torn(BYTES[:100_000]))
    assert uploads.find(storage, id).offset == 100_000
    with pytest.raises(ConnectionError):
        uploads.append(storage, id, 100_000, Torn(b""))
    assert uploads.find(storage, id).offset == 100_000, "nothing is no part"
    assert send(storage, id, 100_000, BYTES[100_000:]) == len(BYTES)
    with uploads.whole(storage, id).stream as stream:
        assert b"".join(iter(lambda: stream.read(1 << 16), b"")) == BYTES


def test_of_the_same_parts_at_once_one_is_stored(storage: Storage) -> None:
    id = begun(storage)
    together = threading.Barrier(4)

    def race(byte: int) -> type[HarError] | None:
        sent = bytes([byte]) * len(BYTES)
        try:
            uploads.append(storage, id, 0, Racing(sent, together))
        except HarError as error:
            return type(error)
        return None

    with ThreadPoolExecutor(4) as pool:
        ends = list(pool.map(race, range(4)))
    assert sorted(map(str, ends)) == sorted(map(str, [None, *[WrongOffset] * 3]))
    with uploads.whole(storage, id).stream as stream:
        assert set(b"".join(iter(lambda: stream.read(1 << 16), b""))) == {ends.index(None)}


def test_a_removed_upload_takes_no_more(storage: Storage) -> None:
    id = begun(storage)
    storage.remove(id)
    with pytest.raises(NotFound):
        uploads.find(storage, id)
    with pytest.raises(NotFound):
        uploads.whole(storage, id)
    assert uploads.unfinished(storage) == []


def test_a_part_of_an_upload_that_is_removed_meanwhile_is_refused(settings: Settings) -> None:
    storage = Storage(settings)
    id = begun(storage)

    class Removing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if not (data := super().read(size)):
                storage.remove(id)
            return data

    with pytest.raises(NotFound):
        uploads.append(storage, id, 0, Removing(BYTES))
    assert storage.files(id) == {}


def test_unfinished_uploads_are_found_among_jobs(queue: Queue, storage: Storage) -> None:
    ids = {begun(storage), finished(storage)}
    queue.submit(InParts(finished(storage)), Options(), ME)
    assert {each.id for each in uploads.unfinished(storage)} == ids
    assert {each.facts.client for each in uploads.unfinished(storage)} == {ME.client}


def test_half_an_upload_is_no_video(queue: Queue, storage: Storage) -> None:
    id = begun(storage)
    send(storage, id, 0, BYTES[:1000])
    with pytest.raises(Unfinished, match="1000 bytes of 256000"):
        queue.submit(InParts(id), Options(), ME)
    assert send(storage, id, 1000, BYTES[1000:]) == len(BYTES)
    assert queue.submit(InParts(id), Options(), ME).bytes == len(BYTES)


def test_an_upload_is_one_job(queue: Queue, storage: Storage) -> None:
    id = finished(storage)
    sender = Sender(ME.client, "key")
    job = queue.submit(InParts(id), Options(), sender)
    for again in (sender, ME):
        assert queue.submit(InParts(id), Options(), again).created == job.created
    with pytest.raises(UploadUsed, match=id):
        queue.submit(InParts(id), Options(stride=3), ME)
    with pytest.raises(KeyReused):
        queue.submit(InParts(finished(storage)), Options(), sender)
    queue.cancel(id)
    with pytest.raises(NotFound):
        queue.submit(InParts(id), Options(), ME)


def test_an_upload_is_one_job_also_for_those_who_ask_at_once(settings: Settings) -> None:
    # Not in S3: moto's server forgets objects while it still sends them.
    with closing(Queue(settings)) as queue, ThreadPoolExecutor(4) as pool:
        id = finished(queue.storage)
        jobs = list(pool.map(lambda _: queue.submit(InParts(id), Options(), ME), range(4)))
        assert {job.id for job in jobs} == {id} == queue.records.ids()
        assert content(queue.storage, id, "source.mov") == BYTES
        assert set(queue.storage.files(id)) == {"source.mov"}


def test_uploads_expire_an_hour_after_their_last_part(settings: Settings) -> None:
    storage = Storage(settings)
    old, young, moving = (begun(storage) for _ in range(3))
    folder = settings.data_dir / "jobs"
    for id, hours in ((old, 1.01), (young, 0.9), (moving, 1.01)):
        date(folder / id, hours)
    expires = uploads.find(storage, old).expires
    send(storage, moving, 0, b"more")
    assert uploads.find(storage, moving).expires - expires == pytest.approx(1.01 * 3600, abs=60)
    with closing(Queue(settings)) as queue:
        retention.sweep(queue.records, storage, settings)
    assert {each.id for each in uploads.unfinished(storage)} == {young, moving}
    with pytest.raises(NotFound):
        uploads.find(storage, old)
