"""A finished job: the player, the timeline and the panel agree at every second."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from har.models.labels import spaced
from tests.browser.conftest import Job, until

Finished = Callable[..., Job]
GYMNASTICS = "real/gymnastics.mp4"
NOW = "document.querySelector('video').currentTime"


def watch(page: Page, job: Job) -> dict[str, Any]:
    """Open a job's page; the result it shows."""
    page.goto(f"/?job={job['id']}")
    expect(page.locator("#watch")).to_be_visible()
    until(page, "document.querySelector('video').readyState >= 2")
    return job["result"]


def seek(page: Page, time: float) -> None:
    page.evaluate("(time) => { document.querySelector('video').currentTime = time; }", time)
    until(page, "!document.querySelector('video').seeking")


def action_at(result: dict[str, Any], time: float) -> dict[str, Any]:
    return next(a for a in reversed(result["timeline"]) if a["start"] <= time)


def percent(fraction: float, places: str) -> str:
    """As JavaScript rounds: a half goes up."""
    return f"{Decimal(100 * fraction).quantize(Decimal(places), ROUND_HALF_UP)}%"


def segments(page: Page) -> Locator:
    return page.locator("#segments button")


@pytest.mark.parametrize("fraction", [0.05, 0.3, 0.55, 0.95])
def test_the_overlay_names_the_action_of_the_moment(
    page: Page, finished: Finished, fraction: float
) -> None:
    result = watch(page, finished(GYMNASTICS))
    seek(page, fraction * result["video"]["duration"])
    action = action_at(result, page.evaluate(NOW))
    overlay = page.locator("#overlay")
    expect(overlay.locator("[data-label]")).to_have_text(spaced(action["label"]))
    sure = "" if action["label"] == "Unknown" else percent(action["confidence"], "1")
    expect(overlay.locator("[data-confidence]")).to_have_text(sure)
    expect(page.locator("#segments [aria-current]")).to_have_count(1)
    name = page.locator("#segments [aria-current]").get_attribute("aria-label") or ""
    assert name.startswith(f"{spaced(action['label'])}, ")


def test_a_click_on_a_segment_seeks_under_the_pointer(page: Page, finished: Finished) -> None:
    result = watch(page, finished(GYMNASTICS))
    for action, button in zip(result["timeline"], segments(page).all(), strict=True):
        box = button.bounding_box()
        assert box
        button.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
        middle = (action["start"] + action["end"]) / 2
        until(page, f"(time) => Math.abs({NOW} - time) < 0.1", middle)
        expect(button).to_have_attribute("aria-current", "true")
    head, bar = page.locator("#playhead").bounding_box(), page.locator("#segments").bounding_box()
    assert head
    assert bar
    place = (head["x"] + head["width"] / 2 - bar["x"]) / bar["width"]
    assert place == pytest.approx(middle / result["video"]["duration"], abs=0.02)


