"""Results taken away in formats of others, as a client gets them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from har.export.formats import FORMATS
from har.jobs.queue import Queue
from tests.web.worker import finish


@pytest.fixture
def id(client: FlaskClient, queue: Queue, tmp_path: Path) -> str:
    """A job that is done."""
    created: str = client.post("/jobs", data={"url": "https://example.org/a.mp4"}).get_json()["id"]
    queue.records.begin(created, "w")
    finish(queue, created, tmp_path, b"video")
    return created


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_a_file_of_its_kind(client: FlaskClient, id: str, name: str) -> None:
    response = client.get(f"/jobs/{id}/export/{name}")
    assert response.status_code == 200
    assert response.content_type == FORMATS[name].media_type
    kept = f"attachment; filename=actions{FORMATS[name].extension}"
    assert response.headers["Content-Disposition"] == kept
    assert response.cache_control.private
    assert id not in response.text, "its address is a secret"


def test_the_filter_of_the_page_holds(client: FlaskClient, queue: Queue, id: str) -> None:
    result = queue.records.get(id).result or {}
    clips = result["segment_predictions"]
    least = max(clip["confidence"] for clip in clips)
    query = f"what=segments&min={least}&t=83.2&label={clips[0]['label']}"
    rows = list(csv.DictReader(io.StringIO(client.get(f"/jobs/{id}/export/csv?{query}").text)))
    assert len(rows) == sum(
        c["confidence"] >= least and c["label"] == clips[0]["label"] for c in clips
    )
    everything = json.loads(client.get(f"/jobs/{id}/export/json").text)
    assert everything["segment_predictions"] == clips


@pytest.mark.parametrize("query", ["what=x", "min=2", "min=0&min=1", "label=", "source=human"])
def test_a_filter_that_means_nothing_is_told(client: FlaskClient, id: str, query: str) -> None:
    response = client.get(f"/jobs/{id}/export/vtt?{query}")
    assert (response.status_code, response.get_json()["code"]) == (400, "bad_option")


def test_there_is_nothing_before_the_job_is_done(client: FlaskClient) -> None:
    job = client.post("/jobs", data={"url": "https://example.org/a.mp4"}).get_json()["id"]
    response = client.get(f"/jobs/{job}/export/srt")
    assert (response.status_code, response.get_json()["code"]) == (404, "not_found")
    assert "queued" in response.get_json()["detail"]


def test_an_unknown_format_is_not_found(client: FlaskClient, id: str) -> None:
    assert client.get(f"/jobs/{id}/export/docx").status_code == 404
