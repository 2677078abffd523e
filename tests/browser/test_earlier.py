"""A result that an earlier version recorded is shown as far as it goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from har.models.labels import spaced
from tests.browser.conftest import until
from tests.browser.everyone import violations
from tests.browser.planted import plant
from tests.browser.timeline.results import Result, made_up
from tests.browser.watching import seek
from tests.serving import Service

MADE = made_up(8)


@pytest.fixture(scope="module")
def earlier(started: Service, make_video: Callable[..., Path]) -> str:
    """The id of a job of which the record knows no facts and nothing to play."""
    source = ("-f", "lavfi", "-i", "testsrc2=d=9:s=320x180:r=25", "-pix_fmt", "yuv420p")
    return plant(started.data, MADE, make_video("earlier.mp4", *source), earlier=True)


def label_at(made: Result, time: float) -> str:
    return next(str(a["label"]) for a in made["actions"] if a["start"] <= time < a["end"])


def test_it_is_played_and_told(page: Page, earlier: str) -> None:
    job = page.request.get(f"/jobs/{earlier}").json()
    assert (job["video"], job["playable_url"]) == (None, None)
    assert not {"labels", "comparison"} & set(job["result"])
    page.goto(f"/?job={earlier}&t=2.5")
    expect(page.locator("#strip")).to_contain_text("0:09 of video")
    until(page, "document.querySelector('video').readyState >= 2")
    seek(page, 2.5)
    expect(page.locator("#overlay [data-label]")).to_have_text(spaced(label_at(MADE, 2.5)))
    expect(page.locator("#instead")).to_be_hidden()
    expect(page.locator("#vocabulary summary")).to_contain_text("the service's own list")
    expect(page.locator("#agreement")).to_be_hidden()
    page.get_by_text("All clips as a table").click()
    expect(page.locator("#table caption")).to_have_text("8 segments")
    assert violations(page) == []
