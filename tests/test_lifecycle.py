"""Starting, stopping, and what happens to a job when something of the service is taken away."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

import config
from config import ROOT
from har.jobs.record import Records
from tests.children import running
from tests.serving import Service, eventually, serving

pytestmark = pytest.mark.service

Maker = Callable[..., Path]


@pytest.fixture(scope="module")
def long_video(make_video: Maker) -> Path:
    """Fifteen minutes, which take a while to recognise."""
    source = ("-f", "lavfi", "-i", "testsrc2=d=15:r=8:s=320x240")
    once = make_video("long-once.mp4", *source, "-c:v", "libx264", "-preset", "ultrafast")
    return make_video("long.mp4", "-stream_loop", "59", "-i", str(once), "-c", "copy")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that soon sees that a worker is gone, and that fetches from nowhere private."""
    with serving(tmp_path_factory.mktemp("service"), lost_after_seconds=2) as service:
        yield service


def job(address: str) -> dict[str, Any]:
    document: dict[str, Any] = requests.get(address, timeout=10).json()
    return document


def start_long_job(service: Service, video: Path) -> str:
    """The address of a job that the worker is at work on."""
    address = service.submit(video=video, threshold=0)
    eventually(lambda: job(address)["phase"], "the worker")
    return address


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and standard error of a process that ends by itself."""
    with process:
        _, error = process.communicate(timeout=60)
    return process.returncode, error


def start(*argv: str, **settings: object) -> subprocess.Popen[str]:
    variables = {f"HAR_{name.upper()}": str(value) for name, value in settings.items()}
    return subprocess.Popen(
        [sys.executable, *argv],
        cwd=ROOT,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(address: str) -> dict[str, Any]:
    """The job, once it is done or has failed."""
    found: dict[str, Any] = eventually(
        lambda: (told := job(address))["state"] in ("done", "failed") and told, "the job's end"
    )
    return found


@pytest.mark.slow
def test_a_job_may_not_take_for_ever(tmp_path: Path, long_video: Path) -> None:
    with serving(tmp_path, job_timeout_seconds=6) as service:
        response = service.predict(video=long_video, threshold=0)
        assert (response.status_code, response.json()["code"]) == (504, "timeout")
        assert service.jobs() == []
        assert service.decoders() == []


def test_a_private_address_is_refused(service: Service) -> None:
    response = service.predict(url="http://127.0.0.1:9/a.mp4")
    assert (response.status_code, response.json()["code"]) == (403, "url_refused")
    assert service.jobs() == []


def test_a_cancelled_job_leaves_nothing(service: Service, long_video: Path) -> None:
    address = start_long_job(service, long_video)
    eventually(lambda: service.decoders(), "ffmpeg")
    began = time.monotonic()
    assert requests.delete(address, timeout=10).status_code == 204
    assert requests.get(address, timeout=10).status_code == 404
    eventually(lambda: not service.decoders(), "the end of ffmpeg")
    eventually(lambda: not list((service.data / "work").iterdir()), "the removal of files")
    assert time.monotonic() - began < 2
    assert service.jobs() == []
    assert requests.delete(address, timeout=10).status_code == 204


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["child", "parent"])
def test_a_killed_worker_is_replaced_and_its_job_done(
    service: Service, samples: Path, victim: str
) -> None:
    video = samples / "real" / "water_sport.mp4"
    undisturbed = service.predict(video=video).json()
    address = start_long_job(service, video)
    worker = service.worker()
    killed = worker if victim == "parent" else worker.children()[0]
    killed.kill()
    told = ended(address)
    assert (told["state"], told["attempts"]) == ("done", 2)
    for name in ("segment_predictions", "timeline"):
        assert told["result"][name] == undisturbed[name]
    assert service.worker().pid != worker.pid
    assert len(service.workers()) == 2


@pytest.mark.slow
def test_a_worker_that_is_killed_while_it_waits_is_replaced(
    service: Service, samples: Path
) -> None:
    for _ in range(2):
        child = service.worker().children()[0]
        child.kill()
        # Nobody waits for it, who would be told that there is no worker while another one starts.
        address = service.submit(video=samples / "odd" / "h265_video.mp4", threshold=0)
        assert ended(address)["state"] == "done"
        assert not child.is_running()


@pytest.mark.slow
def test_a_job_whose_workers_die_of_it_fails_in_the_end(service: Service, long_video: Path) -> None:
    address = start_long_job(service, long_video)
    for attempt in (1, 2):
        running = {"state": "running", "attempts": attempt}
        eventually(lambda running=running: running.items() <= job(address).items(), "its attempt")
        service.worker().children()[0].kill()
    told = ended(address)
    assert (told["state"], told["error"]["code"]) == ("failed", "interrupted")
    eventually(lambda: address.rpartition("/")[2] not in service.jobs(), "the files' removal")
    eventually(lambda: not service.decoders(), "the end of ffmpeg")


def test_a_decoder_that_is_killed_is_tried_once_more(service: Service, long_video: Path) -> None:
    address = start_long_job(service, long_video)
    for attempt in (1, 2):
        eventually(lambda attempt=attempt: job(address)["attempts"] == attempt, "its attempt")
        eventually(lambda: service.decoders(), "ffmpeg")[0].kill()
    told = ended(address)
    assert (told["state"], told["error"]["code"]) == ("failed", "decoder_crashed")


def test_a_killed_web_server_is_replaced(service: Service, samples: Path) -> None:
    web = running(service.children(), "gunicorn")[0]
    address = start_long_job(service, samples / "real" / "water_sport.mp4")
    web.kill()

    def answers() -> bool:
        try:
            return requests.get(address, timeout=1).ok
        except requests.ConnectionError:
            return False

    eventually(answers, "the web")
    assert ended(address)["state"] == "done"


@pytest.mark.slow
def test_nothing_outlives_the_first_process(tmp_path: Path, long_video: Path) -> None:
    with serving(tmp_path) as service:
        start_long_job(service, long_video)
        processes = service.children()
        service.process.kill()
        eventually(lambda: not any(p.is_running() for p in processes), "the end of the others", 30)


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, marks=pytest.mark.slow),
    ],
)
def test_a_signal_stops_everything(tmp_path: Path, long_video: Path, number: int) -> None:
    with serving(tmp_path) as service, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(service.predict, video=long_video, threshold=0)
        eventually(lambda: service.decoders(), "recognition", 60)
        processes = service.children()
        began = time.monotonic()
        assert service.stop(number) == 0
        assert time.monotonic() - began < 8
        # The kernel takes a namespace apart a moment after all in it were killed.
        eventually(lambda: not any(p.is_running() for p in processes), "the end of all", 5)
        told = waiting.result(10).json()
        assert told["code"] == "restarting"
        assert "Traceback" not in service.output()
        assert service.output().count("Warm shutdown") == 1, "the worker is told once"
        (id,) = service.jobs()
        assert f"/jobs/{id} " in told["detail"]
    records = Records(config.Settings(data_dir=service.data))
    kept = records.get(id)
    assert (kept.state, kept.attempts) == ("queued", 0), "handed back, as if it had not been begun"
    assert not list((service.data / "work").iterdir())


@pytest.mark.slow
def test_jobs_outlast_a_restart(tmp_path: Path, samples: Path) -> None:
    with serving(tmp_path, lost_after_seconds=2) as service:
        path = samples / "real" / "water_sport.mp4"
        jobs = [service.submit(video=path).removeprefix(service.url) for _ in range(3)]
        eventually(lambda: job(service.url + jobs[0])["phase"], "the worker")
        for process in [psutil.Process(service.process.pid), *service.children()]:
            # Short-lived ones may end before it is their turn.
            with suppress(psutil.NoSuchProcess):
                process.kill()
        service.process.wait()
    with serving(tmp_path, lost_after_seconds=2) as service:
        results = [ended(service.url + path)["result"]["timeline"] for path in jobs]
    assert results[0] == results[1] == results[2]


def test_a_port_in_use_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, error = end(start("app.py", port=port, data_dir=tmp_path))
    assert code == 2
    assert error.startswith(f"har: cannot listen on 127.0.0.1, port {port}: ")
    assert error.count("\n") == 1


def test_a_worker_without_its_model_ends_the_service(tmp_path: Path) -> None:
    missing = tmp_path / "none.safetensors"
    code, error = end(start("app.py", port=0, data_dir=tmp_path, checkpoint=missing))
    assert code == 1
    assert "none.safetensors" in error
    assert "Traceback" not in error


@pytest.mark.slow
def test_the_web_alone_says_that_a_worker_is_missing(tmp_path: Path, samples: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    web = start("-m", "gunicorn", "app:app", port=port, data_dir=tmp_path)

    def answers() -> bool:
        try:
            return requests.get(f"{url}/healthz", timeout=1).ok
        except requests.ConnectionError:
            return False

    try:
        eventually(answers, "the web")
        with (samples / "odd" / "h265_video.mp4").open("rb") as file:
            response = requests.post(f"{url}/predict", files={"video": file}, timeout=60)
    finally:
        web.terminate()
        end(web)
    assert (response.status_code, response.json()["code"]) == (503, "no_worker")
    assert "python -m har worker" in response.json()["detail"]
    assert list((tmp_path / "jobs").iterdir()) == []
