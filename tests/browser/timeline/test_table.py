"""The table of the segments."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import until
from tests.browser.timeline.conftest import Open, call, settle
from tests.browser.timeline.plot import box, last, spoken, story
from tests.browser.timeline.results import made_up

NOBODY = "\N{EN DASH}"
ROWS = ".segment-table tbody:not([aria-hidden]) tr"


def rows(page: Page) -> Locator:
    return page.locator(ROWS)


def heading(page: Page, name: str) -> Locator:
    return page.get_by_role("columnheader", name=name)


def column(page: Page, number: int) -> list[str]:
    return page.locator(f"{ROWS} td:nth-child({number})").all_inner_texts()


def test_it_says_what_the_timeline_draws(open_page: Open) -> None:
    page = open_page(story())
    expect(page.get_by_role("table")).to_contain_text("20 segments")
    assert rows(page).nth(5).locator("td").all_inner_texts() == [
        "0:05.0",
        "0:07.0",
        "playing chess",
        "30%",
        "CLIP, zero-shot",
    ]
    unknown = rows(page).nth(8).locator("td").all_inner_texts()
    assert unknown[2:] == ["Unknown", NOBODY, "no model is sure"]


def test_headings_sort_it(open_page: Open) -> None:
    page = open_page(story())
    expect(heading(page, "Start")).to_have_attribute("aria-sort", "ascending")
    sure = heading(page, "Confidence")
    sure.get_by_role("button").click()
    expect(sure).to_have_attribute("aria-sort", "ascending")
    assert heading(page, "Start").get_attribute("aria-sort") is None
    order = [NOBODY] * 2 + ["30%"] * 3 + ["60%"] * 4 + ["90%"] * 5 + ["100%"] * 6
    assert column(page, 4) == order
    page.keyboard.press("Enter")
    expect(sure).to_have_attribute("aria-sort", "descending")
    assert column(page, 4) == order[::-1]
    heading(page, "Label").get_by_role("button").click()
    labels = column(page, 3)
    assert labels == sorted(labels, key=str.lower)
    assert labels[0] == "playing chess"


def test_a_row_seeks_and_is_selected_on_the_timeline(open_page: Open) -> None:
    page = open_page(story())
    rows(page).nth(14).get_by_text("Push Ups").click()
    assert last(page, "seeks") == 14
    assert page.get_by_role("status").inner_text().startswith("Selected: Push Ups, 0:14.0 to 0:16")
    expect(rows(page).nth(14)).to_have_class("selected")
    assert spoken(page).startswith("14 seconds")


def test_the_row_of_the_moment_is_marked(open_page: Open) -> None:
    page = open_page(story())
    for time, row in [(0, 0), (6.3, 5), (6.9, 6), (20.9, 19)]:
        page.evaluate("(time) => move(time)", time)
        expect(page.locator(f"{ROWS}[aria-current]")).to_have_count(1)
        expect(rows(page).nth(row)).to_have_attribute("aria-current", "true")


def test_it_has_what_the_filter_keeps(open_page: Open) -> None:
    page = open_page(story())
    page.evaluate("filter((segment) => segment.source === 'clip')")
    expect(page.locator(".segment-table caption")).to_have_text("3 of 20 segments")
    assert column(page, 3) == ["playing chess"] * 3
    page.evaluate("filter(() => false)")
    expect(rows(page)).to_have_count(0)


def test_the_keyboard_walks_through_it(open_page: Open) -> None:
    page = open_page(story(3))
    heading(page, "Model").get_by_role("button").focus()
    page.keyboard.press("Tab")
    expect(rows(page).first.get_by_role("button")).to_be_focused()
    for key in ("ArrowDown", "ArrowDown", "PageDown", "ArrowUp"):
        page.keyboard.press(key)
    expect(page.get_by_role("button", name="0:11.0", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    assert last(page, "seeks") == 11
    page.keyboard.press("End")
    expect(page.get_by_role("button", name="0:59.0", exact=True)).to_be_focused()
    page.keyboard.press("Home")
    expect(page.get_by_role("button", name="0:00.0", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.segment-table')") is None


def test_5000_rows_do_not_freeze_the_page(open_page: Open) -> None:
    result = made_up(5000)
    page = open_page(result)
    assert rows(page).count() < 60
    expect(page.get_by_role("table")).to_have_attribute("aria-rowcount", "5001")
    spent = page.evaluate("""() => {
        const begun = performance.now();
        document.querySelector("th:nth-child(4) button").click();
        return performance.now() - begun;
    }""")
    assert spent < 500
    rows(page).first.get_by_role("button").focus()
    page.keyboard.press("End")
    settle(page)
    shown = rows(page).last
    expect(shown).to_have_attribute("aria-rowindex", "5001")
    best = max(segment["confidence"] for segment in result["segments"])
    assert shown.locator("td").nth(3).inner_text() == f"{best:.0%}"
    expect(shown.get_by_role("button")).to_be_focused()
    assert rows(page).count() < 60


def test_rows_come_in_sight_where_it_is_scrolled(open_page: Open) -> None:
    page = open_page(made_up(2000))
    table = page.locator(".segment-table")
    table.scroll_into_view_if_needed()
    table.evaluate("(node) => { node.scrollTop = node.scrollHeight / 2; }")
    until(page, "document.querySelector('.segment-table tbody:nth-of-type(2) tr').dataset.at > 900")
    place = box(page, ".segment-table")
    seen = page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y).closest('tr').getAttribute('aria-rowindex')",
        [place["x"] + 30, place["y"] + place["height"] / 2],
    )
    assert int(seen) == pytest.approx(1000, abs=15)


def test_what_comes_in_leaves_the_focus(open_page: Open) -> None:
    result = story(3)
    page = open_page({**result, "segments": result["segments"][:5], "actions": None})
    rows(page).nth(2).get_by_role("button").click()
    call(page, "add", result["segments"][5:])
    expect(page.locator(".segment-table caption")).to_have_text("60 segments")
    expect(rows(page).nth(2).get_by_role("button")).to_be_focused()
