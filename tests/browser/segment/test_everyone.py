"""For everyone: nothing moves while the video plays, axe-core, narrow and wide pages."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.everyone import SLOW, violations
from tests.browser.segment.conftest import Open, call
from tests.browser.segment.results import CLIPS, job

HEIGHTS = """[...document.querySelectorAll("#detail > *, #detail [data-bars], #detail h3")].map(
    (node) => [node.getBoundingClientRect().top, node.offsetHeight])"""
WRITING = "What does it show?"


@pytest.mark.parametrize("width", [360, 768, 1600])
def test_nothing_moves_from_clip_to_clip(open_page: Open, width: int) -> None:
    page = open_page()
    page.set_viewport_size({"width": width, "height": 900})
    seen = set()
    for index in range(len(CLIPS)):
        call(page, "clip", index)
        seen.add(str(page.evaluate(HEIGHTS)))
    assert len(seen) == 1
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width


def test_the_panel_waits_for_the_result_without_moving(open_page: Open) -> None:
    page = open_page()
    call(page, "clip", 1)
    tops = page.evaluate(HEIGHTS)
    finished = job()
    segments = finished["result"].pop("segment_predictions")
    call(page, "run", {**finished, "segments": segments[1:], "result": None})
    expect(page.locator("#detail")).to_contain_text("clip 1")
    expect(page.locator("[data-trained]")).to_contain_text("31.2% sure of Jumping jacks. So CLIP")
    expect(page.locator(".limit").first).to_be_hidden()
    expect(page.get_by_role("button", name="Wrong? Fix it")).to_be_hidden()
    assert page.evaluate(HEIGHTS) == tops


@pytest.mark.parametrize(
    ("width", "scheme"),
    [(360, "dark"), pytest.param(768, "light", marks=SLOW), pytest.param(1600, "dark", marks=SLOW)],
)
def test_axe_finds_nothing(open_page: Open, width: int, scheme: str) -> None:
    page = open_page(color_scheme=scheme, locale="en")
    page.set_viewport_size({"width": width, "height": 900})
    page.get_by_text("Actions to look for").click()
    for index in (0, 2, 5):
        call(page, "clip", index)
        assert violations(page) == []
    page.get_by_role("button", name="Wrong? Fix it").click()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Type what the clip shows")
    assert violations(page) == []


def test_a_clip_that_is_being_corrected_stays(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("button", name="Wrong? Fix it").click()
    call(page, "clip", 1)
    assert clip(page) == "clip 1 of 8"
    page.get_by_label(WRITING).fill("Yoga")
    page.get_by_role("heading", level=1).click()
    call(page, "clip", 2)
    assert clip(page) == "clip 1 of 8"
    page.get_by_label(WRITING).fill("")
    page.get_by_role("heading", level=1).click()
    call(page, "clip", 3)
    assert clip(page) == "clip 4 of 8"
    expect(page.get_by_label(WRITING)).to_be_hidden()


def test_labels_are_offered_the_likeliest_first(open_page: Open) -> None:
    page = open_page()
    call(page, "clip", 1)
    page.get_by_role("button", name="Wrong? Fix it").click()
    offered = page.evaluate("[...document.querySelectorAll('datalist option')].map((o) => o.value)")
    assert offered[:3] == ["Rock climbing", "Walking", "Sitting down"]
    assert {"Jumping jacks", "Unknown"} <= set(offered)
    assert len(offered) == len(set(offered))


def clip(page: Page) -> str:
    return (page.locator("[data-when]").text_content() or "").split(", ")[1]
