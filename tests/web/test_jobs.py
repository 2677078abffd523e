"""The API as a client sees it; the part of the worker is played through its records."""

from __future__ import annotations

import dataclasses
import io
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config import ROOT, Settings
from har import __version__
from har.errors import TooLong
from har.jobs import storage
from har.jobs.queue import Queue
from har.web import create_app
from tests.jobs.test_record import RESULT

VIDEO = bytes(range(256)) * 40


@pytest.fixture
def job(client: FlaskClient) -> dict[str, Any]:
    """A job for an upload, with options."""
    form = {"video": (io.BytesIO(VIDEO), "clip.mov"), "labels": "Yoga, Sit Down", "stride": "4"}
    response = client.post("/jobs", data=form)
    assert response.status_code == 202
    document: dict[str, Any] = response.get_json()
    assert response.headers["Location"] == f"/jobs/{document['id']}"
    assert int(response.headers["Retry-After"]) > 0
    return document


def finish(tmp_path: Path, queue: Queue, id: str) -> None:
    """Do what the worker does."""
    queue.records.begin(id, "w")
    (tmp_path / storage.ANNOTATED).write_bytes(VIDEO[::-1])
    queue.storage.put(id, tmp_path / storage.ANNOTATED)
    queue.records.finish(id, "w", {"zebra": 1, **RESULT}, "source.mov", "video/quicktime")


def test_a_job_is_told_from_its_beginning(
    client: FlaskClient, queue: Queue, job: dict[str, Any]
) -> None:
    assert job == {
        "id": job["id"],
        "state": "queued",
        "phase": None,
        "progress": 0.0,
        "origin": "upload",
        "created": job["created"],
        "url": f"/jobs/{job['id']}",
        "phases": [],
        "attempts": 0,
        "timings": {},
        "video": None,
        "playable_url": None,
        "picture_url": None,
        "result": None,
        "error": None,
    }
    assert abs(job["created"] - time.time()) < 10
    response = client.get(f"/jobs/{job['id']}")
    assert response.get_json() == job
    assert int(response.headers["Retry-After"]) > 0
    options = queue.records.get(job["id"]).chosen_options()
    assert (options.labels, options.stride, options.annotate) == (("Yoga", "SitDown"), 4, True)


def test_a_job_is_told_while_it_runs(
    client: FlaskClient, queue: Queue, job: dict[str, Any]
) -> None:
    queue.records.begin(job["id"], "w")
    queue.records.advance(job["id"], "w", "recognise", {"probe": 1.0, "recognise": 0.1235})
    told = client.get(f"/jobs/{job['id']}").get_json()
    assert (told["state"], told["phase"], told["progress"]) == ("running", "recognise", 0.1235)
    assert told["phases"] == [
        {"phase": "probe", "progress": 1.0},
        {"phase": "recognise", "progress": 0.1235},
    ]
    assert told["attempts"] == 1
    assert told["timings"]["waited"] >= 0


def test_a_done_job_came_to_the_end_of_each_phase(
    client: FlaskClient, tmp_path: Path, queue: Queue, job: dict[str, Any]
) -> None:
    """Whatever the worker told last."""
    queue.records.begin(job["id"], "w")
    queue.records.advance(job["id"], "w", "compare", {"recognise": 1.0, "compare": 0.85})
    finish(tmp_path, queue, job["id"])
    told = client.get(f"/jobs/{job['id']}").get_json()
    assert (told["phase"], told["progress"]) == ("compare", 1.0)
    assert [phase["progress"] for phase in told["phases"]] == [1.0, 1.0]
    [listed] = client.get("/jobs").get_json()["jobs"]
    assert listed["progress"] == 1.0


def test_a_job_is_told_when_it_has_failed(
    client: FlaskClient, queue: Queue, job: dict[str, Any]
) -> None:
    queue.records.begin(job["id"], "w")
    queue.records.fail(job["id"], "w", TooLong("Cut it."))
    response = client.get(f"/jobs/{job['id']}")
    assert response.status_code == 200
    told = response.get_json()
    assert (told["state"], told["error"]["code"]) == ("failed", "too_long")
    assert client.get(f"/jobs/{job['id']}/video").status_code == 404


