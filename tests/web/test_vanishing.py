"""Clients that vanish: nothing of theirs stays, and what they held is free again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
import requests

from tests.serving import eventually
from tests.web import raw
from tests.web.raw import MOST, PATIENCE, Web, head, refusal, vanish

HOW = ["close", "reset", "half"]
LARGE = 20_000_000


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A web in which one request at a time may hold its thread for long."""
    with raw.hasty(tmp_path_factory.mktemp("web"), web_threads=9) as web:
        yield web
        web.has_no_fault()


def is_free(web: Web) -> bool:
    """Whether a request may hold its thread for long just now."""
    status = requests.post(f"{web.url}/jobs", timeout=PATIENCE).status_code
    assert status in (400, 503)
    return status == 400


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("size", [0, 1000, MOST], ids=["head", "some", "most"])
@pytest.mark.parametrize("how", HOW)
def test_nothing_stays_of_half_an_upload(web: Web, how: str, size: int, chunked: bool) -> None:
    before = len(web.told())
    upload = web.post(chunked=chunked)
    if size:
        upload.send(size)
    vanish(upload.client, how)
    if how == "half":
        assert refusal(upload.client) == (400, "bad_request")
        upload.client.close()
    eventually(lambda: len(web.told()) > before, "line in the log", PATIENCE)
    assert web.told()[before:] == [("/jobs", 400)]
    raw.settles(web, "removal")


def test_half_a_link_is_none(web: Web) -> None:
    lines = "Content-Type: application/x-www-form-urlencoded", "Content-Length: 100"
    with web.connect() as client:
        client.sendall(head("POST", "/jobs", *lines) + b"url=https://example.org/a")
        vanish(client, "half")
        assert refusal(client) == (400, "bad_request")
    raw.settles(web, "nothing")


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("ranges", [[], ["Range: bytes=100-"]], ids=["whole", "range"])
def test_a_download_ends_with_its_client(web: Web, how: str, ranges: list[str]) -> None:
    path = web.done(LARGE) + "/video"
    client = web.ask(path, *ranges)
    assert client.recv(8) == b"HTTP/1.1"
    assert not is_free(web)
    assert web.open_files()
    vanish(client, how)
    eventually(lambda: is_free(web), "room for another", PATIENCE)
    assert not web.open_files()
    requests.delete(web.url + path.removesuffix("/video"), timeout=PATIENCE)


@pytest.mark.parametrize("how", HOW)
def test_a_stream_of_events_ends_with_its_client(web: Web, how: str) -> None:
    path = web.submit(1)
    client = web.ask(f"{path}/events")
    assert client.recv(8) == b"HTTP/1.1"
    assert not is_free(web)
    vanish(client, how)
    eventually(lambda: is_free(web), "room for another", PATIENCE)
    client.close()
    requests.delete(web.url + path, timeout=PATIENCE)


@pytest.mark.parametrize("how", HOW)
def test_nobody_waits_for_a_result_that_nobody_gets(web: Web, how: str) -> None:
    before = len(web.told())
    upload = web.post("/predict")
    upload.send()
    with closing(web.queue()) as queue:
        (id,) = eventually(queue.records.ids, "the job", PATIENCE)
        assert not is_free(web)
        vanish(upload.client, how)
        # Long before it would be told that there is no worker.
        eventually(lambda: is_free(web), "room for another", 10)
        assert queue.records.get(id).state == "queued", "it may be asked for later"
        queue.cancel(id)
    assert ("/predict", 400) in web.told()[before:]
    upload.client.close()
