"""Where things lie on the page's timeline, and what was heard of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from playwright.sync_api import CDPSession, FloatRect, Page

from tests.browser.timeline.conftest import settle
from tests.browser.timeline.results import Result, clip, result_of

RUNS = [("Walk", 5, 0.9, "bilstm"), ("playing chess", 3, 0.3, "clip")]
RUNS += [("Unknown", 2, 0.1, "semantic"), ("Walk", 4, 0.6, "bilstm"), ("PushUps", 6, 1.0, "bilstm")]


def story(times: int = 1, start: float = 0.0) -> Result:
    """Walk, playing chess by zero-shot, Unknown, Walk and PushUps, told so many times; 20 clips."""
    runs = [run for _ in range(times) for run in RUNS]
    spoken = [(label, sure, source) for label, clips, sure, source in runs for _ in range(clips)]
    clips = [clip(start + i, *one) for i, one in enumerate(spoken)]
    return result_of(clips, len(clips) + 1.0, start)


def box(page: Page, selector: str) -> FloatRect:
    found = page.locator(selector).bounding_box()
    assert found
    return found


def point(page: Page, result: Result, time: float, row: int = 0) -> tuple[float, float]:
    """Where a second is drawn while all of the video is in view, in a row."""
    rows = box(page, ".timeline-rows")
    pitch = measure(page, "pitch")
    x = rows["x"] + (time - result["start"]) / result["duration"] * rows["width"]
    y = rows["y"] + row * pitch + measure(page, "above") + measure(page, "block") / 2
    return x, y


def measure(page: Page, name: str) -> float:
    script = "(name) => parseFloat(getComputedStyle(document.querySelector('.timeline-rows'))"
    return float(page.evaluate(f"{script}.getPropertyValue(`--${{name}}`))", name))


def time_at(page: Page, x: float) -> float:
    """The second under a place of the ruler, by a click on it."""
    ruler = box(page, ".timeline-ruler")
    page.mouse.click(x, ruler["y"] + 27)
    return last(page, "seeks")


def view(page: Page) -> tuple[float, float]:
    """The first and the last second in view, by clicks near both ends of the ruler."""
    ruler = box(page, ".timeline-ruler")
    left, right = (time_at(page, ruler["x"] + share * ruler["width"]) for share in (0.25, 0.75))
    half = right - left
    return left - half / 2, right + half / 2


def last(page: Page, what: str) -> Any:
    heard = page.evaluate(f"heard.{what}")
    assert heard
    return heard[-1]


def button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()
    settle(page)


def spoken(page: Page) -> str:
    return page.get_by_role("slider").get_attribute("aria-valuetext") or ""


def pixel(page: Page, x: float, y: float) -> list[int]:
    """Red, green, blue and alpha of the rows, at a place of the window."""
    return pixels(page, [x], y)[0]


def pixels(page: Page, xs: Sequence[float], y: float) -> list[list[int]]:
    """The same of several places at one height."""
    script = """([xs, y]) => {
        const canvas = document.querySelector(".timeline-rows canvas");
        const box = canvas.getBoundingClientRect();
        const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
        return xs.map((x) => {
            const place = [x - box.left, y - box.top].map((n) => Math.floor(n * devicePixelRatio));
            copy.clearRect(0, 0, 1, 1);
            copy.drawImage(canvas, ...place, 1, 1, 0, 0, 1, 1);
            return [...copy.getImageData(0, 0, 1, 1).data];
        });
    }"""
    settle(page)
    values: list[list[int]] = page.evaluate(script, [xs, y])
    return values


def touch(session: CDPSession, kind: str, *places: tuple[float, float]) -> None:
    """Put fingers down ("Start"), move them, or lift them ("End")."""
    points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(places)]
    session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