def test_the_keyboard_reaches_every_segment_and_seeks_to_its_start(
    page: Page, finished: Finished
) -> None:
    result = watch(page, finished(GYMNASTICS))
    segments(page).first.focus()
    page.keyboard.press("Shift+Tab")
    for action, button in zip(result["timeline"], segments(page).all(), strict=True):
        page.keyboard.press("Tab")
        expect(button).to_be_focused()
        assert button.evaluate("(node) => getComputedStyle(node).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        until(page, f"(time) => Math.abs({NOW} - time) < 0.01", action["start"])
        expect(button).to_have_attribute("aria-current", "true")


def test_playing_moves_the_playhead_and_the_overlay(page: Page, finished: Finished) -> None:
    result = watch(page, finished(GYMNASTICS))
    left = "parseFloat(document.querySelector('#playhead').style.left)"
    page.evaluate("Object.assign(document.querySelector('video'), { muted: true }).play()")
    places = []
    while len(places) < 4 or places[-1] < 10:
        until(page, f"(before) => {left} > before", places[-1] if places else 0)
        places.append(page.evaluate(left))
    assert places == sorted(places)
    page.evaluate("document.querySelector('video').pause()")
    action = action_at(result, page.evaluate(NOW))
    expect(page.locator("#overlay [data-label]")).to_have_text(spaced(action["label"]))


def test_the_panel_shows_the_top_five_of_the_clip(page: Page, finished: Finished) -> None:
    result = watch(page, finished(GYMNASTICS))
    for clip in result["segment_predictions"]:
        seek(page, (clip["start"] + clip["end"]) / 2)
        expect(page.locator("#detail-label")).to_have_text(spaced(clip["label"]))
        rows = page.locator("[data-said] li").all()
        assert len(rows) == 5
        for row, (label, confidence) in zip(rows, clip["top5"], strict=True):
            expect(row.locator("span")).to_have_text(spaced(label))
            expect(row.locator("b")).to_have_text(percent(confidence, "0.1"))
        expect_trained(page, clip)


def expect_trained(page: Page, clip: dict[str, Any]) -> None:
    trained = clip["trained"]["top5"] if "trained" in clip else []
    expect(page.locator("[data-trained] li")).to_have_count(len(trained))
    expect(page.locator("[data-trained] li span")).to_have_text([spaced(n) for n, _ in trained])
    if clip["reason"]:
        expect(page.locator("[data-reason]")).to_contain_text(clip["reason"])


def test_zero_shot_segments_are_hatched_and_unknown_is_grey(page: Page, finished: Finished) -> None:
    trained = finished(GYMNASTICS, threshold="0")
    zero_shot = [finished(name, threshold="1") for name in (GYMNASTICS, "real/water_sport.mp4")]
    seen = set()
    for job in (trained, *zero_shot):
        result = watch(page, job)
        for action, button in zip(result["timeline"], segments(page).all(), strict=True):
            unknown = action["label"] == "Unknown"
            hatched = action["source"] in ("clip", "objects") and not unknown
            image, colour = button.evaluate(
                "(n) => [getComputedStyle(n).backgroundImage, getComputedStyle(n).backgroundColor]"
            )
            assert ("gradient" in image) == hatched
            assert (colour == "rgb(196, 200, 206)") == unknown
            seen.add(hatched)
    assert seen == {True, False}


def test_the_overlay_can_be_switched_off_and_on(page: Page, finished: Finished) -> None:
    watch(page, finished(GYMNASTICS))
    switch = page.get_by_label("Show the action over the picture")
    expect(page.locator("#overlay")).to_be_visible()
    switch.uncheck()
    seek(page, 5.0)
    expect(page.locator("#overlay")).to_be_hidden()
    switch.check()
    expect(page.locator("#overlay")).to_be_visible()


def test_the_overlay_goes_full_screen_with_the_video(page: Page, finished: Finished) -> None:
    watch(page, finished(GYMNASTICS))
    page.get_by_role("button", name="Full screen").click()
    until(page, "document.fullscreenElement?.contains(document.querySelector('#overlay'))")
    expect(page.locator("#overlay")).to_be_visible()


def test_a_reload_keeps_the_result_and_back_leaves_it(page: Page, finished: Finished) -> None:
    page.goto("/")
    watch(page, finished(GYMNASTICS))
    count = segments(page).count()
    page.reload()
    expect(page.locator("#watch")).to_be_visible()
    expect(segments(page)).to_have_count(count)
    page.go_back()
    expect(page.locator("#start")).to_be_visible()
    page.go_forward()
    expect(segments(page)).to_have_count(count)
    page.get_by_role("link", name="New video").click()
    expect(page.locator("#start")).to_be_visible()


@pytest.mark.parametrize("sample", ["real/old_xvid.avi", "odd/h265_video.mp4"])
def test_what_the_browser_cannot_play_is_shown_as_the_annotated_copy(
    page: Page, finished: Finished, sample: str
) -> None:
    job = finished(sample)
    page.goto(f"/?job={job['id']}")
    expect(page.locator("#instead")).to_contain_text("annotated copy")
    until(page, "document.querySelector('video').readyState >= 2")
    assert page.evaluate("document.querySelector('video').currentSrc").endswith("annotated.mp4")
    expect(page.locator("#overlay")).to_be_hidden()
    expect(page.get_by_label("Show the action over the picture")).to_be_hidden()
    segments(page).last.click()
    expect(segments(page).last).to_have_attribute("aria-current", "true")


def test_what_the_browser_cannot_play_and_has_no_copy_keeps_its_timeline(
    page: Page, finished: Finished
) -> None:
    job = finished("real/old_xvid.avi", annotate="0")
    page.goto(f"/?job={job['id']}")
    expect(page.locator("#instead")).to_contain_text("no annotated copy")
    expect(page.get_by_role("link", name="Annotated video")).to_be_hidden()
    expect(segments(page)).to_have_count(len(job["result"]["timeline"]))


def test_a_clock_that_starts_late_is_followed(page: Page, finished: Finished) -> None:
    result = watch(page, finished("odd/test_non_zero_start.mp4"))
    start, duration = result["video"]["start"], result["video"]["duration"]
    assert start > 8
    until(page, f"(start) => {NOW} >= start - 0.001", start)
    segments(page).first.click()
    until(page, f"(time) => Math.abs({NOW} - time) < 0.06", start + duration / 2)


def test_what_can_be_taken_away(page: Page, finished: Finished) -> None:
    job = finished(GYMNASTICS)
    watch(page, job)
    with page.expect_download() as download:
        page.get_by_role("link", name="Annotated video").click()
    assert download.value.path().read_bytes()[4:8] == b"ftyp"
    assert download.value.suggested_filename.endswith(".mp4")
    address = page.get_by_role("link", name="JSON").get_attribute("href")
    assert address
    assert page.request.get(address).json()["result"] == job["result"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1600])
def test_nothing_is_cut_off_at_any_width(
    page: Page, finished: Finished, width: int, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/")
    page.get_by_text("Options").click()
    assert overflowing(page) == []
    watch(page, finished(GYMNASTICS))
    assert overflowing(page) == []
    expect(page.locator("body")).to_have_css("color-scheme", re.compile("light dark"))


def overflowing(page: Page) -> list[str]:
    """Visible elements that stick out of the window's right side."""
    return page.evaluate(
        """() => [...document.querySelectorAll("main *, header *")]
            .filter((n) => n.checkVisibility() && !n.closest(".unseen"))
            .filter((n) => n.getBoundingClientRect().right > innerWidth + 0.5)
            .map((n) => n.outerHTML.slice(0, 80))"""
    )
