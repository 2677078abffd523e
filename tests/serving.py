"""Runs the whole service, as its users do, for tests that drive it from outside."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import requests

from config import ROOT
from tests import checkpoints
from tests.children import fact
from tests.sentences import seed

PATIENCE = 180.0
"""Seconds after which a test gives up on something that takes a few."""


def eventually(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """The first true value of a condition. Fails when it does not come in time."""
    deadline = time.monotonic() + patience
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.05)
    return value


class Service:
    """A running service: its address, its files, its processes."""

    def __init__(self, process: subprocess.Popen[bytes], data: Path, output: Path) -> None:
        self.process = process
        self.data = data
        self._output = output
        self.url = eventually(lambda: re.search(r"http://[\w.]+:\d+", self.output()), "address")[0]
        self.wait_until_ready()

    def output(self) -> str:
        return self._output.read_text("utf-8")

    def wait_until_ready(self, times: int = 1) -> None:
        """Wait until the worker has been ready so many times."""

        def ready() -> bool:
            assert self.process.poll() is None, self.output()
            return self.output().count("The worker is ready") >= times

        eventually(ready, "worker")

    def predict(self, **form: Any) -> requests.Response:
        """POST /predict; a Path is sent as a file."""
        return self._post("/predict", form)

    def submit(self, **form: Any) -> str:
        """POST /jobs, and the address of the job."""
        response = self._post("/jobs", form)
        assert response.status_code == 202, response.text
        return self.url + response.headers["Location"]

    def _post(self, path: str, form: dict[str, Any]) -> requests.Response:
        fields = {
            key: (value.name, value.read_bytes()) if isinstance(value, Path) else (None, str(value))
            for key, value in form.items()
        }
        return requests.post(self.url + path, files=fields, timeout=PATIENCE)

    def jobs(self) -> list[str]:
        """The ids of the jobs that have files."""
        folder = self.data / "jobs"
        return [path.name for path in folder.iterdir()] if folder.exists() else []

    def children(self) -> list[psutil.Process]:
        """All processes of the service but the first."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def running(self, word: str) -> list[psutil.Process]:
        """Those in whose name there is a word; the others may end while they are asked."""
        processes = self.children()
        return [p for p in processes if word in fact(p, "name", "")]

    def decoders(self) -> list[psutil.Process]:
        """Each ffmpeg that reads a file."""
        return [p for p in self.running("ffmpeg") if "-i" in fact(p, "cmdline", [])]

    def workers(self) -> list[psutil.Process]:
        """The process that takes messages, and its one child with torch, which does the work."""
        processes = self.children()
        return [p for p in processes if fact(p, "cmdline", [])[-2:] == ["har", "worker"]]

    def worker(self) -> psutil.Process:
        """The process that takes messages."""
        return self.workers()[0]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal as a terminal does, to the group, and return the exit code."""
        os.killpg(self.process.pid, number)
        return self.process.wait(30)


@contextmanager
def serving(folder: Path, *, seeded: bool = True, **settings: object) -> Iterator[Service]:
    """A service whose data are in ``folder``; the settings are HAR_* variables in small letters.

    One that is not ``seeded`` embeds its sentences itself, before it is ready. Its checkpoint is a
    small one unless the settings name another.
    """
    variables = {f"HAR_{name.upper()}": str(value) for name, value in settings.items()}
    data, output = folder / "var", folder / "output"
    if seeded:
        seed(data)
    environment = {
        **os.environ,
        "HAR_PORT": "0",
        "HAR_DATA_DIR": str(data),
        "HAR_CLIP_MODEL": "off",
        "HAR_CHECKPOINT": str(checkpoints.small()),
        "HAR_RATE_LIMIT": "1000/second",
        **variables,
    }
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Service(process, data, output)
    finally:
        process.terminate()
        process.wait(30)
