"""Fixtures of the tests that ask the web alone, with no worker."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config import Settings
from har.jobs.queue import Queue
from har.web import create_app


@pytest.fixture
def settings(settings: Settings, migrated: Path) -> Settings:
    """Settings whose data folder has a database."""
    settings.data_dir.mkdir()
    shutil.copy(migrated, settings.data_dir)
    return settings


@pytest.fixture
def app(settings: Settings) -> Flask:
    return create_app(dataclasses.replace(settings, max_upload_mb=1, max_labels=3))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def queue(app: Flask) -> Queue:
    queue: Queue = app.extensions["har.queue"]
    return queue
