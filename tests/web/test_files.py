"""What can be watched of a job, and taken away, by who has its address."""

from __future__ import annotations

import csv
import dataclasses
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config import Settings
from har.errors import TooLong
from har.jobs import storage
from har.jobs.corrections import correct
from har.jobs.live import rows
from har.jobs.live.entry import request_of
from har.jobs.queue import Queue, Sender
from har.media.probe import probe
from har.types import Options

FACTS: dict[str, Any] = {"start": 0.0, "duration": 6.56, "width": 320, "height": 240, "fps": 25.0}
FACTS |= {"codec": "mpeg4", "origin": "upload"}
SHOWN: dict[str, Any] = {"video": "source.avi", "media_type": "video/x-msvideo", "facts": FACTS}
SHEET = b"\xff\xd8 a sheet"
COPY = b"a copy that browsers play" * 1000


@pytest.fixture
def original(samples: Path) -> Path:
    return samples / "real/old_xvid.avi"


@pytest.fixture
def id(client: FlaskClient, queue: Queue, original: Path) -> str:
    """A job for that video that a worker has begun with."""
    form = {"video": (io.BytesIO(original.read_bytes()), "old.avi")}
    created: str = client.post("/jobs", data=form).get_json()["id"]
    assert queue.records.begin(created, "w")
    return created


