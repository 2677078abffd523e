"""Whether people who see, point or listen in other ways can use a page."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from config import ROOT

SLOW = pytest.mark.slow
"""Of a look that differs little from one that `make test` has: `make test-slow` has all."""
SCREENS = ROOT / "out" / "screens"


def violations(page: Page) -> list[Any]:
    """What axe-core finds wrong, with the elements."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


def picture(page: Page, name: str) -> None:
    """Leave a picture of a page to be looked at."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    path = SCREENS / f"{name}.png"
    path.unlink(missing_ok=True)
    page.screenshot(path=path, full_page=True)
    assert path.stat().st_size > 10_000
