"""The live face for everyone: axe-core, the keyboard alone, three widths, both schemes.

Pictures of it are left in ``out/screens``, to be looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.cameras.filming import (
    LONG,
    answered,
    page_with_camera,
    start,
    stop,
    use,
)
from tests.browser.everyone import picture, violations
from tests.browser.watching import overflowing
from tests.serving import eventually

WIDTHS = (360, 768, 1600)


@pytest.fixture
def page(sighted: Browser, service: str) -> Iterator[Page]:
    with page_with_camera(sighted, service, reduced_motion="reduce") as page:
        yield page


def looked_at(page: Page, name: str) -> None:
    """In every width and scheme there is room, and axe-core finds nothing."""
    schemes: tuple[Any, ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            # Canvases follow a frame later.
            eventually(lambda: overflowing(page) == [], f"room for {name} in {width}", 5)
            picture(page, f"{name}-{width}-{scheme}")
            assert violations(page) == [], (name, width, scheme)


@pytest.mark.slow
def test_nobody_is_shut_out(page: Page) -> None:
    use(page)
    looked_at(page, "live-ready")
    page.get_by_role("button", name="Cancel").click()
    start(page)
    answered(page)
    looked_at(page, "live")
    stop(page)
    looked_at(page, "live-result")


def test_the_keyboard_is_enough(page: Page) -> None:
    page.get_by_role("button", name="Recognise actions").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Start")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    expect(page.get_by_label("Record the video too")).to_be_checked()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_label("Camera", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Stop")).to_be_focused(timeout=LONG)
    answered(page)
    page.keyboard.press("Enter")
    expect(page.locator("#watch-title")).to_be_focused(timeout=LONG)


@pytest.mark.slow
def test_screen_readers_hear_what_begins_and_no_more(page: Page) -> None:
    page.add_init_script(
        """addEventListener("DOMContentLoaded", () => {
            window.told = [];
            new MutationObserver((changes) => told.push(
                ...changes.flatMap(({ addedNodes }) => [...addedNodes].map((n) => n.textContent)),
            )).observe(document.querySelector("#live [data-said]"), { childList: true });
        });"""
    )
    page.reload()
    id = start(page)
    answered(page)
    expect(page.locator("#live [data-more]")).to_have_text("0:08", timeout=LONG)
    stop(page)
    result = page.request.get(f"/jobs/{id}").json()["result"]
    told = page.evaluate("told")
    labels = [one["label"] for one in result["segment_predictions"]]
    runs = [label for at, label in enumerate(labels) if at == 0 or label != labels[at - 1]]
    assert 0 < len(told) <= len(runs) < len(labels)
