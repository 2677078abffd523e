"""For everyone: axe-core, narrow and wide pages, both schemes, less motion."""

from __future__ import annotations

import pytest

from har.models.labels import UCF101
from tests.browser.conftest import until
from tests.browser.everyone import SLOW, violations
from tests.browser.timeline.conftest import Open, settle
from tests.browser.timeline.plot import box, button, point, story
from tests.browser.timeline.results import clip, made_up, result_of


@pytest.mark.parametrize(
    ("width", "scheme"), [(360, "dark"), pytest.param(1600, "light", marks=SLOW)]
)
def test_axe_finds_nothing(open_page: Open, width: int, scheme: str) -> None:
    page = open_page(
        story(3), viewport={"width": width, "height": 900}, color_scheme=scheme, locale="en"
    )
    assert violations(page) == []
    page.get_by_role("radio", name="By label").check()
    button(page, "Zoom in")
    page.mouse.click(*point(page, story(3), 20))
    page.evaluate("move(55); line.key(new KeyboardEvent('keydown', { key: 'Home' }))")
    page.get_by_role("slider").focus()
    for _ in range(4):
        page.keyboard.press("Shift+ArrowRight")
    settle(page)
    assert violations(page) == []


@pytest.mark.parametrize("width", [360, 768, 1600])
def test_nothing_is_wider_than_the_page(open_page: Open, width: int) -> None:
    page = open_page(made_up(300), viewport={"width": width, "height": 900})
    for rows in ("One row", "By label"):
        page.get_by_role("radio", name=rows).check()
        settle(page)
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        tools = [box(page, name) for name in (".timeline-choice", ".timeline-zoom")]
        assert tools[0]["y"] == pytest.approx(tools[1]["y"], abs=4)
        assert box(page, ".timeline-rows")["width"] > 300


def test_many_rows_scroll_under_the_ruler(open_page: Open) -> None:
    result = result_of([clip(i, label, 0.9) for i, label in enumerate(UCF101[:20])], 21)
    page = open_page(result, viewport={"width": 360, "height": 900})
    page.get_by_role("radio", name="By label").check()
    settle(page)
    scroller = page.locator(".timeline-scroller")
    before = box(page, ".timeline-ruler")
    names = box(page, ".timeline-names")
    scroller.evaluate("(node) => { node.scrollTop = 40; }")
    settle(page)
    assert box(page, ".timeline-ruler") == before
    assert box(page, ".timeline-names")["y"] == names["y"] - 40


@pytest.mark.parametrize(("motion", "between"), [("reduce", False), ("no-preference", True)])
def test_motion_is_only_shown_to_those_who_like_it(
    open_page: Open, motion: str, between: bool
) -> None:
    page = open_page(story(3), reduced_motion=motion)
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") + 1000)
    page.get_by_role("button", name="Zoom in").click()
    page.clock.run_for(100)
    soon = box(page, ".timeline-window")["width"]
    page.clock.run_for(1000)
    assert (soon > box(page, ".timeline-window")["width"] + 5) is between


def test_the_focus_is_seen_when_it_comes_by_keyboard(open_page: Open) -> None:
    page = open_page(story(3))
    outline = "getComputedStyle(document.querySelector('.timeline-scroller')).outlineStyle"
    page.mouse.click(*point(page, story(3), 20))
    assert page.evaluate(outline) == "none"
    page.get_by_role("button", name="Zoom out").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    until(page, f"{outline} === 'solid'")
