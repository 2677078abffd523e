"""Clients that are slow, or say nothing: they are cut off, and hold nobody else up."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.jobs.test_record import RESULT
from tests.serving import eventually
from tests.web import raw
from tests.web.raw import FORM, MOST, PATIENCE, VIDEO, Web, answer, ends, head, refusal

pytestmark = pytest.mark.serial

MANY = 60
"""More than there are threads."""

SOON = 1.5
"""Seconds in which small answers come on a busy machine, where none waits for anybody."""


LARGE = 2_000_000
"""Bytes of a video, more than the kernel takes ahead of who reads them."""


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with raw.hasty(tmp_path_factory.mktemp("web")) as web:
        yield web
        web.has_no_fault()


@pytest.mark.parametrize("kept", [False, True], ids=["new", "kept"])
def test_half_a_head_has_no_thread_and_is_soon_refused(web: Web, kept: bool) -> None:
    clients = [web.ask("/healthz") if kept else web.connect() for _ in range(MANY)]
    if kept:
        assert {answer(client)[0] for client in clients} == {200}
    began = time.monotonic()
    for client in clients:
        client.sendall(head("GET", "/healthz")[:-2])
    assert web.seconds_to_answer() < SOON
    # A byte now and then does not help.
    while not raw.readable(clients[0]) and time.monotonic() < began + PATIENCE:
        clients[0].sendall(b"x")
        time.sleep(0.1)
    assert {refusal(client) for client in clients} == {(408, "too_slow")}
    assert 1 < time.monotonic() - began < 6
    raw.close(clients)


def test_who_says_nothing_is_told_nothing(web: Web) -> None:
    clients = [web.connect() for _ in range(MANY)]
    assert web.seconds_to_answer() < SOON
    assert all(ends(client) for client in clients)
    raw.close(clients)


def test_a_head_may_come_in_parts(web: Web) -> None:
    with web.connect() as client:
        for byte in head("GET", "/healthz"):
            client.sendall(bytes([byte]))
            time.sleep(0.005)
        assert answer(client)[0] == 200


def test_a_head_without_end_is_refused(web: Web) -> None:
    with web.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\n" + b"X: 0123456789\r\n" * 5000)
        assert refusal(client) == (431, "request_header_fields_too_large")


def test_who_does_not_close_holds_nobody_up(web: Web) -> None:
    clients = [web.ask("/healthz", "Connection: close") for _ in range(MANY)]
    assert {answer(client)[0] for client in clients} == {200}
    assert web.seconds_to_answer() < SOON
    raw.close(clients)


def test_a_body_that_nobody_reads_is_not_waited_for(web: Web) -> None:
    clients = [web.ask("/healthz", "Content-Length: 5") for _ in range(MANY)]
    assert {answer(client)[0] for client in clients} == {200}
    assert web.seconds_to_answer() < SOON
    raw.close(clients)


def test_more_connections_than_can_be_had_leave_room_for_another(web: Web) -> None:
    clients = [web.connect() for _ in range(450)]
    assert web.seconds_to_answer() < SOON
    raw.close(clients)


def test_more_open_files_than_can_be_had_leave_room_for_another(web: Web) -> None:
    web.limit_open_files(40)
    clients = [web.connect() for _ in range(MANY)]
    assert web.seconds_to_answer() < SOON
    raw.close(clients)
    web.limit_open_files(None)


def test_short_answers_that_nobody_reads_leave_threads_to_others(web: Web) -> None:
    clients = [web.connect(receives=1000) for _ in range(16)]
    for client in clients:
        client.sendall(head("GET", "/") * 60)
    began = time.monotonic()
    while time.monotonic() < began + 3:
        assert web.seconds_to_answer() < SOON
    raw.close(clients)


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("path", ["/jobs", "/predict"])
def test_a_slow_upload_is_refused_and_leaves_nothing(web: Web, path: str, chunked: bool) -> None:
    upload = web.post(path, chunked=chunked)
    upload.send(MOST)
    began = time.monotonic()
    upload.send_slowly(rate=2000)
    assert refusal(upload.client) == (408, "too_slow")
    assert 1 < time.monotonic() - began < 5
    assert upload.client.recv(1) == b""
    raw.settles(web, "removal")
    upload.client.close()


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_an_upload_that_stops_is_refused(web: Web, chunked: bool) -> None:
    upload = web.post(chunked=chunked)
    upload.send(MOST)
    assert refusal(upload.client) == (408, "too_slow")
    raw.settles(web, "removal")
    upload.client.close()


def test_what_is_no_chunk_is_told(web: Web) -> None:
    with web.connect() as client:
        lines = "Transfer-Encoding: chunked", "Content-Type: multipart/form-data; boundary=x"
        client.sendall(head("POST", "/jobs", *lines) + b"zz\r\n" + FORM)
        assert refusal(client) == (400, "bad_request")


def test_slow_uploads_leave_threads_to_others(web: Web) -> None:
    uploads = [web.post(chunked=chunked) for chunked in (False, True) * 2]
    with ThreadPoolExecutor(4) as pool:
        for upload in uploads:
            upload.send(MOST)
        eventually(lambda: len(web.open_files()) == 4, "beginning of all", PATIENCE)
        slow = [pool.submit(upload.send_slowly, 40_000) for upload in uploads]
        with web.post().client as another:
            assert refusal(another) == (503, "busy")
        assert web.seconds_to_answer() < SOON
        assert not any(sending.done() for sending in slow)
    # They were slow, and steady enough.
    for upload in uploads:
        status, document = answer(upload.client)
        assert status == 202
        id = json.loads(document)["id"]
        assert (web.data / "jobs" / id / "source.mp4").read_bytes() == VIDEO
        requests.delete(f"{web.url}/jobs/{id}", timeout=PATIENCE)
        upload.client.close()
    raw.settles(web, "removal")


def test_a_download_that_is_not_read_is_cut_off(web: Web) -> None:
    path = web.done(LARGE) + "/video"
    clients = [web.ask(path, receives=10_000) for _ in range(4)]
    eventually(lambda: len(web.open_files()) == 4, "the beginning", PATIENCE)
    with web.ask(path) as another:
        assert refusal(another) == (503, "busy")
    assert web.seconds_to_answer() < SOON
    eventually(lambda: not web.open_files(), "the end", PATIENCE)
    for client in clients:
        assert client.recv(12) == b"HTTP/1.1 200"
        client.close()
    told = [line["event"] for line in web.said()]
    assert told.count("an answer was cut off: the client reads too slowly") == 4


def test_a_download_that_is_too_slow_is_cut_off(web: Web) -> None:
    with web.ask(web.done(LARGE) + "/video", receives=10_000) as client:
        eventually(lambda: web.open_files(), "the beginning", PATIENCE)
        began, size = time.monotonic(), 0
        while web.open_files() and time.monotonic() < began + PATIENCE:
            size += len(client.recv(500))
            time.sleep(0.1)
        assert 1 < time.monotonic() - began < 5
        while more := client.recv(100_000):
            size += len(more)
    assert size < LARGE


def test_a_download_may_be_slow(web: Web) -> None:
    path = web.done(400_000) + "/video"
    with web.ask(path, "Connection: close", receives=10_000) as client:
        began, size = time.monotonic(), 0
        while more := client.recv(10_000):
            size += len(more)
            time.sleep(0.1)
        assert size > 400_000
        assert time.monotonic() - began > 3, "longer than one may read nothing"


def test_long_documents_that_nobody_reads_leave_threads_to_others(web: Web) -> None:
    segment = {"source": "bilstm", "label": "x" * 100}
    path = web.done(1, {**RESULT, "segment_predictions": [segment] * 3000})
    clients = [web.ask(path, receives=10_000) for _ in range(16)]
    assert web.seconds_to_answer() < SOON
    assert {client.recv(12) for client in clients} == {b"HTTP/1.1 200", b"HTTP/1.1 503"}
    raw.close(clients)
