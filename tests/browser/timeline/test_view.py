"""Zooming, panning and following, by mouse and by touch."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import until
from tests.browser.timeline.conftest import Open, devtools, settle
from tests.browser.timeline.plot import box, button, last, point, story, time_at, touch, view
from tests.browser.timeline.results import made_up


def turn(page: Page, x: float, y: float, down: float, across: float = 0, key: str = "") -> None:
    """Turn the wheel at a place, with a key held."""
    page.mouse.move(x, y)
    if key:
        page.keyboard.down(key)
    page.mouse.wheel(across, down)
    if key:
        page.keyboard.up(key)
    settle(page)


@pytest.mark.parametrize("share", [0.1, 0.8])
def test_the_wheel_zooms_where_the_pointer_is(open_page: Open, share: float) -> None:
    page = open_page(story(3))
    rows = box(page, ".timeline-rows")
    x, y = rows["x"] + share * rows["width"], rows["y"] + 20
    before = time_at(page, x)
    for _ in range(6):
        turn(page, x, y, -100, key="Control")
    assert time_at(page, x) == pytest.approx(before, abs=0.05)
    first, end = view(page)
    assert end - first == pytest.approx(61 / 6.05, rel=0.02)
    for _ in range(8):
        turn(page, x, y, 100, key="Control")
    assert view(page) == pytest.approx((0, 61), abs=0.2)


def test_the_wheel_alone_scrolls_the_page(open_page: Open) -> None:
    page = open_page(story(3), viewport={"width": 1000, "height": 500})
    rows = box(page, ".timeline-rows")
    turn(page, rows["x"] + 300, rows["y"] + 20, 60)
    until(page, "scrollY >= 60")
    assert view(page) == pytest.approx((0, 61), abs=0.2)


def test_the_wheel_sideways_and_with_shift_pans(open_page: Open) -> None:
    page = open_page(story(3))
    rows = box(page, ".timeline-rows")
    x, y = rows["x"] + 400, rows["y"] + 20
    turn(page, x, y, -30, key="Control")
    turn(page, x, y, -30, key="Control")
    first, end = view(page)
    second = rows["width"] / (end - first)
    turn(page, x, y, 0, across=80)
    assert view(page)[0] == pytest.approx(first + 80 / second, abs=0.1)
    turn(page, x, y, 50, key="Shift")
    assert view(page)[0] == pytest.approx(first + 130 / second, abs=0.1)
    turn(page, x, y, 0, across=100_000)
    # Beyond the end there is nothing to be seen: the view stays as long as it was.
    assert view(page) == pytest.approx((61 - (end - first), 61), abs=0.1)


def test_dragging_pans_and_is_no_click(open_page: Open) -> None:
    page = open_page(story(3))
    button(page, "Zoom in")
    for part in (".timeline-ruler", ".timeline-rows"):
        first, end = view(page)
        place = box(page, part)
        seeks = len(page.evaluate("heard.seeks"))
        x, y = place["x"] + 0.6 * place["width"], place["y"] + place["height"] - 10
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x - 50, y, steps=3)
        page.mouse.move(x - 100, y, steps=3)
        page.mouse.up()
        assert len(page.evaluate("heard.seeks")) == seeks
        settle(page)
        moved = 100 / place["width"] * (end - first)
        assert view(page)[0] == pytest.approx(first + moved, abs=0.1)


def test_with_all_in_view_a_drag_on_the_ruler_takes_the_playhead_along(open_page: Open) -> None:
    page = open_page(story(3))
    ruler = box(page, ".timeline-ruler")
    page.mouse.move(ruler["x"] + 300, ruler["y"] + 25)
    page.mouse.down()
    page.mouse.move(ruler["x"] + 500, ruler["y"] + 25, steps=4)
    page.mouse.up()
    assert last(page, "seeks") == pytest.approx(500 / ruler["width"] * 61, abs=0.1)
    assert view(page) == pytest.approx((0, 61), abs=0.2)


def test_the_buttons_zoom_around_the_playhead_and_fit(open_page: Open) -> None:
    page = open_page(story(3))
    page.evaluate("move(40)")
    button(page, "Zoom in")
    button(page, "Zoom in")
    first, end = view(page)
    assert end - first == pytest.approx(61 / 4, abs=0.1)
    assert (40 - first) / (end - first) == pytest.approx(40 / 61, abs=0.02)
    button(page, "Zoom out")
    assert sum(part * way for part, way in zip(view(page), (-1, 1), strict=True)) == pytest.approx(
        61 / 2, abs=0.1
    )
    button(page, "Show the whole video")
    assert view(page) == pytest.approx((0, 61), abs=0.2)


def test_the_map_shows_up_when_there_is_more_to_see(open_page: Open) -> None:
    page = open_page(story(3))
    small = page.locator(".timeline-map")
    expect(small).to_be_hidden()
    expect(page.get_by_text("Ctrl + scroll to zoom")).to_be_visible()
    height = box(page, ".timeline")["height"]
    button(page, "Zoom in")
    expect(small).to_be_visible()
    assert box(page, ".timeline")["height"] == height
    assert box(page, ".timeline-window")["width"] == pytest.approx(
        box(page, ".timeline-map")["width"] / 2, abs=2
    )
    long = open_page(made_up(700))
    expect(long.locator(".timeline-map")).to_be_visible()


def drag(page: Page, start: tuple[float, float], x: float) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(x, start[1], steps=3)
    page.mouse.up()
    settle(page)


def test_the_window_of_the_map_is_dragged_and_resized(open_page: Open) -> None:
    page = open_page(made_up(999))
    for _ in range(2):
        button(page, "Zoom in")
    small = box(page, ".timeline-map")
    second = small["width"] / 1000

    def middle() -> tuple[float, float]:
        glass = box(page, ".timeline-window")
        return glass["x"] + glass["width"] / 2, glass["y"] + glass["height"] / 2

    x, y = middle()
    drag(page, (x, y), x + 300 * second)
    assert view(page) == pytest.approx((300, 550), abs=5)
    glass = box(page, ".timeline-window")
    drag(page, (glass["x"] + glass["width"] - 2, y), small["x"] + 800 * second)
    assert view(page) == pytest.approx((300, 800), abs=5)
    drag(page, (box(page, ".timeline-window")["x"] + 2, y), small["x"] + 600 * second)
    assert view(page) == pytest.approx((600, 800), abs=5)
    page.mouse.click(small["x"] + 200 * second, y)
    settle(page)
    assert view(page) == pytest.approx((100, 300), abs=5)


def test_the_view_follows_the_playhead_unless_it_was_led_away(open_page: Open) -> None:
    page = open_page(story(3))
    for _ in range(3):
        button(page, "Zoom in")
    line = page.locator(".timeline-line")
    play = "([from, to]) => { for (let t = from; t < to; t += 0.1) move(t, { playing: true }); }"
    page.evaluate(play, [0, 30])
    expect(line).to_be_visible()
    page.get_by_role("slider").focus()
    for _ in range(8):
        page.keyboard.press("Shift+ArrowRight")
    expect(line).to_be_hidden()
    page.evaluate(play, [30, 33])
    expect(line).to_be_hidden()
    page.get_by_role("button", name="Show the playhead, at 0:33").click()
    expect(line).to_be_visible()
    expect(page.get_by_role("button", name="Show the playhead")).to_be_hidden()
    page.evaluate(play, [33, 55])
    expect(line).to_be_visible()
    page.evaluate("move(5)")
    expect(line).to_be_visible()


def test_two_fingers_zoom_and_one_pans(open_page: Open) -> None:
    page = open_page(story(3), has_touch=True, viewport={"width": 400, "height": 900})
    rows, session = box(page, ".timeline-rows"), devtools(page)
    left, y, wide = rows["x"], rows["y"] + 30, rows["width"]
    touch(session, "Start", (left + 0.4 * wide, y), (left + 0.6 * wide, y))
    for spread in (0.15, 0.2, 0.3, 0.4):
        touch(session, "Move", (left + (0.5 - spread) * wide, y), (left + (0.5 + spread) * wide, y))
    touch(session, "End")
    settle(page)
    assert page.evaluate("heard.seeks") == []
    first, end = view(page)
    assert (first, end) == pytest.approx((61 * 0.375, 61 * 0.625), abs=1)
    touch(session, "Start", (left + 0.7 * wide, y))
    for share in (0.6, 0.4, 0.2):
        touch(session, "Move", (left + share * wide, y))
    touch(session, "End")
    settle(page)
    assert view(page)[0] == pytest.approx(first + 0.5 * (end - first), abs=1.5)


def test_a_swipe_down_scrolls_the_page(open_page: Open) -> None:
    page = open_page(story(3), has_touch=True, viewport={"width": 400, "height": 500})
    rows, session = box(page, ".timeline-rows"), devtools(page)
    x, y = rows["x"] + 100, rows["y"] + 20
    touch(session, "Start", (x, y))
    for down in range(20, 200, 20):
        touch(session, "Move", (x, y - down))
    touch(session, "End")
    until(page, "scrollY > 80")
    assert page.evaluate("heard.seeks") == []


def test_safari_s_pinch_zooms(open_page: Open) -> None:
    page = open_page(story(3))
    rows = box(page, ".timeline-rows")
    script = """([x, y]) => {
        const node = document.querySelector(".timeline-rows");
        const tell = (name, scale) => {
            const event = new Event(name, { cancelable: true });
            return node.dispatchEvent(Object.assign(event, { scale, clientX: x, clientY: y }));
        };
        tell("gesturestart", 1);
        tell("gesturechange", 1.5);
        return tell("gesturechange", 2);
    }"""
    assert page.evaluate(script, [rows["x"] + rows["width"], rows["y"] + 20]) is False
    settle(page)
    assert view(page) == pytest.approx((30.5, 61), abs=0.3)


def test_a_video_whose_clock_begins_late(open_page: Open) -> None:
    result = story(3, start=7.5)
    page = open_page(result)
    assert view(page) == pytest.approx((7.5, 68.5), abs=0.2)
    page.mouse.click(*point(page, result, 50.25))
    assert last(page, "seeks") == pytest.approx(50.25, abs=0.1)


@pytest.mark.parametrize("width", [300, 800, 1600])
def test_the_ruler_has_round_numbers_with_room_between(open_page: Open, width: int) -> None:
    page = open_page(story())
    script = """async ([width, spans]) => {
        const { steps } = await import("/static/js/timeline/ruler.js");
        return spans.map((to) => steps({ from: 0, to }, width));
    }"""
    spans = [1, 2, 7, 13, 61, 300, 3600, 20_000]
    for seconds, step in zip(spans, page.evaluate(script, [width, spans]), strict=True):
        pixels = step["number"] / seconds * width
        assert 84 <= pixels < 84 * 3.6
        assert step["number"] / step["mark"] == pytest.approx(round(step["number"] / step["mark"]))
        assert step["mark"] / seconds * width >= 9
