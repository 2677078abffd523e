"""Files in parts by the tus protocol, as clients send them, and as lines break."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import random
import time
from collections.abc import Iterator
from contextlib import closing
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from tusclient.client import TusClient
from werkzeug.test import TestResponse

from config import Settings
from har.jobs import keys
from har.jobs.queue import Queue
from har.web import create_app
from tests.serving import eventually
from tests.web import raw
from tests.web.raw import PATIENCE, Web, head, refusal
from tests.web.test_jobs import submit

TUS = {"Tus-Resumable": "1.0.0"}
PART = {**TUS, "Content-Type": "application/offset+octet-stream"}
VIDEO = random.Random(6).randbytes(700_000)
NAMED = "filename " + base64.b64encode(b"my clip.mov").decode()


def begin(client: FlaskClient, length: int = len(VIDEO), **headers: str) -> str:
    """The path of a new upload."""
    response = client.post("/uploads", headers={**TUS, "Upload-Length": str(length), **headers})
    assert response.status_code == 201, response.data
    assert response.headers["Location"] == f"/uploads/{response.get_json()['id']}"
    return response.headers["Location"]


def send(client: FlaskClient, path: str, offset: int, sent: bytes, **headers: str) -> TestResponse:
    return client.patch(path, data=sent, headers={**PART, "Upload-Offset": str(offset), **headers})


def offset(client: FlaskClient, path: str) -> int:
    response = client.head(path, headers=TUS)
    assert response.status_code == 200
    return int(response.headers["Upload-Offset"])


def whole(client: FlaskClient) -> str:
    """The id of a finished upload."""
    path = begin(client, **{"Upload-Metadata": NAMED})
    assert send(client, path, 0, VIDEO).status_code == 204
    return path.rpartition("/")[2]


def told(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.get_json()["code"]


# The protocol


def test_what_is_spoken_is_told(client: FlaskClient) -> None:
    response = client.options("/uploads")
    assert response.status_code == 204
    assert response.headers["Tus-Version"] == "1.0.0"
    assert response.headers["Tus-Max-Size"] == "1000000"
    assert response.headers["Tus-Extension"] == "creation,expiration,termination"


def test_parts_make_a_video(client: FlaskClient, queue: Queue) -> None:
    path = begin(client, **{"Upload-Metadata": f"{NAMED},private"})
    for first, last in ((0, 1), (1, 400_000), (400_000, len(VIDEO))):
        assert offset(client, path) == first
        response = send(client, path, first, VIDEO[first:last])
        assert (response.status_code, response.headers["Upload-Offset"]) == (204, str(last))
        assert response.headers["Tus-Resumable"] == "1.0.0"
        expires = parsedate_to_datetime(response.headers["Upload-Expires"]).timestamp()
        assert expires == pytest.approx(time.time() + 3600, abs=30)
    response = client.head(path, headers=TUS)
    assert response.headers["Upload-Length"] == str(len(VIDEO))
    assert response.headers["Upload-Metadata"] == f"{NAMED},private"
    assert response.headers["Cache-Control"] == "no-store"

    id = path.rpartition("/")[2]
    response = client.post("/jobs", data={"upload": id, "annotate": "0"})
    assert (response.status_code, response.headers["Location"]) == (202, f"/jobs/{id}")
    assert queue.records.get(id).source == "source.mov"
    with queue.storage.open(id, "source.mov") as file:
        assert file.read() == VIDEO
    assert client.head(path, headers=TUS).status_code == 404, "it is a job now"
    assert client.delete(path, headers=TUS).status_code == 404
    assert queue.storage.size(id, "source.mov") == len(VIDEO)


def test_a_part_may_be_empty(client: FlaskClient) -> None:
    path = begin(client)
    assert send(client, path, 0, b"").headers["Upload-Offset"] == "0"
    assert send(client, path, 0, VIDEO).headers["Upload-Offset"] == str(len(VIDEO))
    assert send(client, path, len(VIDEO), b"").status_code == 204


@pytest.mark.parametrize("version", ["", "0.2.2", "1.0.1"])
def test_another_protocol_is_refused(client: FlaskClient, version: str) -> None:
    path = begin(client)
    headers = {"Tus-Resumable": version} if version else {}
    answers = [
        client.open(at, method=method, headers={**headers, "Upload-Length": "5"})
        for method, at in (("POST", "/uploads"), ("HEAD", path), ("PATCH", path), ("DELETE", path))
    ]
    assert {(each.status_code, each.headers["Tus-Version"]) for each in answers} == {(412, "1.0.0")}
    assert told(answers[0]) == (412, "tus_version")
    assert offset(client, path) == 0


@pytest.mark.parametrize("length", [None, "", "-1", "many", "1e3", "9" * 16, "٣"])
def test_a_length_that_is_none_is_refused(client: FlaskClient, length: str | None) -> None:
    headers = TUS if length is None else {**TUS, "Upload-Length": length}
    assert told(client.post("/uploads", headers=headers)) == (400, "bad_option")


@pytest.mark.parametrize("metadata", ["filename ä", "filename a", "a b c", " "])
def test_metadata_that_are_none_are_refused(client: FlaskClient, metadata: str) -> None:
    headers = {**TUS, "Upload-Length": "5", "Upload-Metadata": metadata}
    assert told(client.post("/uploads", headers=headers)) == (400, "bad_option")


def test_more_than_is_allowed_is_refused_before_a_byte_is_sent(client: FlaskClient) -> None:
    response = client.post("/uploads", headers={**TUS, "Upload-Length": "1000001"})
    assert told(response) == (413, "too_large")
    assert response.headers["Tus-Max-Size"] == "1000000"
    path = begin(client, 1000)
    assert told(send(client, path, 0, bytes(1001))) == (413, "too_large")
    assert offset(client, path) == 0
    assert send(client, path, 0, bytes(1000)).status_code == 204
    assert told(send(client, path, 1000, b"x")) == (413, "too_large")


def test_a_part_goes_where_the_last_one_ended(client: FlaskClient) -> None:
    path = begin(client)
    send(client, path, 0, VIDEO[:1000])
    for wrong in (0, 999, 1001):
        assert told(send(client, path, wrong, b"x")) == (409, "wrong_offset")
    for wrong in ("", "-1", "x"):
        response = client.patch(path, data=b"x", headers={**PART, "Upload-Offset": wrong})
        assert told(response) == (400, "bad_option")
    assert offset(client, path) == 1000


@pytest.mark.parametrize("kind", [None, "application/octet-stream", "video/mp4"])
def test_what_is_no_part_is_refused(client: FlaskClient, kind: str | None) -> None:
    path = begin(client)
    headers = {**TUS, "Upload-Offset": "0", **({"Content-Type": kind} if kind else {})}
    assert told(client.patch(path, data=b"x", headers=headers)) == (415, "not_a_part")


def test_an_upload_can_be_given_up(client: FlaskClient, settings: Settings) -> None:
    path = begin(client)
    send(client, path, 0, VIDEO[:1000])
    assert client.delete(path, headers=TUS).status_code == 204
    assert list((settings.data_dir / "jobs").iterdir()) == []
    assert client.head(path, headers=TUS).status_code == 404
    assert told(send(client, path, 0, b"x")) == (404, "not_found")
    assert told(client.delete(path, headers=TUS)) == (404, "not_found")


@pytest.mark.parametrize("id", ["none", "a.b", "%00", "upload-" + "x" * 80])
def test_an_upload_that_is_none(client: FlaskClient, id: str) -> None:
    assert client.head(f"/uploads/{id}", headers=TUS).status_code == 404
    assert told(send(client, f"/uploads/{id}", 0, b"x")) == (404, "not_found")
    assert told(client.post("/jobs", data={"upload": id})) == (404, "not_found")


def test_a_job_is_no_upload(client: FlaskClient, queue: Queue) -> None:
    job = client.post("/jobs", data={"video": (io.BytesIO(b"video"), "a.mp4")}).get_json()["id"]
    path = f"/uploads/{job}"
    assert client.head(path, headers=TUS).status_code == 404
    assert client.delete(path, headers=TUS).status_code == 404
    assert told(send(client, path, 0, b"x")) == (404, "not_found")
    assert queue.storage.files(job).keys() == {"source.mp4"}


# From an upload to a job


def test_half_an_upload_is_no_video(client: FlaskClient) -> None:
    path = begin(client)
    send(client, path, 0, VIDEO[:1000])
    response = client.post("/jobs", data={"upload": path.rpartition("/")[2]})
    assert told(response) == (409, "unfinished")
    assert offset(client, path) == 1000


def test_an_answer_that_was_lost_can_be_asked_for_again(client: FlaskClient) -> None:
    id = whole(client)
    first, again = (client.post("/jobs", data={"upload": id}) for _ in range(2))
    assert first.status_code == again.status_code == 202
    assert first.get_json() == again.get_json()
    assert told(client.post("/jobs", data={"upload": id, "stride": "2"})) == (409, "upload_used")


def test_an_idempotency_key_holds_for_uploads(client: FlaskClient) -> None:
    key = {"Idempotency-Key": "k"}
    one, other = whole(client), whole(client)
    answers = [client.post("/jobs", data={"upload": id}, headers=key) for id in (one, one, other)]
    assert [each.status_code for each in answers] == [202, 202, 422]
    assert client.post("/jobs", data={"upload": other}).status_code == 202, "nothing was lost"


@pytest.mark.parametrize("other", [{"url": "https://example.org/a.mp4"}, {"video": ...}])
def test_an_upload_is_the_only_source(client: FlaskClient, other: dict[str, Any]) -> None:
    form = {"upload": whole(client), **other}
    if "video" in form:
        form["video"] = (io.BytesIO(b"x"), "a.mp4")
    assert told(client.post("/jobs", data=form)) == (400, "two_sources")


# Limits


def limited(settings: Settings, **changes: Any) -> FlaskClient:
    return create_app(dataclasses.replace(settings, **changes)).test_client()


def test_uploads_are_begun_at_the_rate_of_videos_and_do_not_count_twice(settings: Settings) -> None:
    client = limited(settings, rate_limit="2/minute")
    ids = [whole(client) for _ in range(2)]
    response = client.post("/uploads", headers={**TUS, "Upload-Length": "5"})
    assert told(response) == (429, "too_many_requests")
    assert 1 <= int(response.headers["Retry-After"]) <= 61
    assert [client.post("/jobs", data={"upload": id}).status_code for id in ids] == [202, 202]


def test_one_client_has_so_many_unfinished_ones(settings: Settings) -> None:
    client = limited(settings)
    us, them = ({"REMOTE_ADDR": f"198.51.100.{n}"} for n in (1, 2))
    paths = [
        client.post("/uploads", headers={**TUS, "Upload-Length": "5"}, environ_base=who)
        for who in [us] * 17 + [them]
    ]
    assert [each.status_code for each in paths] == [201] * 16 + [429, 201]
    assert "Finish or remove one" in paths[16].get_json()["detail"]
    assert client.delete(paths[0].headers["Location"], headers=TUS).status_code == 204
    again = client.post("/uploads", headers={**TUS, "Upload-Length": "5"}, environ_base=us)
    assert again.status_code == 201


def test_what_is_there_of_uploads_counts_as_waiting(settings: Settings) -> None:
    client = limited(settings, max_spool_mb=1, max_upload_mb=2)
    path = begin(client, 2_000_000)
    send(client, path, 0, bytes(1_000_000))
    response = client.post("/uploads", headers={**TUS, "Upload-Length": "5"})
    assert told(response) == (503, "queue_full")
    assert send(client, path, 1_000_000, bytes(1_000_000)).status_code == 204, "it may go on"


def test_a_disk_that_is_nearly_full_takes_no_part(settings: Settings) -> None:
    path = begin(limited(settings))
    full = limited(settings, min_free_mb=10**9)
    assert told(send(full, path, 0, b"x")) == (503, "disk_full")
    refused = full.post("/uploads", headers={**TUS, "Upload-Length": "5"})
    assert told(refused) == (503, "disk_full")
    assert offset(full, path) == 0, "it is told where it can go on"


def test_who_begins_needs_a_key_where_one_is_asked_for(settings: Settings) -> None:
    app = create_app(dataclasses.replace(settings, require_key=True))
    queue: Queue = app.extensions["har.queue"]
    key = {"Authorization": f"Bearer {keys.add(queue.records.engine, 'alice', None)}"}
    client = app.test_client()
    refused = client.post("/uploads", headers={**TUS, "Upload-Length": "5"})
    assert told(refused) == (401, "key_needed")
    path = begin(client, 5, **key)
    assert send(client, path, 0, b"bytes").status_code == 204, "its id is a secret of its own"
    id = path.rpartition("/")[2]
    assert told(client.post("/jobs", data={"upload": id})) == (401, "key_needed")
    assert client.post("/jobs", data={"upload": id}, headers=key).status_code == 202
    assert queue.records.get(id).client == "@alice"


def test_a_page_of_another_site_sends_nothing(client: FlaskClient) -> None:
    path = begin(client)
    theirs = {"Sec-Fetch-Site": "cross-site"}
    refused = client.post("/uploads", headers={**TUS, "Upload-Length": "5", **theirs})
    assert told(refused) == (403, "cross_site")
    assert told(send(client, path, 0, b"x", **theirs)) == (403, "cross_site")
    assert told(client.delete(path, headers={**TUS, **theirs})) == (403, "cross_site")


def test_a_link_is_taken_as_before(client: FlaskClient) -> None:
    assert submit(client).status_code == 202


# Over the network


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with raw.hasty(tmp_path_factory.mktemp("web")) as web:
        yield web
        web.has_no_fault()


def begun(web: Web, length: int = len(VIDEO)) -> str:
    headers = {**TUS, "Upload-Length": str(length)}
    response = requests.post(f"{web.url}/uploads", headers=headers, timeout=PATIENCE)
    return response.headers["Location"]


def there(web: Web, path: str) -> int:
    response = requests.head(web.url + path, headers=TUS, timeout=PATIENCE)
    return int(response.headers["Upload-Offset"])


def patch(web: Web, path: str, offset: int, sent: bytes) -> int:
    headers = {**PART, "Upload-Offset": str(offset)}
    url = web.url + path
    return requests.patch(url, data=sent, headers=headers, timeout=PATIENCE).status_code


def opened(web: Web, path: str, offset: int, length: int) -> Any:
    """A connection with the head of a part sent."""
    lines = [f"{name}: {value}" for name, value in PART.items()]
    lines += [f"Upload-Offset: {offset}", f"Content-Length: {length}"]
    client = web.connect()
    client.sendall(head("PATCH", path, *lines))
    return client


def job_of(web: Web, path: str) -> bytes:
    """The bytes of the video of the job that an upload becomes."""
    id = path.rpartition("/")[2]
    response = requests.post(f"{web.url}/jobs", data={"upload": id}, timeout=PATIENCE)
    assert response.status_code == 202, response.text
    return (web.data / "jobs" / id / "source").read_bytes()


@pytest.mark.parametrize("how", ["close", "reset", "half"])
def test_what_came_before_the_line_broke_is_kept(web: Web, how: str) -> None:
    path = begun(web)
    client = opened(web, path, 0, len(VIDEO))
    client.sendall(VIDEO[:500_000])
    eventually(web.open_files, "beginning of a part", PATIENCE)
    raw.vanish(client, how)
    kept = eventually(lambda: there(web, path), "what came", PATIENCE)
    assert 500_000 - (1 << 17) <= kept <= 500_000
    client.close()
    assert patch(web, path, kept, VIDEO[kept:]) == 204
    assert hashlib.sha256(job_of(web, path)).digest() == hashlib.sha256(VIDEO).digest()


def test_what_came_before_silence_is_kept(web: Web) -> None:
    path = begun(web)
    with opened(web, path, 0, len(VIDEO)) as client:
        client.sendall(VIDEO[:500_000])
        assert refusal(client) == (408, "too_slow")
    kept = there(web, path)
    assert 500_000 - (1 << 17) <= kept <= 500_000
    assert patch(web, path, kept, VIDEO[kept:]) == 204
    assert job_of(web, path) == VIDEO


def test_a_connection_that_was_given_up_does_no_harm_when_it_wakes(web: Web) -> None:
    path = begun(web)
    with opened(web, path, 0, len(VIDEO)) as asleep:
        asleep.sendall(bytes(300_000))
        assert patch(web, path, 0, VIDEO[:400_000]) == 204
        asleep.sendall(bytes(len(VIDEO) - 300_000))
        assert refusal(asleep) == (409, "wrong_offset")
    assert patch(web, path, 400_000, VIDEO[400_000:]) == 204
    assert job_of(web, path) == VIDEO


def test_parts_tell_their_length(web: Web) -> None:
    path = begun(web)
    lines = [f"{name}: {value}" for name, value in PART.items()]
    with web.connect() as client:
        lines += ["Upload-Offset: 0", "Transfer-Encoding: chunked"]
        client.sendall(head("PATCH", path, *lines))
        assert refusal(client) == (413, "too_large")
    assert there(web, path) == 0


def test_the_protocols_own_client_is_understood(web: Web) -> None:
    tus = TusClient(f"{web.url}/uploads")
    sent = {"file_stream": io.BytesIO(VIDEO), "chunk_size": 200_000}
    first = tus.uploader(**sent, metadata={"filename": "clip.webm"})
    first.upload_chunk()
    first.upload_chunk()
    again = tus.uploader(**sent, url=first.url)
    assert again.offset == 400_000
    again.upload()
    id = urlsplit(str(again.url)).path.rpartition("/")[2]
    response = requests.post(f"{web.url}/jobs", data={"upload": id}, timeout=PATIENCE)
    assert response.status_code == 202
    with closing(web.queue()) as queue, queue.storage.open(id, "source.webm") as file:
        assert file.read() == VIDEO
