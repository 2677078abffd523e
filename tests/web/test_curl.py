"""Every example of the documentation, run by a shell against a real service."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from jsonschema import Draft202012Validator

from config import Settings
from har.jobs import keys
from har.jobs.database import connect
from har.jobs.live import rows
from har.jobs.live.entry import request_of
from har.jobs.queue import Queue, Sender
from har.jobs.storage import PICTURE
from har.types import Options
from har.web import create_app
from har.web.curl import CURL
from har.web.operations import operations
from tests.media.site import Site, content
from tests.models.clip_networks import saved
from tests.prerequisites import missing
from tests.serving import Service, eventually, serving
from tests.web.outcomes import CHECKS, TELLING, Ran
from tests.web_alone import web_alone

LINK = "https://example.org/clip.mp4"
"""What stands in examples for a link of the reader's."""

EXAMPLES = [(endpoint, label) for endpoint, labels in CURL.items() for label in labels]


def shell(folder: Path, script: str, **variables: str) -> Ran:
    """Run a script, as bash does that ends with the first command that fails."""
    (folder / ".curlrc").write_text(
        'write-out = "%{stderr}\\nANSWER %{http_code} %{content_type}\\n"'
    )
    before = set(folder.iterdir())
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "CURL_HOME": str(folder), **variables},
        capture_output=True,
        timeout=180,
    )
    errors = done.stderr.decode()
    told = re.findall(r"^ANSWER (\d+) (.*)$", errors, re.MULTILINE)
    made = set(folder.iterdir()) - before
    output = made.pop().read_bytes() if made else done.stdout
    assert not made, "one file at most"
    return Ran(done.returncode, output, [(int(a), b) for a, b in told], errors)


