"""The service on many machines: processes that share engines and a storage, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests

from config import ROOT
from tests import checkpoints
from tests.sentences import seed
from tests.servers import free_port, postgresql, redis
from tests.serving import PATIENCE, eventually

_STOP_SECONDS = 30


@dataclass(frozen=True)
class Machine:
    """A process and its children, with a data folder and a folder of temporary files of its own."""

    folder: Path
    process: subprocess.Popen[bytes]

    def output(self) -> str:
        return (self.folder / "output").read_text("utf-8")

    def works_on(self, id: str) -> bool:
        return (self.folder / "var" / "work" / id).exists()

    def die(self) -> None:
        """As by a loss of power: nothing of it runs on."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Machines:
    """One that serves, and several that work."""

    url: str
    environment: Mapping[str, str]
    storage: Path
    workers: list[Machine] = field(default_factory=list)

    def submit(self, video: Path, **form: object) -> str:
        """The id of a new job."""
        response = requests.post(
            f"{self.url}/jobs",
            data={key: str(value) for key, value in form.items()},
            files={"video": (video.name, video.read_bytes())},
            timeout=PATIENCE,
        )
        assert response.status_code == 202, response.text
        return str(response.json()["id"])

    def job(self, id: str) -> dict[str, Any]:
        document: dict[str, Any] = requests.get(f"{self.url}/jobs/{id}", timeout=PATIENCE).json()
        return document

    def ended(self, id: str) -> dict[str, Any]:
        """The job, once it is done or has failed."""

        def look() -> dict[str, Any] | None:
            document = self.job(id)
            return document if document["state"] in ("done", "failed") else None

        document: dict[str, Any] = eventually(look, f"the end of job {id}")
        return document


@contextmanager
def machines(folder: Path, workers: int, **settings: object) -> Iterator[Machines]:
    """The web and so many workers on Redis and PostgreSQL, all of them ready.

    The settings are HAR_* variables in small letters.
    """
    with ExitStack() as stack:
        port, storage = free_port(), folder / "storage"
        shared = {
            "port": port,
            "broker_url": stack.enter_context(redis()),
            "database_url": stack.enter_context(postgresql()).database(),
            "storage_url": storage,
            "clip_model": "off",
            "checkpoint": checkpoints.small(),
            "threads": 1,
            **settings,
        }
        environment = {f"HAR_{name.upper()}": str(value) for name, value in shared.items()}
        each = Machines(f"http://127.0.0.1:{port}", environment, storage)
        migrate = stack.enter_context(_machine(folder / "migrate", ["har", "migrate"], environment))
        assert migrate.process.wait(PATIENCE) == 0, migrate.output()
        web = stack.enter_context(_machine(folder / "web", ["gunicorn", "app:app"], environment))
        for number in range(workers):
            name = folder / f"worker-{number}"
            worker = stack.enter_context(_machine(name, ["har", "worker"], environment))
            each.workers.append(worker)
        _wait_for(each, [web, *each.workers])
        yield each


def metrics(url: str) -> dict[str, float]:
    """What ``/metrics`` says."""
    text = requests.get(f"{url}/metrics", timeout=PATIENCE).text
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in lines}


def processes(temporary: Path) -> list[psutil.Process]:
    """Those, whosever children, that were started with this folder for temporary files."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("TMPDIR") == str(temporary):
                found.append(process)
        except psutil.Error:
            continue
    return found


@contextmanager
def _machine(folder: Path, module: Sequence[str], settings: Mapping[str, str]) -> Iterator[Machine]:
    """A machine that runs one module; whatever it started is over when the block is left."""
    (folder / "tmp").mkdir(parents=True)
    seed(folder / "var")
    own = {"HAR_DATA_DIR": str(folder / "var"), "TMPDIR": str(folder / "tmp")}
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=ROOT,
            env={**os.environ, **settings, **own},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield Machine(folder, process)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        finally:
            for each in processes(folder / "tmp"):
                each.kill()


def _wait_for(all_of_them: Machines, started: Sequence[Machine]) -> None:
    def are_ready() -> bool:
        for machine in started:
            assert machine.process.poll() is None, machine.output()
        try:
            ready = metrics(all_of_them.url)['har_workers{ready="true"}']
        except requests.ConnectionError:
            return False
        return ready == len(all_of_them.workers)

    eventually(are_ready, "workers")
