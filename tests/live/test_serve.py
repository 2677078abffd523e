"""``python -m har live SOURCE --serve``: what is on the page meanwhile, and afterwards."""

from __future__ import annotations

import io
import re
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from PIL import Image

from tests.children import running
from tests.live import broadcast
from tests.live.watching import lines, live
from tests.serving import eventually

pytestmark = pytest.mark.service

SERVE = ("--serve",)


@pytest.fixture
def own(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """An environment with a data folder and a port of its own."""
    return {**environment, "HAR_DATA_DIR": str(tmp_path / "var"), "HAR_PORT": "0"}


def said(folder: Path) -> str:
    return (folder / "err").read_text()


def address(folder: Path) -> str:
    """Of the job, from what is told on standard error."""

    def told() -> re.Match[str] | None:
        return re.search(r"is on (http://[\d.:]+)/\?job=([\w-]+) ", said(folder))

    found = eventually(told, "the page's address")
    return f"{found[1]}/jobs/{found[2]}"


def job_at(url: str) -> dict[str, Any] | None:
    try:
        answer = requests.get(url, timeout=10)
    except requests.ConnectionError:
        return None
    return answer.json() if answer.ok else None


def leaves(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal, and see the command and all of its processes end."""
    children = psutil.Process(process.pid).children(recursive=True)
    assert running(children, "gunicorn")
    assert not running(children, "har worker")
    process.send_signal(number)
    assert process.wait(60) == 130
    eventually(lambda: not [c for c in children if c.is_running()], "the children's end", 20)


@pytest.mark.slow
def test_stream_is_one_job_whatever_happens_to_it(
    samples: Path, tmp_path: Path, own: dict[str, str]
) -> None:
    with (
        broadcast.http(samples / "real/gymnastics.mp4") as channel,
        live(channel.url, tmp_path, own, options=SERVE) as process,
    ):
        url = address(tmp_path)
        eventually(lambda: (job_at(url) or {}).get("picture_url"), "the picture")
        job = job_at(url) or {}
        assert (job["origin"], job["state"], job["phase"]) == ("live", "running", "live")
        assert (job["video"]["width"], job["video"]["height"]) == (160, 120)
        picture = url + "/picture"
        assert url.endswith(job["picture_url"].removesuffix("/picture"))
        first = requests.get(picture, timeout=10)
        assert first.headers["Content-Type"] == "image/jpeg"
        assert "no-store" in first.headers["Cache-Control"]
        assert Image.open(io.BytesIO(first.content)).size == (160, 120)
        eventually(
            lambda: requests.get(picture, timeout=10).content != first.content, "a later one"
        )
        eventually(lambda: len(lines(tmp_path)) >= 2, "segments")
        channel.cut()
        eventually(lambda: "is back" in said(tmp_path), "the stream")
        before = len(lines(tmp_path))
        eventually(lambda: len(lines(tmp_path)) >= before + 2, "segments after the cut")
        assert (job_at(url) or {})["state"] == "running"
        events = requests.get(f"{url}/events", stream=True, timeout=60).iter_lines()
        shown = next(line for line in events if line.startswith(b'data: {"start"'))
        assert b"label" in shown
        leaves(process, signal.SIGINT)
    kept = result(tmp_path / "var", url.rpartition("/")[2])
    starts = [line["start"] for line in lines(tmp_path)]
    assert [each["start"] for each in kept["segment_predictions"]] == starts
    assert kept["timeline"]
    assert kept["video"]["duration"] > kept["segment_predictions"][-1]["start"]
    assert "Traceback" not in said(tmp_path)


def result(data: Path, id: str) -> dict[str, Any]:
    """What is kept of a job, once nobody serves it."""
    from config import Settings
    from har.jobs.queue import Queue

    queue = Queue(Settings(data_dir=data))
    job = queue.records.get(id)
    assert job.state == "done", job.error
    assert queue.storage.files(id) == {}, "the picture is gone"
    assert list((data / "work").iterdir()) == []
    assert job.result is not None
    assert "picture_url" not in job.result
    return job.result


def test_file_ends_and_its_page_stays(samples: Path, tmp_path: Path, own: dict[str, str]) -> None:
    source = samples / "real/exercise_1080p.mp4"
    with live(source, tmp_path, own, options=SERVE) as process:
        url = address(tmp_path)
        eventually(lambda: (job_at(url) or {}).get("state") == "done", "the end")
        job = job_at(url) or {}
        assert job["picture_url"] is None
        assert requests.get(f"{url}/picture", timeout=10).status_code == 404
        assert job["result"]["video"]["duration"] == pytest.approx(2.56, abs=0.13)
        assert len(job["result"]["segment_predictions"]) == len(lines(tmp_path)) > 0
        clips = requests.get(f"{url}/export/csv?what=segments", timeout=10).text.splitlines()
        assert len(clips) == 1 + len(lines(tmp_path))
        eventually(lambda: "until Ctrl-C" in said(tmp_path), "the notice")
        leaves(process, signal.SIGTERM)


@pytest.mark.slow
def test_stream_whose_job_is_removed_goes_on(
    samples: Path, tmp_path: Path, own: dict[str, str]
) -> None:
    with live(samples / "real/gymnastics.mp4", tmp_path, own, options=SERVE) as process:
        url = address(tmp_path)
        eventually(lambda: job_at(url), "the job")
        assert requests.delete(url, timeout=10).status_code == 204
        eventually(lambda: "no longer on the page" in said(tmp_path), "the notice")
        before = len(lines(tmp_path))
        eventually(lambda: len(lines(tmp_path)) > before, "more segments")
        assert job_at(url) is None
        leaves(process, signal.SIGINT)
    assert not list((tmp_path / "var").glob("jobs/*/*"))


def test_port_that_is_taken(samples: Path, tmp_path: Path, own: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        environment = {**own, "HAR_PORT": port}
        source = samples / "real/gymnastics.mp4"
        with live(source, tmp_path, environment, options=SERVE) as process:
            assert process.wait(60) == 2
    assert said(tmp_path).startswith(f"har: cannot listen on 127.0.0.1, port {port}: ")
    assert lines(tmp_path) == []
