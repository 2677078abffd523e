"""The API as a client sees it; the part of the worker is played through its records."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from config import ROOT, Settings
from har import __version__
from har.errors import TooLong
from har.jobs import storage
from har.jobs.queue import Queue

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


def finish(settings: Settings, queue: Queue, id: str) -> None:
    """Do what the worker does."""
    queue.records.begin(id, "w")
    folder = storage.folder(settings, id)
    (folder / storage.ANNOTATED).write_bytes(VIDEO[::-1])
    queue.records.finish(id, {"zebra": 1, "apple": 2}, "source.mov", "video/quicktime")


def test_a_job_is_told_from_its_beginning(
    client: FlaskClient, queue: Queue, job: dict[str, Any]
) -> None:
    assert job == {
        "id": job["id"],
        "state": "queued",
        "phase": None,
        "progress": 0.0,
        "result": None,
        "error": None,
    }
    assert client.get(f"/jobs/{job['id']}").get_json() == job
    options = queue.records.get(job["id"]).chosen_options()
    assert (options.labels, options.stride, options.annotate) == (("Yoga", "Sit Down"), 4, True)


def test_a_job_is_told_while_it_runs(
    client: FlaskClient, queue: Queue, job: dict[str, Any]
) -> None:
    queue.records.begin(job["id"], "w")
    queue.records.advance(job["id"], "recognise", 0.123456)
    told = client.get(f"/jobs/{job['id']}").get_json()
    assert (told["state"], told["phase"], told["progress"]) == ("running", "recognise", 0.123)


def test_a_job_is_told_when_it_has_failed(
    client: FlaskClient, queue: Queue, job: dict[str, Any]
) -> None:
    queue.records.begin(job["id"], "w")
    queue.records.fail(job["id"], "running", TooLong("Cut it."))
    response = client.get(f"/jobs/{job['id']}")
    assert response.status_code == 200
    told = response.get_json()
    assert (told["state"], told["error"]["code"]) == ("failed", "too_long")
    assert client.get(f"/jobs/{job['id']}/video").status_code == 404


def test_a_result_keeps_the_order_of_its_keys(
    client: FlaskClient, settings: Settings, queue: Queue, job: dict[str, Any]
) -> None:
    finish(settings, queue, job["id"])
    told = client.get(f"/jobs/{job['id']}").get_json()
    assert told["state"] == "done"
    assert list(told["result"]) == ["zebra", "apple"]


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [("video", VIDEO, "video/quicktime"), ("annotated.mp4", VIDEO[::-1], "video/mp4")],
)
def test_videos_come_whole_and_in_ranges(
    client: FlaskClient,
    settings: Settings,
    queue: Queue,
    job: dict[str, Any],
    name: str,
    content: bytes,
    media_type: str,
) -> None:
    path = f"/jobs/{job['id']}/{name}"
    assert client.get(path).status_code == 404
    finish(settings, queue, job["id"])
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


def test_no_annotated_video_where_none_was_asked_for(
    client: FlaskClient, settings: Settings, queue: Queue
) -> None:
    form = {"video": (io.BytesIO(VIDEO), "clip.mp4"), "annotate": "0"}
    job = client.post("/jobs", data=form).get_json()
    finish(settings, queue, job["id"])
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
