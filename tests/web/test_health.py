"""What tells whether the web is alive, and whether the service can take videos on."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from config import ROOT, Settings
from har import __version__
from har.jobs.queue import Queue
from har.web import create_app
from tests import servers
from tests.children import children, running
from tests.jobs.test_record import LINK
from tests.serving import eventually
from tests.web_alone import web_alone


def ready_app(settings: Settings, **changes: Any) -> Flask:
    """An application whose worker has its models loaded."""
    app = create_app(dataclasses.replace(settings, **changes))
    queue_of(app).records.beat("w", ready=True)
    return app


def queue_of(app: Flask) -> Queue:
    queue: Queue = app.extensions["har.queue"]
    return queue


def lacking(app: Flask) -> dict[str, str]:
    """What /readyz says is not there, with its sentence."""
    response = app.test_client().get("/readyz")
    document = response.get_json()
    checks = document["checks"]
    assert list(checks) == ["models", "queue", "database", "disk", "room"]
    missing = {name: check["detail"] for name, check in checks.items() if not check["ok"]}
    assert document["ready"] is not bool(missing)
    assert response.status_code == (503 if missing else 200)
    assert all(detail.endswith(".") for detail in missing.values())
    assert all(check["detail"] is None for check in checks.values() if check["ok"])
    return missing


def test_alive(client: FlaskClient) -> None:
    response = client.get("/healthz")
    assert response.get_json() == {"status": "ok", "version": __version__}


def test_ready(settings: Settings) -> None:
    assert lacking(ready_app(settings)) == {}


def test_a_worker_that_still_loads_is_not_ready(app: Flask) -> None:
    assert set(lacking(app)) == {"models"}
    queue_of(app).records.beat("w", ready=False)
    assert "python -m har worker" in lacking(app)["models"]
    queue_of(app).records.beat("w", ready=True)
    assert lacking(app) == {}


def test_a_disk_below_its_floor(settings: Settings) -> None:
    missing = lacking(ready_app(settings, min_free_mb=10**9))
    assert set(missing) == {"disk"}
    assert "1000000000 MB" in missing["disk"]


def test_no_room_for_another_job(settings: Settings) -> None:
    app = ready_app(settings, max_queued_jobs=1)
    queue_of(app).records.add("a", LINK)
    assert set(lacking(app)) == {"room"}
    queue_of(app).cancel("a")
    assert lacking(app) == {}


def test_a_broker_that_is_away(settings: Settings) -> None:
    with servers.redis() as url:
        app = ready_app(settings, broker_url=url)
        assert lacking(app) == {}
    assert set(lacking(app)) == {"queue"}


@contextmanager
def stopped(program: str) -> Iterator[None]:
    """A server of this test that takes connections and says nothing."""
    processes = running(children(), program)
    assert processes
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


def ask(url: str) -> dict[str, str]:
    """What a service lacks by its /readyz, which must not be slow."""
    answer = requests.get(f"{url}/readyz", timeout=5).json()
    return {name: check["detail"] for name, check in answer["checks"].items() if not check["ok"]}


@pytest.mark.service
def test_what_hangs_is_told_in_time_and_holds_nothing_else_up(tmp_path: Path) -> None:
    with servers.redis() as broker, servers.postgresql() as database:
        engines = {"broker_url": broker, "database_url": database.database()}
        migrate(tmp_path, **engines)
        with web_alone(tmp_path, **engines) as (url, _):
            requests.get(f"{url}/healthz", timeout=30)
            assert set(ask(url)) == {"models"}
            with stopped("postgres"):
                for _ in range(2):
                    missing = ask(url)
                    assert set(missing) == {"models", "database", "room"}
                    assert set(missing.values()) == {"No answer came within 2 seconds."}
                with stopped("redis"):
                    assert set(ask(url)) == {"models", "queue", "database", "room"}
                    assert requests.get(f"{url}/healthz", timeout=1).ok
            eventually(lambda: set(ask(url)) == {"models"}, "the end of what hung", 30)


def migrate(folder: Path, **settings: str) -> None:
    variables = {f"HAR_{name.upper()}": value for name, value in settings.items()}
    environment = {**os.environ, "HAR_DATA_DIR": str(folder / "var"), **variables}
    code = "import config; from har.jobs.database import migrate; migrate(config.load())"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)
