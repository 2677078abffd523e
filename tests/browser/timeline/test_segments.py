"""What is drawn, while segments come in, are filtered, and in their thousands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from har.types import Source
from tests.browser.timeline.conftest import Open, call, devtools, settle
from tests.browser.timeline.plot import (
    box,
    button,
    last,
    measure,
    pixel,
    pixels,
    point,
    spoken,
    story,
    view,
)
from tests.browser.timeline.results import Result, clip, made_up, result_of

WIDE = {"viewport": {"width": 1400, "height": 900}}


def coloured(page: Page, label: str) -> list[int]:
    """The label's own colour, everywhere on the page."""
    script = """(label) => {
        const brush = new OffscreenCanvas(1, 1).getContext("2d");
        brush.fillStyle = heard.colourOf(label);
        brush.fillRect(0, 0, 1, 1);
        return [...brush.getImageData(0, 0, 1, 1).data];
    }"""
    colour: list[int] = page.evaluate(script, label)
    return colour


def block(page: Page, share: float) -> float:
    """The y of a height, 0 to 1, in the part of a block that heights are drawn in."""
    rows = box(page, ".timeline-rows")
    above, band, high = (measure(page, name) for name in ("above", "band", "block"))
    return rows["y"] + above + band + (high - band) * (1 - share)


def along(page: Page, result: Result, start: float, end: float, y: float) -> set[tuple[int, ...]]:
    """The colours from one second to another."""
    left, right = point(page, result, start)[0], point(page, result, end)[0]
    return set(map(tuple, pixels(page, range(round(left), round(right), 2), y)))


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        (["bilstm", "bilstm"], []),
        (["bilstm", "clip"], ["named by CLIP, zero-shot"]),
        (["semantic", "clip"], ["named by semantic and CLIP, zero-shot"]),
    ],
)
def test_the_legend_names_the_zero_shot_model(
    open_page: Open, sources: list[Source], said: list[str]
) -> None:
    page = open_page(result_of([clip(i, "Walk", 0.9, by) for i, by in enumerate(sources)], 3))
    legend = page.get_by_role("list", name="How to read the timeline").get_by_role("listitem")
    assert legend.all_inner_texts() == ["height: how sure the model is", *said]


def test_height_tells_how_sure_a_clip_is(open_page: Open) -> None:
    result = story(3)
    page = open_page(result)
    for label, time, sure in [("Walk", 3, 0.9), ("Walk", 13, 0.6), ("PushUps", 18, 1.0)]:
        x = point(page, result, time)[0]
        assert pixel(page, x, block(page, sure - 0.06)) == coloured(page, label)
        if sure < 1:
            assert pixel(page, x, block(page, sure + 0.06)) != coloured(page, label)


def test_zero_shot_is_striped_and_unknown_is_pale(open_page: Open) -> None:
    result = story(3)
    page = open_page(result)
    y = box(page, ".timeline-rows")["y"] + measure(page, "above") + measure(page, "band") - 2
    assert len(along(page, result, 18, 20, y)) == 1
    assert len(along(page, result, 7.6, 8.3, y)) > 2
    unknown = along(page, result, 9, 10, y)
    assert len(unknown) == 1
    assert next(iter(unknown))[3] < 255 or unknown != {tuple(coloured(page, "Unknown"))}


def test_it_is_as_sharp_as_the_screen(open_page: Open) -> None:
    page = open_page(story(3), device_scale_factor=2)
    for canvas in page.locator(".timeline-ruler canvas, .timeline-rows canvas").all():
        assert canvas.evaluate("(node) => node.width / node.clientWidth") == 2


def test_it_changes_with_the_scheme(open_page: Open) -> None:
    result = result_of([clip(0, "Walk", 0.5)], 20)
    page = open_page(result, color_scheme="light")
    x = point(page, result, 15)[0]
    before = pixel(page, x, block(page, 0.9))
    page.emulate_media(color_scheme="dark")
    settle(page)
    assert pixel(page, x, block(page, 0.9)) != before


def test_live_segments_come_in_without_a_jump(open_page: Open) -> None:
    result = story(3)
    page = open_page({**result, "segments": [], "actions": None})
    assert spoken(page) == "0 seconds"
    page.get_by_role("radio", name="By label").check()
    call(page, "add", result["segments"][:8])
    button(page, "Zoom in")
    shown = view(page)
    names = page.locator(".timeline-names li > span:nth-child(2)")
    expect(names).to_have_text(["Walk", "playing chess"])
    page.evaluate("move(3)")
    assert spoken(page) == "3 seconds, Walk"
    for segment in result["segments"][8:]:
        call(page, "add", [segment])
    expect(names).to_have_text(["Walk", "playing chess", "Push Ups", "Unknown"])
    assert view(page) == pytest.approx(shown, abs=0.01)
    page.evaluate("(result) => line.update({ ...result, colourOf: () => 'red' })", result)
    settle(page)
    expect(names).to_have_text(["Walk", "playing chess", "Push Ups", "Unknown"])
    assert view(page) == pytest.approx(shown, abs=0.01)


