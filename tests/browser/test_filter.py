"""The filter: what it keeps is kept everywhere, and the address carries it."""

from __future__ import annotations

import csv
import io
import re

import pytest
from playwright.sync_api import Page, expect

from har.models.labels import spaced
from har.types import UNKNOWN
from tests.browser.conftest import until
from tests.browser.watching import GYMNASTICS, NOW, Finished, clips_shown, mixed, watch


def press_until(page: Page, value: float) -> None:
    """Move the slider of the confidence by the keyboard alone."""
    slider = page.get_by_label("Confidence of at least")
    slider.focus()
    for _ in range(round(value / 0.05)):
        page.keyboard.press("ArrowRight")
    expect(slider).to_have_value(f"{value:g}")


def test_by_confidence_with_the_keyboard(page: Page, finished: Finished) -> None:
    result = watch(page, mixed(finished))
    page.get_by_text("Filter:").focus()
    page.keyboard.press("Enter")
    page.get_by_text("All clips as a table").click()
    clips = result["segment_predictions"]
    sure = sorted(clip["confidence"] for clip in clips)
    least = next(n / 20 for n in range(1, 20) if sure[0] < n / 20 <= sure[-1])
    press_until(page, least)
    kept = [clip for clip in clips if clip["confidence"] >= least]
    assert clips_shown(page) == f"{len(kept)} of {len(clips)} clips"
    expect(page.locator("#table tbody tr[aria-rowindex]")).to_have_count(len(kept))
    page.get_by_role("button", name="Clear the filter").click()
    assert clips_shown(page) == "all clips"


def test_by_label_and_model(page: Page, finished: Finished) -> None:
    result = watch(page, mixed(finished))
    clips = result["segment_predictions"]
    label = next(clip["label"] for clip in clips if clip["source"] == "bilstm")
    page.get_by_text("Filter:").click()
    chip = page.get_by_role("button", name=spaced(label), exact=True)
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true")
    count = sum(clip["label"] == label for clip in clips)
    assert clips_shown(page) == f"{count} of {len(clips)} clips"
    chip.click()
    page.get_by_role("button", name="BiLSTM", exact=True).click()
    count = sum(clip["source"] == "bilstm" for clip in clips)
    assert 0 < count < len(clips)
    assert clips_shown(page) == f"{count} of {len(clips)} clips"


def test_files_hold_what_is_kept(page: Page, finished: Finished) -> None:
    result = watch(page, mixed(finished))
    page.get_by_text("Filter:").click()
    page.get_by_role("button", name="BiLSTM", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV", exact=True).click()
    table = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8"))))
    wanted = [action for action in result["timeline"] if action["source"] == "bilstm"]
    assert [row["label"] for row in table] == [action["label"] for action in wanted]
    expect(page.get_by_text("what the filter keeps")).to_be_visible()


def test_a_permalink_carries_time_filter_rows_and_selection(page: Page, finished: Finished) -> None:
    result = watch(page, finished(GYMNASTICS))
    seconds: dict[str, float] = {}
    for one in result["timeline"]:
        seconds[one["label"]] = seconds.get(one["label"], 0.0) + one["end"] - one["start"]
    # The longest has the first row, but for Unknown.
    label = max(seconds, key=lambda one: (one != UNKNOWN, seconds[one]))
    action = next(one for one in result["timeline"] if one["label"] == label)
    page.get_by_text("Filter:").click()
    press_until(page, 0.1)
    page.get_by_role("button", name=spaced(label), exact=True).click()
    page.get_by_role("radio", name="By label").check()
    rows = page.locator(".timeline-rows")
    box = rows.bounding_box()
    assert box
    middle = (action["start"] + action["end"]) / 2 / result["video"]["duration"]
    rows.click(position={"x": middle * box["width"], "y": 12})
    until(page, "location.search.includes('clip=')")
    for part in ("min=0.1", "label=", "rows=labels", "t="):
        until(page, "(part) => location.search.includes(part)", part)
    shown, time = clips_shown(page), page.evaluate(NOW)
    other = page.context.new_page()
    other.goto(page.url)
    until(other, f"(time) => Math.abs({NOW} - time) < 0.05", time)
    assert clips_shown(other) == shown
    expect(other.get_by_role("radio", name="By label")).to_be_checked()
    expect(other.get_by_role("status").filter(has_text="Selected:")).to_have_count(1)
    assert re.search(r"[?&]min=0.1(&|$)", other.url)


@pytest.mark.parametrize("query", ["&t=nan&min=9&clip=-4&label=&source=%00&rows=x", "&t=1e99"])
def test_an_address_of_nonsense_does_no_harm(page: Page, finished: Finished, query: str) -> None:
    result = watch(page, finished(GYMNASTICS), query)
    end = result["video"]["start"] + result["video"]["duration"]
    until(page, f"(end) => {NOW} <= end + 0.01", end)
    expect(page.locator("#overlay")).to_be_visible()
