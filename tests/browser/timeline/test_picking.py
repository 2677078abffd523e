"""Seeking and selecting, by mouse, by keyboard alone and by touch."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.timeline.conftest import Open, devtools, settle
from tests.browser.timeline.plot import box, last, point, spoken, story, touch, view

CARD = ".timeline-card"


def status(page: Page) -> str:
    return page.get_by_role("status").inner_text()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
    settle(page)


def focus_by_tab(page: Page) -> None:
    """Reach the playhead as one without a mouse does."""
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.get_by_role("slider").evaluate("(node) => node === document.activeElement"):
            return
    raise AssertionError("Tab does not reach the playhead")


def seek_by(page: Page, *keys: str) -> float:
    press(page, *keys)
    time: float = last(page, "seeks")
    return time


def test_a_click_seeks_there_and_selects_the_action(open_page: Open) -> None:
    result = story(3)
    page = open_page(result)
    page.mouse.click(*point(page, result, 6.4))
    assert last(page, "seeks") == pytest.approx(6.4, abs=0.05)
    assert last(page, "picks") == 5
    assert status(page) == "Selected: playing chess, 0:05.5 to 0:08.5, 30%, CLIP, zero-shot"
    assert spoken(page) == "6.4 seconds, playing chess"
    page.mouse.click(*point(page, result, 62 * 0.66))
    assert last(page, "picks") == 40
    assert status(page) == "Selected: Walk, 0:40.5 to 0:45.5, 90%, BiLSTM"


def test_a_click_selects_the_clip_where_clips_are_told_apart(open_page: Open) -> None:
    result = story()
    page = open_page(result)
    page.mouse.click(*point(page, result, 6.9))
    assert last(page, "picks") == 6
    assert status(page) == "Selected: playing chess, 0:06.0 to 0:08.0, 30%, CLIP, zero-shot"


def test_rows_of_labels_are_clicked_where_they_have_something(open_page: Open) -> None:
    result = story(3)
    page = open_page(result)
    page.get_by_role("radio", name="By label").check()
    settle(page)
    names = page.locator(".timeline-names li > span:nth-child(2)").all_inner_texts()
    assert names == ["Walk", "Push Ups", "playing chess", "Unknown"]
    page.mouse.click(*point(page, result, 12, row=0))
    assert last(page, "picks") == 11
    page.mouse.click(*point(page, result, 12, row=2))
    assert last(page, "picks") == -1
    assert last(page, "seeks") == pytest.approx(12, abs=0.05)
    assert status(page) == "Nothing selected"


def test_the_ruler_and_the_handle_seek(open_page: Open) -> None:
    result = story(3)
    page = open_page(result)
    ruler, handle = box(page, ".timeline-ruler"), box(page, ".timeline-handle")
    page.mouse.click(ruler["x"] + ruler["width"] / 2, ruler["y"] + 27)
    assert last(page, "seeks") == pytest.approx(30.5, abs=0.1)
    handle = box(page, ".timeline-handle")
    page.mouse.move(handle["x"] + 5, handle["y"] + 10)
    page.mouse.down()
    page.mouse.move(handle["x"] + 5 + ruler["width"] / 4, handle["y"] + 60, steps=4)
    page.mouse.up()
    assert last(page, "seeks") == pytest.approx(45.75, abs=0.1)
    assert page.evaluate("heard.picks") == []


def test_the_keyboard_alone_moves_and_steps(open_page: Open) -> None:
    page = open_page(story(3))
    focus_by_tab(page)
    assert seek_by(page, "ArrowRight") == pytest.approx(1)
    assert seek_by(page, "ArrowUp", "ArrowLeft") == pytest.approx(1)
    assert seek_by(page, "PageUp") == pytest.approx(4)
    assert seek_by(page, "End") == pytest.approx(61)
    assert spoken(page) == "1 minute 1 second, Push Ups"
    assert seek_by(page, "ArrowRight") == pytest.approx(61)
    assert seek_by(page, "Home") == 0
    assert spoken(page) == "0 seconds, Walk"
    slider = page.get_by_role("slider")
    assert [slider.get_attribute(f"aria-value{what}") for what in ("min", "max", "now")] == [
        "0",
        "61",
        "0",
    ]


def test_brackets_step_from_action_to_action(open_page: Open) -> None:
    result = story(3)
    page = open_page(result)
    focus_by_tab(page)
    starts = [action["start"] for action in result["actions"]]
    for start in starts[1:]:
        assert seek_by(page, "]") == pytest.approx(start, abs=0.01)
    steps = len(page.evaluate("heard.seeks"))
    press(page, "]")
    assert len(page.evaluate("heard.seeks")) == steps
    assert page.evaluate("heard.picks")[:3] == [5, 8, 10]
    for start in reversed(starts[:-1]):
        assert seek_by(page, "[") == pytest.approx(start, abs=0.01)
    press(page, "Escape")
    assert last(page, "picks") == -1


def test_brackets_step_from_clip_to_clip_where_they_are_told_apart(open_page: Open) -> None:
    page = open_page(story(3))
    focus_by_tab(page)
    press(page, "]", "+", "+")
    assert view(page)[1] < 20
    page.evaluate("move(5.6)")
    assert seek_by(page, "]") == pytest.approx(6.5, abs=0.01)
    assert last(page, "picks") == 6
    assert seek_by(page, "ArrowRight") < 7
    press(page, "Enter")
    assert last(page, "picks") == 6
    press(page, "-", "-")
    assert view(page) == pytest.approx((0, 61), abs=0.2)


def test_all_keysthat_are_not_the_timeline_s_are_left_alone(open_page: Open) -> None:
    page = open_page(story(3))
    page.evaluate("""document.addEventListener("keydown", (event) => {
        heard.last = [event.key, event.defaultPrevented, line.key(event)];
    })""")
    page.get_by_role("slider").focus()
    all_keys = [("ArrowRight", True), ("a", False), ("Alt+ArrowRight", False), ("Alt+]", True)]
    for keys, prevented in all_keys:
        page.keyboard.press(keys)
        assert page.evaluate("heard.last")[1:] == [prevented, False]
    page.get_by_role("radio", name="One row").focus()
    seeks = len(page.evaluate("heard.seeks"))
    page.keyboard.press("]")
    assert page.evaluate("heard.last") == ["]", False, True]
    page.keyboard.press("PageDown")
    assert page.evaluate("heard.last") == ["PageDown", False, False]
    assert len(page.evaluate("heard.seeks")) == seeks + 1


def test_the_card_tells_of_what_is_under_the_pointer(open_page: Open) -> None:
    result = story()
    page = open_page(result)
    card = page.locator(CARD)
    page.mouse.move(*point(page, result, 6.9))
    expect(card).to_be_visible()
    text = [line for line in card.inner_text().split("\n") if line]
    assert text[:3] == ["playing chess", "30%", "0:06.0 \N{EN DASH} 0:08.0, CLIP, zero-shot"]
    assert text[3:6] == ["Best guesses", "playing chess", "30%"]
    expect(card.locator("canvas")).to_have_count(0)
    page.evaluate("window.withThumbnails = true")
    page.mouse.move(*point(page, result, 7.1))
    expect(card.locator("canvas")).to_be_visible()
    assert last(page, "thumbnails") == 7
    page.evaluate("line.key(new KeyboardEvent('keydown', { key: 'Escape' }))")
    expect(card).to_be_hidden()
    page.mouse.move(*point(page, result, 7.2))
    expect(card).to_be_visible()
    page.mouse.move(5, 5)
    expect(card).to_be_hidden()


@pytest.mark.parametrize("time", [0.1, 60.9])
def test_the_card_stays_inside_of_a_narrow_page(open_page: Open, time: float) -> None:
    result = story(3)
    page = open_page(result, viewport={"width": 360, "height": 700})
    page.mouse.move(*point(page, result, time))
    expect(page.locator(CARD)).to_be_visible()
    card = box(page, CARD)
    assert card["x"] >= 0
    assert card["x"] + card["width"] <= 360
    assert card["y"] >= 0


def test_a_tap_selects_and_shows_the_card(open_page: Open) -> None:
    result = story(3)
    page = open_page(result, has_touch=True, viewport={"width": 400, "height": 800})
    place = point(page, result, 6.4)
    session = devtools(page)
    touch(session, "Start", place)
    touch(session, "End")
    assert last(page, "seeks") == pytest.approx(6.4, abs=0.1)
    assert last(page, "picks") == 5
    expect(page.locator(CARD)).to_be_visible()


def test_the_caller_selects_without_being_told(open_page: Open) -> None:
    page = open_page(story(3))
    page.evaluate("line.select(16)")
    assert status(page) == "Selected: Push Ups, 0:14.5 to 0:20.5, 100%, BiLSTM"
    assert page.evaluate("heard.picks") == []
