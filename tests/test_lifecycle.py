"""Starting, stopping, and what happens to a job when its worker is taken away."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from config import ROOT
from tests.serving import Service, eventually, serving

Maker = Callable[..., Path]


@pytest.fixture(scope="module")
def long_video(make_video: Maker) -> Path:
    """Fifteen minutes, which take a while to recognise."""
    source = ("-f", "lavfi", "-i", "testsrc2=d=900:r=8:s=320x240")
    return make_video("long.mp4", *source, "-c:v", "libx264", "-preset", "ultrafast")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose jobs may not take long, and that fetches from nowhere private."""
    with serving(tmp_path_factory.mktemp("service"), job_timeout_seconds=8) as service:
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


def test_a_job_may_not_take_for_ever(service: Service, long_video: Path) -> None:
    response = service.predict(video=long_video, threshold=0)
    assert (response.status_code, response.json()["code"]) == (504, "timeout")
    assert service.jobs() == []
    assert not any("ffmpeg" in p.name() for p in service.children())


def test_a_private_address_is_refused(service: Service) -> None:
    response = service.predict(url="http://127.0.0.1:9/a.mp4")
    assert (response.status_code, response.json()["code"]) == (403, "url_refused")
    assert service.jobs() == []


@pytest.mark.parametrize("victim", ["parent", "child"])
def test_a_killed_worker_is_replaced_and_its_job_fails(
    service: Service, long_video: Path, samples: Path, victim: str
) -> None:
    address = start_long_job(service, long_video)
    worker = service.worker()
    killed = worker if victim == "parent" else worker.children()[0]
    killed.kill()
    failure = eventually(lambda: job(address)["error"], "failure of the job")
    assert failure["code"] == "interrupted"
    assert address.rpartition("/")[2] not in service.jobs()
    response = service.predict(video=samples / "odd" / "h265_video.mp4", threshold=0)
    assert response.status_code == 200, response.text
    assert service.worker().pid != killed.pid
    assert len([p for p in service.children() if p.cmdline()[-2:] == ["har", "worker"]]) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything(tmp_path: Path, long_video: Path, number: int) -> None:
    with serving(tmp_path) as service, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(service.predict, video=long_video, threshold=0)
        eventually(lambda: any("ffmpeg" in p.name() for p in service.children()), "recognition", 60)
        processes = service.children()
        began = time.monotonic()
        assert service.stop(number) == 0
        assert time.monotonic() - began < 8
        assert not any(p.is_running() for p in processes)
        assert waiting.result(10).json()["code"] == "interrupted"
        assert service.jobs() == []
        assert "Traceback" not in service.output()
        assert service.output().count("Warm shutdown") == 1, "the worker is told once"


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
