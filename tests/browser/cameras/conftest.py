"""A browser with a camera, for all tests of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browser.cameras.filming import camera, film
from tests.browser.conftest import CHROMIUM, chromium


@pytest.fixture(scope="package")
def sighted(
    playwright: Playwright, make_video: Callable[..., Path], samples: Path
) -> Iterator[Browser]:
    flags = camera(film(make_video, samples))
    with chromium(playwright, *flags, program=CHROMIUM) as browser:
        yield browser
