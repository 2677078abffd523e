"""A browser with a camera, for all tests of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browser.cameras.filming import camera, film
from tests.browser.conftest import chromium


@pytest.fixture(scope="package")
def sighted(
    playwright: Playwright, make_video: Callable[..., Path], samples: Path
) -> Iterator[Browser]:
    with chromium(playwright, *camera(film(make_video, samples))) as browser:
        yield browser
