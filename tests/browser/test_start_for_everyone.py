"""The first face for everyone: axe-core, the keyboard alone, every width, nothing that jumps."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.everyone import SLOW, violations
from tests.browser.start import LINK, SEND, file_field, link_field, page_of, send, step, waiting
from tests.web_alone import web_alone

LONG_LINK = "https://www.youtube.com/watch?v=dQw4w9WgXcQ&list=PL0123456789abcdefghijklmnopqrstuv"
SHIFTS = """
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const { value, sources } of list.getEntries()) {
            shifts.push([value, ...sources.map(({ node }) => node?.id || node?.className)]);
        }
    }).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with web_alone(tmp_path_factory.mktemp("everyone"), max_upload_mb=1) as (url, _):
        yield url


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "a-video-of-the-whole-holiday-in-one-file-2026-11-21.mp4"
    path.write_bytes(bytes(1_300_000))
    return path


def remember_some(page: Page) -> None:
    now = int(time.time() * 1000)
    jobs = [{"id": str(n), "name": f"{LONG_LINK}{n}", "when": now - n * 1e7} for n in range(10)]
    page.evaluate("(text) => localStorage.setItem('jobs', text)", json.dumps(jobs))
    page.reload()
    expect(page.get_by_role("region", name="Your last videos")).to_be_visible()


def states(page: Page, large: Path) -> Iterator[str]:
    """The page in all its states, one after the other."""
    yield "empty"
    remember_some(page)
    yield "with recent jobs"
    page.get_by_text("Options").click()
    file_field(page).set_input_files(large)
    yield "with a file and options"
    page.get_by_role("button", name=SEND).click()
    expect(step(page)).to_be_visible()
    yield "with a problem and a step"
    send(page, "ftp://example.org/a")
    expect(link_field(page)).to_have_attribute("aria-invalid", "true")
    yield "with a link that is wrong"


@pytest.mark.parametrize(
    ("width", "scheme"),
    [(360, "dark"), pytest.param(768, "light", marks=SLOW), pytest.param(1600, "dark", marks=SLOW)],
)
def test_nobody_is_shut_out(
    browser: Browser, web: str, large: Path, width: int, scheme: Any
) -> None:
    context = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    with page_of(browser, web, **context) as page:
        for state in states(page, large):
            assert violations(page) == [], state
            assert page.evaluate("document.scrollingElement.scrollWidth") <= width, state


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_jumps(browser: Browser, web: str, large: Path, width: int) -> None:
    with page_of(browser, web, viewport={"width": width, "height": 900}) as page:
        page.add_init_script(SHIFTS)
        page.goto("/")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("shifts") == []
        remember_some(page)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("shifts") == []
        # Something that jumps is seen.
        page.evaluate("document.querySelector('.opening').style.paddingTop = '99px'")
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        assert page.evaluate("shifts") != []


def test_a_small_laptop_shows_all_ways_to_begin_at_once(browser: Browser, web: str) -> None:
    with page_of(browser, web, viewport={"width": 1366, "height": 657}) as page:
        remember_some(page)
        for name in (SEND, "Use the camera"):
            expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)


def test_without_live_streams_the_form_has_all_of_the_page(
    browser: Browser, tmp_path: Path
) -> None:
    with web_alone(tmp_path, live_streams=0) as (url, _), page_of(browser, url) as page:
        expect(page.get_by_role("button", name="Use the camera")).to_have_count(0)
        expect(page.get_by_text("No video at hand?")).to_have_count(0)
        box = link_field(page).bounding_box()
        assert box is not None
        middle = box["x"] + box["width"] / 2
        assert middle == pytest.approx(1280 / 2, abs=10)


def test_the_keyboard_is_enough(browser: Browser, web: str) -> None:
    with page_of(browser, web) as page:
        remember_some(page)
        page.locator("#start-title").focus()
        recent = page.get_by_role("region", name="Your last videos")
        expected = [
            file_field(page),
            link_field(page),
            page.get_by_text("Options"),
            page.get_by_role("button", name=SEND),
            page.get_by_role("button", name="Use the camera"),
            recent.get_by_role("link").first,
            recent.get_by_role("button").first,
        ]
        for place in expected:
            page.keyboard.press("Tab")
            expect(place).to_be_focused()
        for _ in expected[:-2]:
            page.keyboard.press("Shift+Tab")
        expect(link_field(page)).to_be_focused()
        page.keyboard.type(LINK)
        page.keyboard.press("Enter")
        expect(waiting(page)).to_be_visible()


def test_where_the_keyboard_is_can_be_seen(browser: Browser, web: str) -> None:
    outline = "(node) => getComputedStyle(node).outlineStyle"
    with page_of(browser, web) as page:
        remember_some(page)
        page.locator("#start-title").focus()
        for _ in range(7):
            page.keyboard.press("Tab")
            focused = page.locator(":focus")
            if focused.get_attribute("id") == "video":
                focused = page.locator("#choose")
            assert focused.evaluate(outline) == "solid"