def test_live_segments_are_merged_as_the_service_does(open_page: Open) -> None:
    result = made_up(80, seed=4)
    page = open_page({**result, "actions": None})
    page.get_by_role("slider").focus()
    starts = [action["start"] for action in result["actions"]]
    for start in starts[1:]:
        page.keyboard.press("]")
        assert last(page, "seeks") == pytest.approx(start, abs=0.01)
    x, y = point(page, result, sum(starts[1:3]) / 2)
    page.mouse.click(x, y)
    action = result["actions"][1]
    sure = f"{action['confidence']:.0%}"
    assert action["label"] == "Unknown" or sure in page.get_by_role("status").inner_text()


@pytest.mark.parametrize("done", [True, False])
def test_nothing_is_drawn_where_nothing_was_seen(open_page: Open, done: bool) -> None:
    """As where a live stream was cut."""
    result = result_of([clip(start, "Walk", 0.9) for start in (0, 1, 2, 14, 15)], 17.0)
    page = open_page(result if done else {**result, "actions": None})
    y = block(page, 0.5)
    walk = coloured(page, "Walk")
    for time in (0.4, 3.6, 14.4, 15.8):
        assert pixel(page, point(page, result, time)[0], y) == walk
    [gap] = along(page, result, 4.2, 13.8, y)
    assert list(gap) != walk
    page.evaluate("move(9)")
    assert spoken(page) == "9 seconds"
    page.evaluate("move(15)")
    assert spoken(page) == "15 seconds, Walk"


def test_a_video_longer_than_was_thought_grows(open_page: Open) -> None:
    result = story(3)
    page = open_page({**result, "segments": [], "actions": None, "duration": 10})
    call(page, "add", result["segments"])
    settle(page)
    assert view(page) == pytest.approx((0, 61), abs=0.2)


def test_the_filter_pales(open_page: Open) -> None:
    result = story(3)
    page = open_page(result)
    x, y = point(page, result, 13)[0], block(page, 0.4)
    kept = pixel(page, x, y)
    page.evaluate("filter((segment) => segment.confidence > 0.8)")
    paled = pixel(page, x, y)
    assert paled != kept
    assert paled != pixel(page, x, block(page, 0.95))
    page.get_by_role("slider").focus()
    for start in (14.5, 20.5, 34.5):
        page.keyboard.press("]")
        assert last(page, "seeks") == pytest.approx(start, abs=0.01)


FRAMES = """async (kind) => {
    const rows = document.querySelector(".timeline-rows");
    const { left, top, width } = rows.getBoundingClientRect();
    const place = { cancelable: true, clientX: left + width / 3, clientY: top + 20 };
    const turn = (how) => rows.dispatchEvent(new WheelEvent("wheel", { ...place, ...how }));
    const frame = () => new Promise(requestAnimationFrame);
    const spent = [];
    let before = await frame();
    for (let i = 0; i < 90; i++) {
        if (kind === "zoom") turn({ ctrlKey: true, deltaY: i % 60 < 30 ? -14 : 14 });
        else turn({ deltaX: i % 60 < 30 ? 25 : -25 });
        const now = await frame();
        spent.push(now - before);
        before = now;
    }
    spent.sort((a, b) => a - b);
    return [spent[45], spent[85]];
}"""


@pytest.mark.slow
@pytest.mark.parametrize("rows", ["One row", "By label"])
def test_5000_segments_stay_smooth(open_page: Open, rows: str) -> None:
    page = open_page(made_up(5000), **WIDE)
    page.get_by_role("radio", name=rows).check()
    settle(page)
    for kind, clicks in [("zoom", 0), ("pan", 1), ("pan", 5)]:
        for _ in range(clicks):
            button(page, "Zoom in")
        median, slow = page.evaluate(FRAMES, kind)
        print(f"{rows}, {kind} after {clicks}: median {median:.1f} ms, 95% {slow:.1f} ms")
        assert median < 50


def work(session: Any) -> float:
    """Seconds of script and layout so far."""
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["ScriptDuration"] + metrics["LayoutDuration"])


def test_nothing_is_done_while_nothing_changes(open_page: Open) -> None:
    page = open_page(made_up(5000), **WIDE)
    session = devtools(page)
    session.send("Performance.enable")
    for play, most in [("", 0.02), ("move(i / 60, { playing: true });", 0.25)]:
        before = work(session)
        page.evaluate(f"""async () => {{
            for (let i = 0; i < 60; i++) {{
                await new Promise(requestAnimationFrame);
                {play}
            }}
        }}""")
        assert work(session) - before < most


def test_thousands_that_come_one_by_one_do_not_freeze_the_page(open_page: Open) -> None:
    result = made_up(3000)
    page = open_page({**result, "segments": [], "actions": None}, **WIDE)
    page.evaluate("(text) => { window.all = JSON.parse(text); }", json.dumps(result["segments"]))
    spent = page.evaluate("""async () => {
        const begun = performance.now();
        for (const segment of all) add([segment]);
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        return performance.now() - begun;
    }""")
    assert spent < 1500
    expect(page.locator(".segment-table caption")).to_have_text("3000 segments")
