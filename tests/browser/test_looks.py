"""The watched page for everyone: axe-core in every state, three widths, both schemes.

Pictures of it are left in ``out/screens``, to be looked at.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import until
from tests.browser.everyone import SLOW, picture, violations
from tests.browser.watching import GYMNASTICS, Finished, overflowing, seek, watch

WIDTHS = (360, 768, 1600)


@pytest.fixture
def sized(page: Page, request: pytest.FixtureRequest) -> Page:
    """The page at a width and in a colour scheme."""
    width, scheme = request.param
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    return page


FAR_APART = [(360, "dark"), (1600, "light")]
BOTH = [
    pytest.param((width, scheme), marks=() if (width, scheme) in FAR_APART else SLOW)
    for width in WIDTHS
    for scheme in ("light", "dark")
]


@pytest.mark.parametrize("sized", BOTH, indirect=True, ids=lambda both: f"{both[0]}-{both[1]}")
def test_a_result(sized: Page, finished: Finished, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.id
    result = watch(sized, finished(GYMNASTICS))
    seek(sized, result["segment_predictions"][1]["start"] + 1)
    until(sized, "[...document.images].every((image) => image.complete)")
    assert overflowing(sized) == []
    picture(sized, f"result-{name}")
    sized.get_by_text("Filter:").click()
    sized.get_by_text("All clips as a table").click()
    sized.get_by_role("radio", name="By label").check()
    assert overflowing(sized) == []
    picture(sized, f"result-open-{name}")


@pytest.mark.parametrize("sized", BOTH, indirect=True, ids=lambda both: f"{both[0]}-{both[1]}")
def test_the_start(sized: Page, request: pytest.FixtureRequest) -> None:
    sized.goto("/")
    sized.get_by_text("Options").click()
    until(sized, "[...document.images].every((image) => image.complete)")
    assert overflowing(sized) == []
    picture(sized, f"start-{request.node.callspec.id}")


@pytest.mark.parametrize("sized", FAR_APART, indirect=True)
def test_axe_finds_nothing(sized: Page, finished: Finished) -> None:
    watch(sized, finished(GYMNASTICS))
    assert violations(sized) == []
    for summary in ("Filter:", "All clips as a table"):
        sized.get_by_text(summary).click()
    sized.get_by_role("radio", name="By label").check()
    sized.get_by_role("button", name="BiLSTM", exact=True).click()
    sized.locator("#table tbody tr[aria-rowindex]").first.click()
    assert violations(sized) == []
    sized.keyboard.press("?")
    expect(sized.get_by_role("dialog")).to_be_visible()
    assert violations(sized) == []


def test_nothing_moves_when_a_result_is_opened_and_played(page: Page, finished: Finished) -> None:
    # Unknown throughout: where the label changes, what follows it in the overlay moves.
    job = finished(GYMNASTICS, threshold="1", labels="flying a spaceship")
    page.add_init_script(
        """window.shifts = [];
        new PerformanceObserver((list) => {
            for (const { value, hadRecentInput, sources } of list.getEntries()) {
                const nodes = sources.map(({ node }) => node?.id || node?.className);
                if (!hadRecentInput && value > 0.001) shifts.push([value, nodes]);
            }
        }).observe({ type: "layout-shift", buffered: true });"""
    )
    watch(page, job)
    page.evaluate("Object.assign(document.querySelector('video'), { muted: true }).play()")
    until(page, "document.querySelector('video').currentTime > 4", seconds=60)
    assert page.evaluate("shifts") == []