@pytest.fixture(scope="module")
def clip(samples: Path) -> Path:
    for program in ("bash", "curl", "jq"):
        if not shutil.which(program):
            missing(f"these tests need {program}")
    return samples / "real" / "exercise_1080p.mp4"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that may fetch from the loopback address, and has a second model."""
    folder = tmp_path_factory.mktemp("service")
    with (
        saved.torch_home(folder / "torch", "r3d_18"),
        serving(folder, allow_private_urls=1) as service,
    ):
        yield service


@pytest.fixture(scope="module")
def key(service: Service) -> str:
    return key_of(service.data)


def key_of(data: Path) -> str:
    engine = connect(Settings(data_dir=data))
    key = keys.add(engine, "reader", None)
    engine.dispose()
    return key


@pytest.fixture(scope="module")
def document(service: Service) -> dict[str, Any]:
    read: dict[str, Any] = requests.get(f"{service.url}/openapi.json", timeout=10).json()
    return read


@pytest.fixture(scope="module")
def job(service: Service, clip: Path) -> str:
    """The id of a job that has all that a job may have: somebody corrected it, and its video is
    one that browsers do not play."""
    address = service.submit(video=clip.with_name("old_xvid.avi"))
    eventually(lambda: requests.get(address, timeout=10).json()["state"] == "done", "the result")
    correction = {"first": "3", "label": "Juggling"}
    requests.put(f"{address}/corrections", data=correction, timeout=10).raise_for_status()
    return address.rpartition("/")[2]


@pytest.fixture
def id(service: Service, clip: Path, endpoint: str, job: str) -> str:
    """The id of the job that an example is about."""
    if endpoint == "files.picture":
        return stream(service)
    if endpoint != "jobs.cancel":
        return job
    return service.submit(video=clip).rpartition("/")[2]


def stream(service: Service) -> str:
    """The id of a stream that is followed somewhere else."""
    settings = Settings(data_dir=service.data)
    queue, id = Queue(settings), "stream"
    queue.records.add(id, request_of(id, settings, Options(), Sender("127.0.0.1")))
    assert queue.records.begin(id, "elsewhere")
    outline = {"video": {}, "picture_url": f"/jobs/{id}/picture"}
    assert rows.begin(queue.records, id, "elsewhere", outline)
    queue.storage.begin(id, PICTURE, b"\xff\xd8 a picture")
    return id


@pytest.fixture
def upload(service: Service, clip: Path, endpoint: str, label: str) -> dict[str, str]:
    """The id of the upload that an example goes on with, and how much of it is there."""
    if "/$UPLOAD" not in CURL[endpoint][label] and "=$UPLOAD" not in CURL[endpoint][label]:
        return {}
    video = clip.read_bytes()
    there = {"Send what was uploaded in parts": len(video), "Send what is missing": 1000}
    offset = there.get(label, 0)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(video)), "Upload-Offset": "0"}
    begun = requests.post(f"{service.url}/uploads", headers=headers, timeout=10)
    part = headers | {"Content-Type": "application/offset+octet-stream"}
    address = service.url + begun.headers["Location"]
    requests.patch(address, video[:offset], headers=part, timeout=10).raise_for_status()
    return {"UPLOAD": begun.json()["id"], "OFFSET": str(offset)}


@pytest.fixture
def folder(tmp_path: Path, clip: Path) -> Path:
    """Where a reader has a video."""
    shutil.copy(clip, tmp_path / "clip.mp4")
    return tmp_path


@pytest.fixture(scope="module")
def link(clip: Path) -> Iterator[str]:
    with Site() as site:
        site.routes["/clip.mp4"] = content(clip.read_bytes(), "video/mp4")
        yield f"{site.url}/clip.mp4"


def operation(document: dict[str, Any], endpoint: str) -> dict[str, Any]:
    found = [
        each
        for methods in document["paths"].values()
        for each in methods.values()
        if each["operationId"] == endpoint.replace(".", "_")
    ]
    assert found, f"{endpoint} has an example and is no operation"
    return found[0]


def source(document: dict[str, Any], endpoint: str, label: str) -> str:
    samples = operation(document, endpoint)["x-codeSamples"]
    return {each["label"]: each["source"] for each in samples}[label]


def test_each_operation_has_an_example(settings: Settings) -> None:
    # It speaks no more than a handshake of WebSocket.
    asked = set(operations(settings)) - {"live.stream"}
    without = asked - {each for each, labels in CURL.items() if labels}
    assert not without, "har/web/curl.py says nothing of these"
    assert set(CURL) == asked
    assert set(CHECKS) == set(CURL), "tests/web/outcomes.py"


@pytest.mark.parametrize(("endpoint", "label"), EXAMPLES)
def test_an_example_does_what_the_document_says(
    service: Service,
    document: dict[str, Any],
    folder: Path,
    id: str,
    upload: dict[str, str],
    key: str,
    link: str,
    endpoint: str,
    label: str,
) -> None:
    script = source(document, endpoint, label)
    assert service.url in script, "the address that was asked"
    eventually(lambda: requests.get(f"{service.url}/models", timeout=10).json()["models"], "models")
    told = operation(document, endpoint)["responses"]
    script = script.replace(LINK, link) + TELLING.get(label, "")
    ran = shell(folder, script, JOB=id, KEY=key, **upload)
    assert ran.code == 0, ran
    status, media_type = ran.answers[-1]
    assert str(status) in told, ran
    assert 200 <= status < 300
    types = told[str(status)].get("content", {})
    if types:
        check_body(document, types, media_type.partition(";")[0].strip(), ran.output, label)
    elif " -I " not in script:
        assert ran.output == b""
    about = upload.get("UPLOAD", "") if endpoint.startswith("uploads") else id
    CHECKS[endpoint](ran, service, about, label)


def check_body(
    document: dict[str, Any], types: dict[str, Any], media_type: str, body: bytes, label: str
) -> None:
    """Fail where a body is not by the document."""
    named = media_type if media_type in types else f"{media_type.partition('/')[0]}/*"
    schema = types[named]["schema"]
    if media_type == "application/json" and label not in TELLING:
        Draft202012Validator({**document, **schema}).validate(json.loads(body))


def test_an_example_that_is_refused_fails_and_says_why(
    service: Service, document: dict[str, Any], folder: Path
) -> None:
    ran = shell(folder, source(document, "jobs.show", "Ask for a job"), JOB="none")
    assert ran.code == 22
    assert ran.json["code"] == "not_found"
    saved = shell(folder, source(document, "files.annotated", "Save the annotated video"), JOB="no")
    assert saved.code == 22
    assert not (folder / "annotated.mp4").exists(), "an error is no video"


@pytest.mark.service
def test_examples_bring_the_key_where_one_is_needed(tmp_path: Path, folder: Path) -> None:
    with web_alone(tmp_path, require_key=1, clip_model="off") as (url, _):
        document = requests.get(f"{url}/openapi.json", timeout=10).json()
        send = source(document, "jobs.create", "Send a file")
        assert shell(folder, send, KEY=key_of(tmp_path / "var")).json["state"] == "queued"
        assert shell(folder, send, KEY="har_wrong").json["code"] == "key_wrong"
    for endpoint, label in EXAMPLES:
        brought = '"Authorization: Bearer $KEY"' in source(document, endpoint, label)
        needed = operation(document, endpoint).get("security") == [{"key": []}]
        assert brought is needed, endpoint


def test_no_key_is_asked_for_where_none_is_needed(app: Flask) -> None:
    document = app.test_client().get("/openapi.json").get_json()
    keyed = [each for each in EXAMPLES if "$KEY" in source(document, *each)]
    assert keyed == [("jobs.index", "From anywhere")]


@pytest.mark.parametrize(("endpoint", "label"), EXAMPLES)
def test_an_example_can_be_pasted_anywhere(app: Flask, endpoint: str, label: str) -> None:
    document = app.test_client().get("/openapi.json").get_json()
    text = source(document, endpoint, label)
    lines = text.splitlines()
    assert text.isascii()
    assert all(line.isprintable() and line == line.rstrip() for line in lines)
    assert all(line.endswith(" \\") for line in lines[:-1]), "one command"
    assert max(map(len, lines)) <= 80
    assert "#" not in text
    assert text.count('"http://localhost/') == text.count("http://localhost/") == 1
    assert "curl" in text
    assert text.count("-f ") + text.count("--fail-with-body") == text.count("curl ")


HOSTS = {
    "har.example.org": "http://har.example.org",
    "my_host:5000": "http://my_host:5000",
    "[::1]:5000": "http://[::1]:5000",
    "x$(touch y)": "http://localhost",
    'a";b': "http://localhost",
}


@pytest.mark.parametrize(("host", "address"), HOSTS.items())
def test_examples_ask_the_address_that_was_asked(
    settings: Settings, host: str, address: str
) -> None:
    app = create_app(dataclasses.replace(settings, host="0.0.0.0"))
    document = app.test_client().get("/openapi.json", headers={"Host": host}).get_json()
    assert f'"{address}/healthz"' in source(document, "health.healthz", "Ask whether it answers")


@pytest.mark.parametrize(
    ("proxies", "told", "scheme"),
    [(0, "https", "http"), (1, "https", "https"), (1, "http", "http"), (1, "$(touch y)", "http")],
)
def test_examples_ask_the_way_that_a_proxy_tells(
    settings: Settings, proxies: int, told: str, scheme: str
) -> None:
    app = create_app(dataclasses.replace(settings, trusted_proxies=proxies))
    headers = {"X-Forwarded-Proto": told}
    document = app.test_client().get("/openapi.json", headers=headers).get_json()
    example = source(document, "health.healthz", "Ask whether it answers")
    assert f'"{scheme}://localhost/healthz"' in example
