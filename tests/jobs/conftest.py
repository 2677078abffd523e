"""A queue, and an S3 server for the tests of what lies there."""

from __future__ import annotations

import dataclasses
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from config import Settings
from har.jobs.queue import Queue
from tests.wsgi import answering


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a server that speaks S3 over HTTP."""
    from moto.server import DomainDispatcherApplication, create_backend_app

    with answering(DomainDispatcherApplication(create_backend_app)) as url:
        yield url


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket of its own, and the environment by which AWS's libraries find it."""
    name = f"har-{secrets.token_hex(8)}"
    requests.put(f"{s3_server}/{name}", timeout=60).raise_for_status()
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for file in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(file, os.devnull)
    return name


@pytest.fixture
def settings(settings: Settings, migrated: Path) -> Settings:
    """Settings with a database, by which a worker soon counts as gone and any disk is enough."""
    settings.data_dir.mkdir()
    shutil.copy(migrated, settings.data_dir)
    return dataclasses.replace(settings, lost_after_seconds=1.0, min_free_mb=0)


@pytest.fixture
def queue(settings: Settings) -> Iterator[Queue]:
    with closing(Queue(settings)) as queue:
        yield queue


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """Settings of each kind of storage."""
    if request.param == "folder":
        return settings
    url = f"s3://{request.getfixturevalue('bucket')}/some/jobs"
    return dataclasses.replace(settings, storage_url=url)
