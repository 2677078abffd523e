"""Everything by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import until
from tests.browser.watching import GYMNASTICS, NOW, Finished, now, seek, watch

PAUSED = "document.querySelector('video').paused"


@pytest.mark.parametrize("key", [" ", "k", "K"])
def test_space_and_k_play_and_pause(page: Page, finished: Finished, key: str) -> None:
    watch(page, finished(GYMNASTICS))
    page.keyboard.press(key)
    until(page, f"!{PAUSED} && {NOW} > 0")
    page.keyboard.press(key)
    until(page, PAUSED)


def test_keys_move_in_the_video(page: Page, finished: Finished) -> None:
    result = watch(page, finished(GYMNASTICS))
    end, fps = result["video"]["duration"], result["video"]["fps"]
    steps = [
        ("l", end),
        ("j", end - 10),
        ("End", end),
        ("Home", 0.0),
        (".", 1 / fps),
        (".", 2 / fps),
        (",", 1 / fps),
    ]
    for key, time in steps:
        page.keyboard.press(key)
        until(page, f"(time) => Math.abs({NOW} - time) < 0.02", max(0.0, time))
    page.keyboard.press("ArrowRight")
    until(page, f"{NOW} > 0.2")
    page.keyboard.press("ArrowLeft")
    until(page, f"{NOW} < 0.1")


def test_brackets_go_from_segment_to_segment(page: Page, finished: Finished) -> None:
    result = watch(page, finished(GYMNASTICS))
    seek(page, 0)
    page.keyboard.press("]")
    until(page, f"{NOW} > 0")
    assert "clip=" in until(page, "location.search.includes('clip=') && location.search")
    before = now(page)
    page.keyboard.press("[")
    until(page, f"(before) => {NOW} < before", before)
    assert now(page) < result["timeline"][0]["end"]


def test_plus_and_minus_zoom(page: Page, finished: Finished) -> None:
    watch(page, finished(GYMNASTICS))
    ticks = "document.querySelector('.timeline-map').checkVisibility()"
    page.keyboard.press("+")
    until(page, ticks)
    page.keyboard.press("-")
    until(page, f"!({ticks})")


def test_the_keys_are_told_by_a_question_mark(page: Page, finished: Finished) -> None:
    watch(page, finished(GYMNASTICS))
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    page.keyboard.press("k")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert page.evaluate(PAUSED), "keys do nothing while the list is open"
    page.get_by_role("button", name="Keys").focus()
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()


def test_typing_is_no_command(page: Page, finished: Finished) -> None:
    watch(page, finished(GYMNASTICS))
    page.get_by_text("Filter:").click()
    page.get_by_label("Confidence of at least").focus()
    page.keyboard.press("Home")
    page.keyboard.press("k")
    switch = page.get_by_label("Show the action over the picture")
    switch.focus()
    page.keyboard.press(" ")
    expect(switch).not_to_be_checked()
    assert page.evaluate(PAUSED)


def test_the_whole_page_is_reached_by_tab(page: Page, finished: Finished) -> None:
    watch(page, finished(GYMNASTICS))
    page.evaluate("document.activeElement.blur()")
    reached = []
    # After the last, the focus is the window's own.
    while "body" not in reached:
        assert len(reached) < 100, "something traps the focus"
        page.keyboard.press("Tab")
        name, is_seen = page.evaluate(
            """() => {
                const node = document.activeElement;
                const name = node.ariaLabel || node.id || node.textContent.trim() || node.type;
                const ring = getComputedStyle(node).outlineStyle !== "none";
                // Their ring is around a larger part, or the browser's own.
                const other = "body, video, [role=slider], [type=radio]";
                return [node.tagName === "BODY" ? "body" : name, ring || node.matches(other)];
            }"""
        )
        assert is_seen, f"no focus is seen on {name}"
        reached.append(name)
    for wanted in ("The video", "overlay-on", "Zoom in", "Position in the video", "show-keys"):
        assert wanted in reached