def test_a_result_keeps_the_order_of_its_keys(
    client: FlaskClient, tmp_path: Path, queue: Queue, job: dict[str, Any]
) -> None:
    finish(tmp_path, queue, job["id"])
    response = client.get(f"/jobs/{job['id']}")
    told = response.get_json()
    assert told["state"] == "done"
    assert list(told["result"]) == ["zebra", *RESULT]
    assert told["timings"].keys() == {"waited", "worked"}
    assert "Retry-After" not in response.headers


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [("video", VIDEO, "video/quicktime"), ("annotated.mp4", VIDEO[::-1], "video/mp4")],
)
def test_videos_come_whole_and_in_ranges(
    client: FlaskClient,
    tmp_path: Path,
    queue: Queue,
    job: dict[str, Any],
    name: str,
    content: bytes,
    media_type: str,
) -> None:
    path = f"/jobs/{job['id']}/{name}"
    assert client.get(path).status_code == 404
    finish(tmp_path, queue, job["id"])
    whole = client.get(path, buffered=True)
    assert (whole.status_code, whole.data, whole.content_type) == (200, content, media_type)
    assert whole.headers["Accept-Ranges"] == "bytes"
    part = client.get(path, headers={"Range": "bytes=100-199"}, buffered=True)
    assert (part.status_code, part.data) == (206, content[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(content)}"
    tail = client.get(path, headers={"Range": "bytes=-10"}, buffered=True)
    assert (tail.status_code, tail.data) == (206, content[-10:])
    beyond = client.get(path, headers={"Range": "bytes=999999-"}, buffered=True)
    assert beyond.status_code == 416
    assert beyond.content_type == "application/problem+json"
    assert beyond.headers["Content-Range"] == f"bytes */{len(content)}"
    etag = whole.headers["ETag"]
    again = client.get(path, headers={"If-None-Match": etag}, buffered=True)
    assert (again.status_code, again.data) == (304, b"")
    head = client.head(path, buffered=True)
    assert (head.content_length, head.data) == (len(content), b"")


def test_videos_that_are_no_longer_kept_are_told(
    client: FlaskClient, tmp_path: Path, queue: Queue, job: dict[str, Any]
) -> None:
    finish(tmp_path, queue, job["id"])
    queue.storage.remove(job["id"])
    response = client.get(f"/jobs/{job['id']}/video")
    assert response.status_code == 404
    assert "no longer kept" in response.get_json()["detail"]


def test_a_removed_job_is_gone_with_its_files(
    client: FlaskClient, settings: Settings, job: dict[str, Any]
) -> None:
    address = f"/jobs/{job['id']}"
    for _ in range(2):
        response = client.delete(address)
        assert (response.status_code, response.data) == (204, b"")
    assert client.get(address).status_code == 404
    assert list((settings.data_dir / "jobs").iterdir()) == []


def submit(client: FlaskClient, address: str = "192.0.2.7", **headers: str) -> TestResponse:
    """A job from an address; every one for the same link."""
    return client.post(
        "/jobs",
        data={"url": "https://example.org/a.mp4"},
        headers=headers,
        environ_base={"REMOTE_ADDR": address},
    )


def test_a_key_gives_the_same_job(client: FlaskClient) -> None:
    first, again = (submit(client, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.headers["Location"] == first.headers["Location"]
    other = client.post(
        "/jobs",
        data={"url": "https://example.org/b.mp4"},
        headers={"Idempotency-Key": "k"},
        environ_base={"REMOTE_ADDR": "192.0.2.7"},
    )
    assert (other.status_code, other.get_json()["code"]) == (422, "key_reused")


@pytest.mark.parametrize("key", ["", " ", "a b", "ä", "x" * 201])
def test_a_key_that_cannot_be_used_is_told(client: FlaskClient, key: str) -> None:
    response = submit(client, **{"Idempotency-Key": key})
    assert (response.status_code, response.get_json()["code"]) == (400, "bad_option")


def test_a_full_queue_tells_when_to_come_back(settings: Settings) -> None:
    client = create_app(dataclasses.replace(settings, max_queued_jobs=1)).test_client()
    assert submit(client).status_code == 202
    refused = submit(client)
    assert (refused.status_code, refused.get_json()["code"]) == (503, "queue_full")
    assert int(refused.headers["Retry-After"]) > 0


def test_jobs_are_listed_page_by_page_to_who_sent_them(client: FlaskClient) -> None:
    mine = [submit(client, "127.0.0.1").get_json()["id"] for _ in range(5)]
    submit(client, "192.0.2.8")
    found, address = [], "/jobs?limit=2"
    while address:
        page = client.get(address).get_json()
        assert len(page["jobs"]) <= 2
        found += [job["id"] for job in page["jobs"]]
        address = page["next"]
    assert found == mine[::-1]
    job = page["jobs"][0]
    assert (job["state"], job["url"], "result" in job) == ("queued", f"/jobs/{mine[0]}", False)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=²", "cursor=x"])
def test_a_page_that_is_none_is_told(client: FlaskClient, query: str) -> None:
    response = client.get(f"/jobs?{query}")
    assert (response.status_code, response.get_json()["code"]) == (400, "bad_option")


def test_no_annotated_video_where_none_was_asked_for(
    client: FlaskClient, tmp_path: Path, queue: Queue
) -> None:
    form = {"video": (io.BytesIO(VIDEO), "clip.mp4"), "annotate": "0"}
    job = client.post("/jobs", data=form).get_json()
    finish(tmp_path, queue, job["id"])
    response = client.get(f"/jobs/{job['id']}/annotated.mp4")
    assert response.status_code == 404
    assert "annotate" in response.get_json()["detail"]


@pytest.mark.parametrize("name", ["url", "youtube_url"])
def test_a_link_may_come_in_a_plain_form(client: FlaskClient, queue: Queue, name: str) -> None:
    response = client.post("/jobs", data={name: " http://example.org/a.mp4 "})
    assert response.status_code == 202
    job = queue.records.get(response.get_json()["id"])
    assert (job.origin, job.source) == ("url", "http://example.org/a.mp4")


def test_a_browser_sends_an_empty_file_beside_a_link(client: FlaskClient, queue: Queue) -> None:
    form = {"video": (io.BytesIO(), ""), "url": "http://example.org/a.mp4"}
    response = client.post("/jobs", data=form, content_type="multipart/form-data")
    assert queue.records.get(response.get_json()["id"]).origin == "url"


def test_health_and_headers(client: FlaskClient) -> None:
    for path in ("/healthz", "/nothing"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert client.get("/healthz").get_json() == {"status": "ok", "version": __version__}


def test_the_web_never_imports_torch(tmp_path: Path) -> None:
    program = """
import io, sys
from app import app
client = app.test_client()
assert client.get("/healthz").status_code == 200
assert client.post("/predict").status_code == 400
assert client.post("/predict", data={"url": "x", "labels": ""}).status_code == 400
assert client.post("/jobs", data={"video": (io.BytesIO(b"x"), "a.mp4")}).status_code == 202
heavy = {"torch", "timm", "transformers", "av", "cv2"} & set(sys.modules)
assert not heavy, heavy
"""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=ROOT,
        env={"HAR_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
