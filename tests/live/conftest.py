"""Fixtures of the tests of what is live."""

from __future__ import annotations

import dataclasses
import os

import pytest

from config import Settings
from tests import checkpoints
from tests.sentences import seed


@pytest.fixture
def private(settings: Settings) -> Settings:
    """Settings under which streams of this machine may be watched."""
    return dataclasses.replace(settings, allow_private_urls=True)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of a command that may watch streams of this machine."""
    data = seed(tmp_path_factory.mktemp("var"))
    return {
        **os.environ,
        "HAR_DATA_DIR": str(data),
        "HAR_CLIP_MODEL": "off",
        "HAR_CHECKPOINT": str(checkpoints.small()),
        "HAR_ALLOW_PRIVATE_URLS": "1",
    }
