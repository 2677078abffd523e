"""Two models on one video, one above the other: what is drawn, heard and reached by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from har.recognition.agreement import stretches
from har.types import Action
from tests.browser.everyone import SLOW, violations
from tests.browser.timeline.conftest import Open, settle
from tests.browser.timeline.plot import (
    box,
    button,
    last,
    measure,
    pixel,
    point,
    spoken,
    story,
    view,
)
from tests.browser.timeline.results import Result, clip, result_of

FIRST, SECOND = 0, 1
OTHER = [("walking", 0.7, "timesformer")] * 8 + [("push up", 0.4, "clip")] * 2
OTHER += [("yoga", 0.8, "timesformer")] * 3 + [("push up", 0.9, "timesformer")] * 7


def compared() -> Result:
    """story(), and another model on it that says the same for the first 5.5 and the last 6.5 s."""
    first = story()
    clips = [clip(start, *said) for start, said in enumerate(OTHER)]
    second = result_of(clips, first["duration"])
    lists = ([Action(**one) for one in each["actions"]] for each in (first, second))
    agreed = [{"start": one.start, "end": one.end, "label": one.label} for one in stretches(*lists)]
    other = {"name": "TimeSformer", "segments": second["segments"], "actions": second["actions"]}
    return {**first, "name": "BiLSTM", "other": other, "agreed": agreed}


@pytest.fixture
def page(open_page: Open) -> Page:
    return open_page(compared())


def models(page: Page) -> list[str]:
    """The names that can be chosen, the chosen one marked."""
    radios = page.get_by_role("group", name="Model").get_by_role("radio").all()
    named = "(node) => `${node.checked ? '*' : ''}${node.labels[0].innerText}`"
    return [one.evaluate(named) for one in radios]


def status(page: Page) -> str:
    return page.get_by_role("status").inner_text()


def band(page: Page, time: float, below: float = 0.0) -> list[int]:
    """The colour of the line between the lanes, or so many pixels below it."""
    x = point(page, compared(), time)[0]
    return pixel(page, x, box(page, ".timeline-rows")["y"] + measure(page, "agreed") + below)


def test_both_are_drawn_each_beside_its_name(page: Page) -> None:
    names = page.locator(".timeline-lanes p")
    expect(names).to_have_text(["BiLSTM", "TimeSformer"])
    for lane in (FIRST, SECOND):
        row, beside = point(page, compared(), 1, lane)[1], names.nth(lane).bounding_box()
        assert beside
        assert beside["y"] < row < beside["y"] + beside["height"]
    yoga, walk = (pixel(page, *point(page, compared(), 12, lane)) for lane in (SECOND, FIRST))
    assert yoga != walk
    legend = page.locator(".timeline-names li > span:nth-child(2)")
    expect(legend.filter(has_text="yoga")).to_have_count(1)
    expect(legend.last).to_contain_text("Unknown")


def test_a_bar_shows_where_both_say_the_same(page: Page) -> None:
    agreed = [(one["start"], one["end"]) for one in compared()["agreed"]]
    assert agreed == [(0, 5.5), (14.5, 21)]
    for time in (3, 18):
        assert band(page, time, 2) == band(page, time, -2) != [0, 0, 0, 0]
    for time in (7, 12):
        assert band(page, time) != [0, 0, 0, 0]
        assert band(page, time, 2) == band(page, time, -2) == [0, 0, 0, 0]
    expect(page.get_by_text("both say the same")).to_be_visible()


def test_a_click_in_a_lane_chooses_it(page: Page) -> None:
    assert models(page) == ["*BiLSTM", "TimeSformer"]
    page.mouse.click(*point(page, compared(), 6.9, SECOND))
    assert last(page, "lanes") == SECOND
    assert last(page, "seeks") == pytest.approx(6.9, abs=0.05)
    assert models(page) == ["BiLSTM", "*TimeSformer"]
    assert status(page) == "TimeSformer. Selected: walking, 0:06.0 to 0:08.0, 70%, TimeSformer"
    assert spoken(page) == "6.9 seconds, walking, BiLSTM: playing chess"
    page.mouse.click(*point(page, compared(), 6.9, FIRST))
    assert last(page, "lanes") == FIRST
    assert status(page).startswith("BiLSTM. Selected: playing chess, 0:06.0 to 0:08.0, 30%")


def test_the_keyboard_goes_from_lane_to_lane(page: Page) -> None:
    page.get_by_role("slider").focus()
    page.keyboard.press("End")
    page.keyboard.press("m")
    assert models(page) == ["BiLSTM", "*TimeSformer"]
    expect(page.get_by_role("slider")).to_be_focused()
    assert status(page) == "TimeSformer. Nothing selected"
    page.keyboard.press("Home")
    starts = [action["start"] for action in compared()["other"]["actions"]]
    for _ in range(20):
        page.keyboard.press("]")
    reached = [round(seconds, 1) for seconds in page.evaluate("heard.seeks")]
    assert set(starts[1:]) <= set(reached)
    assert "push up" in status(page)
    page.keyboard.press("M")
    assert status(page).startswith("BiLSTM. Selected: Push Ups")
    page.get_by_role("radio", name="BiLSTM").focus()
    page.keyboard.press("ArrowRight")
    assert models(page) == ["BiLSTM", "*TimeSformer"]
    assert page.evaluate("heard.lanes") == [SECOND, FIRST, SECOND]


def test_the_card_tells_which_model_it_is_of(page: Page) -> None:
    card = page.locator(".timeline-card")
    page.mouse.move(*point(page, compared(), 12, FIRST))
    expect(card).to_contain_text("BiLSTM\nWalk", use_inner_text=True)
    page.mouse.move(*point(page, compared(), 12, SECOND))
    expect(card).to_contain_text("TimeSformer\nyoga", use_inner_text=True)
    assert last(page, "thumbnails") == 12
    assert page.evaluate("heard.lanes") == []


def test_what_is_different_is_spoken_and_what_is_the_same_is_not(page: Page) -> None:
    page.evaluate("move(12)")
    assert spoken(page) == "12 seconds, Walk, TimeSformer: yoga"
    page.evaluate("move(18)")
    assert spoken(page) == "18 seconds, Push Ups"


def test_both_are_zoomed_and_filtered_alike(page: Page) -> None:
    places = [point(page, compared(), 10.5, lane) for lane in (FIRST, SECOND)]
    before = [pixel(page, x, y + 24) for x, y in places]
    page.evaluate("filter(({ confidence }) => confidence > 0.95)")
    settle(page)
    assert all(pixel(page, x, y + 24) != was for (x, y), was in zip(places, before, strict=True))
    page.evaluate("filter(() => true); move(20)")
    button(page, "Zoom in")
    shown = view(page)
    page.get_by_role("radio", name="TimeSformer").check()
    assert view(page) == pytest.approx(shown, abs=0.05)
    page.mouse.click(*places[SECOND])
    assert last(page, "picks") >= 0
    assert shown[0] < last(page, "seeks") < shown[1]


def test_rows_by_label_are_those_of_the_chosen_model(page: Page) -> None:
    page.get_by_role("radio", name="By label").check()
    rows = page.locator(".timeline-names li > span:nth-child(2)")
    expect(rows).to_have_text(["Walk", "Push Ups", "playing chess", "Unknown"])
    expect(page.locator(".timeline-lanes")).to_have_count(0)
    page.keyboard.press("m")
    page.get_by_role("radio", name="TimeSformer").check()
    expect(rows).to_have_text(["push up", "walking", "yoga"])
    settle(page)
    page.mouse.click(*point(page, compared(), 12, row=2))
    assert "yoga" in status(page)


def test_of_one_model_nothing_of_this_is_shown(open_page: Open) -> None:
    page = open_page(story())
    expect(page.get_by_role("group", name="Model")).to_be_hidden()
    expect(page.locator(".timeline-lanes")).to_have_count(0)
    expect(page.get_by_role("radio", name="One row")).to_be_checked()
    page.get_by_role("slider").focus()
    page.keyboard.press("m")
    assert page.evaluate("heard.lanes") == []
    assert spoken(page) == "0 seconds, Walk"


@pytest.mark.parametrize(
    ("width", "scheme"), [(360, "dark"), pytest.param(768, "light", marks=SLOW)]
)
def test_everyone_can_use_it(open_page: Open, width: int, scheme: str) -> None:
    page = open_page(
        compared(), viewport={"width": width, "height": 900}, color_scheme=scheme, locale="en"
    )
    for rows in ("By model", "By label"):
        page.get_by_role("radio", name=rows).check()
        settle(page)
        assert violations(page) == []
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        tools = [box(page, name) for name in (".timeline-choice", ".timeline-zoom")]
        assert tools[0]["y"] == pytest.approx(tools[1]["y"], abs=4)
        assert box(page, ".timeline-rows")["width"] > 300
