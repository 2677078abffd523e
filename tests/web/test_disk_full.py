"""The web on a disk that is full: it says so, leaves nothing half done, and goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.small_disk import filled, small_disk
from tests.web.raw import PATIENCE, Web
from tests.web_alone import web_alone


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """A web whose data are on a disk of 6 MB."""
    with (
        small_disk(tmp_path / "var", 6),
        web_alone(tmp_path, min_free_mb=0) as (url, errors),
    ):
        web = Web(url, tmp_path, errors)
        yield web
        web.has_no_fault()


def send(web: Web, size: int) -> requests.Response:
    form = {"video": ("a.mp4", bytes(size))}
    return requests.post(f"{web.url}/jobs", files=form, timeout=PATIENCE)


def is_refused(response: requests.Response) -> bool:
    problem = response.json()
    assert (response.status_code, problem["code"]) == (503, "disk_full"), problem
    assert "no room" in problem["detail"]
    return True


def test_an_upload_that_does_not_fit_leaves_nothing(web: Web) -> None:
    before = files(web.data)
    assert is_refused(send(web, 8_000_000))
    assert web.keeps_nothing()
    assert files(web.data) == before
    assert send(web, 4_000_000).status_code == 202


def files(folder: Path) -> set[Path]:
    """All but the database's own."""
    return {path for path in folder.rglob("*") if not path.name.startswith("har.sqlite")}


def test_a_full_disk_keeps_nobody_from_asking_or_from_making_room(web: Web) -> None:
    path = web.submit(1_000_000)
    with filled(web.data):
        form = {"url": "https://example.org/a.mp4"}
        before = files(web.data)
        assert is_refused(requests.post(f"{web.url}/jobs", data=form, timeout=PATIENCE))
        assert is_refused(send(web, 1000))
        assert files(web.data) == before
        for known in ("/healthz", "/", path):
            assert requests.get(web.url + known, timeout=PATIENCE).status_code == 200
        assert requests.delete(web.url + path, timeout=PATIENCE).status_code == 204
        assert requests.get(web.url + path, timeout=PATIENCE).status_code == 404
        assert send(web, 1000).status_code == 202
    assert send(web, 1000).status_code == 202


@pytest.mark.service
def test_uploads_under_way_may_have_no_room_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "tmp", 1) as disk:
        monkeypatch.setenv("TMPDIR", str(disk))
        with web_alone(tmp_path, min_free_mb=0) as (url, errors):
            web = Web(url, tmp_path, errors)
            assert is_refused(send(web, 3_000_000))
            assert web.keeps_nothing()
            assert not list(disk.iterdir())
            assert send(web, 700_000).status_code == 202
            web.has_no_fault()