def put(queue: Queue, tmp_path: Path, id: str, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    queue.storage.put(id, tmp_path / name)


@pytest.fixture
def done(queue: Queue, tmp_path: Path, id: str) -> str:
    """The same once it is done, with a clip each second."""
    put(queue, tmp_path, id, "frames-0.jpg", SHEET)
    put(queue, tmp_path, id, storage.PLAYABLE, COPY)
    told = {"label": "Walk", "confidence": 0.5, "source": "bilstm", "top5": [["Walk", 0.5]]}
    members = [{"start": at, "end": at + 2.0, **told} for at in (0.0, 1.0, 2.0, 3.0, 4.0)]
    result = {
        "video": FACTS,
        "timings": {"total": 1.0},
        "segment_predictions": members,
        "timeline": [],
    }
    assert queue.records.show(id, "w", playable=storage.PLAYABLE, **SHOWN)
    assert queue.records.finish(id, "w", result, "source.avi", "video/x-msvideo")
    return id


@pytest.fixture(autouse=True)
def nothing_left_behind(settings: Settings) -> Iterator[None]:
    yield
    work = settings.data_dir / "work"
    assert not work.exists() or list(work.iterdir()) == []


def get(client: FlaskClient, id: str, what: str, **query: Any) -> TestResponse:
    return client.get(f"/jobs/{id}/{what}", query_string=query, buffered=True)


def test_a_file_that_is_replaced_as_it_is_asked_for_is_whole(
    client: FlaskClient,
    queue: Queue,
    done: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As the picture of a stream is, by a later one: nobody is promised the bytes of the other."""
    opened = storage.Storage.open

    def replaced(self: storage.Storage, id: str, name: str) -> Any:
        put(queue, tmp_path, id, name, SHEET[:3])
        return opened(self, id, name)

    monkeypatch.setattr(storage.Storage, "open", replaced)
    response = get(client, done, "frames/0.jpg")
    assert response.data == SHEET[:3]
    assert response.content_length == 3


def test_a_video_is_watched_before_its_job_is_done(
    client: FlaskClient, queue: Queue, tmp_path: Path, original: Path, id: str
) -> None:
    before = client.get(f"/jobs/{id}").get_json()
    assert (before["video"], before["playable_url"]) == (None, None)
    early = get(client, id, "video")
    assert early.status_code == 404
    assert "running" in early.get_json()["detail"]

    queue.records.show(id, "w", playable=None, **SHOWN)
    told = client.get(f"/jobs/{id}").get_json()
    assert (told["state"], told["video"], told["playable_url"]) == ("running", FACTS, None)
    assert get(client, id, "video").data == original.read_bytes()
    assert get(client, id, "playable.mp4").status_code == 404

    put(queue, tmp_path, id, storage.PLAYABLE, COPY)
    queue.records.show(id, "w", playable=storage.PLAYABLE, **SHOWN)
    address = client.get(f"/jobs/{id}").get_json()["playable_url"]
    assert address == f"/jobs/{id}/playable.mp4"
    part = client.get(address, headers={"Range": "bytes=5-99"}, buffered=True)
    assert (part.status_code, part.data) == (206, COPY[5:100])
    assert (part.content_type, part.cache_control.private) == ("video/mp4", True)


def test_an_original_that_browsers_play_is_what_they_play(
    client: FlaskClient, queue: Queue, id: str
) -> None:
    queue.records.show(id, "w", playable="source.avi", **SHOWN)
    assert client.get(f"/jobs/{id}").get_json()["playable_url"] == f"/jobs/{id}/video"


def test_those_who_listen_are_told_when_it_can_be_watched(
    client: FlaskClient, queue: Queue, id: str
) -> None:
    events = client.get(f"/jobs/{id}/events").iter_encoded()
    assert b'"video": null, "playable_url": null' in next(events)
    queue.records.show(id, "w", playable="source.avi", **SHOWN)
    assert f'"playable_url": "/jobs/{id}/video"'.encode() in next(events)
    queue.records.fail(id, "w", TooLong("Cut it."))
    assert b"event: failed" in list(events)[-1]


def test_nothing_of_a_failed_job_can_be_watched(client: FlaskClient, queue: Queue, id: str) -> None:
    queue.records.show(id, "w", playable="source.avi", **SHOWN)
    queue.records.fail(id, "w", TooLong("Cut it."))
    told = client.get(f"/jobs/{id}").get_json()
    assert (told["video"], told["playable_url"]) == (FACTS, None)
    assert get(client, id, "video").status_code == 404


def test_sheets_are_kept_by_who_asks(client: FlaskClient, done: str) -> None:
    sheet = get(client, done, "frames/0.jpg")
    assert (sheet.status_code, sheet.data, sheet.content_type) == (200, SHEET, "image/jpeg")
    assert sheet.headers["Cache-Control"] == "private, max-age=604800, immutable"
    for number in ("1", "99999", "100000", "-1", "x"):
        assert get(client, done, f"frames/{number}.jpg").status_code == 404


def test_a_stretch_is_cut_out(
    client: FlaskClient, done: str, tmp_path: Path, settings: Settings
) -> None:
    """The sample has one key frame, at its beginning."""
    response = get(client, done, "cut", start=2, end="4.5")
    assert response.status_code == 200, response.data
    assert response.headers["Content-Disposition"] == "attachment; filename=cut-2.0-4.5.avi"
    assert (response.content_type, response.cache_control.private) == ("video/x-msvideo", True)
    assert response.content_length == len(response.data)
    (tmp_path / "cut.avi").write_bytes(response.data)
    video = probe(tmp_path / "cut.avi", settings)
    assert (video.codec, video.audio_codec) == ("mpeg4", "mp3")
    assert video.duration == pytest.approx(4.5, abs=0.1)


def test_a_stretch_ends_with_the_video(client: FlaskClient, done: str) -> None:
    response = get(client, done, "cut", start=-3, end=100)
    assert response.headers["Content-Disposition"] == "attachment; filename=cut-0.0-6.6.avi"


@pytest.fixture
def stream(queue: Queue, settings: Settings, tmp_path: Path) -> str:
    """A stream that is followed, with a picture."""
    request = request_of("stream", settings, Options(), Sender("127.0.0.1"))
    assert queue.records.add("stream", request)
    assert queue.records.begin("stream", "w")
    outline = {"video": FACTS, "picture_url": "/jobs/stream/picture"}
    assert rows.begin(queue.records, "stream", "w", outline)
    put(queue, tmp_path, "stream", storage.PICTURE, SHEET)
    return "stream"


def test_picture_of_a_stream_that_runs(client: FlaskClient, queue: Queue, stream: str) -> None:
    address = client.get(f"/jobs/{stream}").get_json()["picture_url"]
    response = client.get(address)
    assert (response.data, response.content_type) == (SHEET, "image/jpeg")
    assert "no-store" in response.headers["Cache-Control"]
    response.close()
    result = {"video": FACTS, "timings": {"total": 1.0}, "segment_predictions": []}
    assert queue.records.finish(stream, "w", result, None, None)
    assert client.get(f"/jobs/{stream}").get_json()["picture_url"] is None
    assert client.get(address).status_code == 404


def test_no_picture_of_other_jobs(client: FlaskClient, id: str) -> None:
    assert client.get(f"/jobs/{id}").get_json()["picture_url"] is None
    assert get(client, id, "picture").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"start": 1},
        {"start": 2, "end": 1},
        {"start": 2, "end": 2},
        {"start": 7, "end": 9},
        {"start": -2, "end": -1},
        {"start": "nan", "end": "inf"},
        {"start": "one", "end": "two"},
    ],
)
def test_a_stretch_that_is_none_is_told(
    client: FlaskClient, done: str, query: dict[str, Any]
) -> None:
    response = get(client, done, "cut", **query)
    assert (response.status_code, response.get_json()["code"]) == (400, "bad_option")


def test_a_video_that_is_no_longer_kept_is_told(
    client: FlaskClient, queue: Queue, done: str
) -> None:
    queue.storage.remove(done)
    for what in ("cut?start=1&end=2", "video", "playable.mp4", "frames/0.jpg"):
        response = client.get(f"/jobs/{done}/{what}")
        assert response.status_code == 404, what
        assert "no longer kept" in response.get_json()["detail"]


def test_no_stretch_where_there_is_no_room(app: Flask, settings: Settings, done: str) -> None:
    app.config["HAR"] = dataclasses.replace(settings, min_free_mb=10**9)
    response = get(app.test_client(), done, "cut", start=1, end=2)
    assert (response.status_code, response.get_json()["code"]) == (503, "disk_full")


def test_corrections_are_clips_to_train_with(
    client: FlaskClient, queue: Queue, done: str, tmp_path: Path, settings: Settings
) -> None:
    none = get(client, done, "training.zip")
    assert none.status_code == 404
    assert "corrected" in none.get_json()["detail"]

    correct(queue.records, done, range(1, 3), "Sit Down")
    correct(queue.records, done, range(4, 5), "Walk")
    response = get(client, done, "training.zip")
    assert (response.status_code, response.content_type) == (200, "application/zip")
    assert response.headers["Content-Disposition"] == "attachment; filename=training.zip"
    with zipfile.ZipFile(io.BytesIO(response.data)) as archive:
        archive.extractall(tmp_path / "unpacked")
    text = (tmp_path / "unpacked/manifest.csv").read_text()
    assert done not in text, "its address is a secret"
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["label"] for row in rows] == ["Sit Down", "Walk"]
    clips = [probe(tmp_path / "unpacked" / row["file"], settings) for row in rows]
    # From 1.5 to 3.5 s, and from 4.5 s to the end.
    assert [clip.duration for clip in clips] == pytest.approx([2.0, 2.06], abs=0.05)
