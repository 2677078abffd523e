"""A service that has three models: its own, and small random ones of transformers' real classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from config import Settings
from har.models import registry
from har.types import Source
from tests.browser.conftest import Job, finishing
from tests.models.clip_networks.saved import save_attention
from tests.serving import Service, serving

OTHER: Source = "timesformer"
FETCHED = "somebody/videomae-base-finetuned-on-gymnastics"


@pytest.fixture(scope="package")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("compare")
    settings = Settings(data_dir=folder / "var")
    save_attention(OTHER, registry.folder_for(settings, registry.ATTENTION[OTHER]))
    save_attention("videomae", registry.folder_for(settings, FETCHED))
    with serving(folder) as service:
        yield service


@pytest.fixture(scope="package")
def service(started: Service) -> str:
    return started.url


@pytest.fixture(scope="package")
def finished(browser: Browser, service: str, samples: Path) -> Callable[..., Job]:
    return finishing(browser, service, samples)
