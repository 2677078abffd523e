"""The page of a job with thousands of segments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from benchmarks.page import FRAMES
from tests.browser.conftest import until
from tests.browser.planted import plant
from tests.browser.timeline.results import made_up
from tests.browser.watching import NOW, clips_shown
from tests.serving import Service

COUNT = 5000


@pytest.fixture(scope="module")
def many(started: Service, make_video: Callable[..., Path]) -> str:
    """The id of a job with so many segments, more than an hour of video."""
    source = ("-f", "lavfi", "-i", "testsrc2=d=5:s=320x180:r=25", "-pix_fmt", "yuv420p")
    return plant(started.data, made_up(COUNT), make_video("many.mp4", *source))


def test_it_is_shown_filtered_and_moved_in(page: Page, many: str) -> None:
    page.goto(f"/?job={many}")
    expect(page.locator("#strip")).to_contain_text(f"from {COUNT} clips", timeout=60_000)
    page.get_by_text("All clips as a table").click()
    expect(page.locator("#table caption")).to_have_text(f"{COUNT} segments")
    # Rows are made only where they are seen.
    assert page.locator("#table tr").count() < 100
    page.get_by_text("Filter:").click()
    page.get_by_role("button", name="CLIP, zero-shot").click()
    kept, _, all_ = clips_shown(page).split()[:3]
    assert (0 < int(kept) < COUNT, all_) == (True, str(COUNT))
    expect(page.locator("#table caption")).to_have_text(f"{kept} of {COUNT} segments")
    page.keyboard.press("]")
    until(page, f"{NOW} > 0")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["zoom", "pan", "play", "table"])
def test_it_stays_smooth(page: Page, many: str, kind: str) -> None:
    page.goto(f"/?job={many}")
    expect(page.locator("#strip")).to_contain_text("clips", timeout=60_000)
    page.get_by_text("All clips as a table").click()
    frames = sorted(page.evaluate(FRAMES, kind))
    print(f"{kind}: median {frames[60]:.1f} ms, 95 % within {frames[114]:.1f} ms")
    assert frames[60] < 50
