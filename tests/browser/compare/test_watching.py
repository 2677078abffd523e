"""A job that two models were asked about, on the page."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from har.models.labels import spaced
from tests.browser.compare.conftest import OTHER
from tests.browser.conftest import Job, until
from tests.browser.everyone import SLOW, violations
from tests.browser.test_looks import picture
from tests.browser.watching import (
    NOW,
    Finished,
    action_at,
    clips_shown,
    overflowing,
    seek,
    watch,
)

ASKED = {"models": f"bilstm,{OTHER}", "annotate": "0", "threshold": "1"}
"""Of every clip the second model is surer than the first can be."""


@pytest.fixture
def job(finished: Finished, halves: Path) -> Job:
    return finished(str(halves), **ASKED)


def compared(result: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = result["comparison"]
    return found


def choose(page: Page, name: str, where: str = "#timeline") -> None:
    page.locator(where).get_by_role("radio", name=name).check()


def differing(result: dict[str, Any]) -> float:
    """A second at which the two models say something else."""
    ends = [0.0, *(one["end"] for one in compared(result)["agreement"]["stretches"])]
    starts = [one["start"] for one in compared(result)["agreement"]["stretches"]]
    gaps = zip(ends, [*starts, result["video"]["duration"]], strict=True)
    return next(float(end + start) / 2 for end, start in gaps if start - end > 0.5)


def test_where_they_agree_is_told_and_leads_there(page: Page, job: Job) -> None:
    result = watch(page, job)
    agreement = compared(result)["agreement"]
    assert 0 < agreement["share"] < 1
    summary = page.locator("#agreement summary")
    share = f"{100 * agreement['share']:.0f}%"
    expect(summary).to_have_text(f"BiLSTM and TimeSformer say the same for {share} of the video")
    summary.focus()
    page.keyboard.press("Enter")
    entries = page.locator("#agreement li")
    expect(entries).to_have_count(len(agreement["stretches"]))
    stretch = agreement["stretches"][-1]
    expect(entries.last).to_contain_text(spaced(stretch["label"]))
    entries.last.get_by_role("button").press("Enter")
    until(page, f"(time) => Math.abs({NOW} - time) < 0.05", stretch["start"])


def test_of_a_moment_both_are_told_where_they_differ(page: Page, job: Job) -> None:
    result = watch(page, job)
    seek(page, differing(result))
    first, second = (
        action_at(each, differing(result))["label"] for each in (result, compared(result))
    )
    expect(page.locator("#overlay [data-label]")).to_have_text(spaced(first))
    said = f"TimeSformer: {spaced(second)}"
    for place in ("#overlay", "#detail"):
        expect(page.locator(f"{place} [data-other]")).to_contain_text(said)
    seek(page, compared(result)["agreement"]["stretches"][-1]["end"] - 0.2)
    expect(page.locator("#overlay [data-other]")).to_be_hidden()
    expect(page.locator("#detail [data-other]")).to_contain_text("TimeSformer says the same")


def test_the_chosen_model_is_the_one_of_panel_table_and_files(page: Page, job: Job) -> None:
    result = watch(page, job)
    second = compared(result)
    page.get_by_text("All clips as a table").click()
    panel, rows = page.locator("#detail"), page.locator("#table tbody tr[aria-rowindex]")
    expect(rows).to_have_count(len(result["segment_predictions"]))
    expect(panel.locator("[data-other]")).to_contain_text("TimeSformer")
    expect(panel.get_by_role("button", name="Wrong? Fix it")).to_be_visible()
    choose(page, "TimeSformer", "#model-of-table")
    expect(rows).to_have_count(len(second["segment_predictions"]))
    expect(panel).to_contain_text("Trained model (TimeSformer)")
    expect(panel.locator("[data-other]")).to_contain_text("BiLSTM")
    expect(panel.get_by_role("button", name="Wrong? Fix it")).to_be_hidden()
    for where in ("#timeline", "#model-of-files"):
        expect(page.locator(where).get_by_role("radio", name="TimeSformer")).to_be_checked()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV", exact=True).click()
    table = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8"))))
    assert [row["label"] for row in table] == [action["label"] for action in second["timeline"]]
    choose(page, "BiLSTM", "#model-of-files")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV", exact=True).click()
    table = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8"))))
    assert [row["label"] for row in table] == [action["label"] for action in result["timeline"]]


def test_an_address_remembers_the_model(page: Page, job: Job) -> None:
    result = watch(page, job)
    page.keyboard.press("m")
    page.keyboard.press("]")
    until(page, f"location.search.includes('model={OTHER}')")
    other = page.context.new_page()
    other.goto(page.evaluate("location.href"))
    expect(other.locator("#timeline").get_by_role("radio", name="TimeSformer")).to_be_checked()
    last = len(compared(result)["segment_predictions"]) - 1
    watch(page, job, f"&model={OTHER}&clip={last}")
    page.get_by_text("All clips as a table").click()
    expect(page.locator("#table tr.selected")).to_have_attribute("aria-rowindex", str(last + 2))
    watch(page, job, "&model=nonsense")
    expect(page.locator("#timeline").get_by_role("radio", name="BiLSTM")).to_be_checked()


def test_the_filter_is_for_both(page: Page, job: Job) -> None:
    result = watch(page, job)
    clips = [*result["segment_predictions"], *compared(result)["segment_predictions"]]
    page.get_by_text("Filter:").click()
    page.get_by_role("button", name="semantic, zero-shot").click()
    kept = sum(clip["source"] == "semantic" for clip in clips)
    assert 0 < kept < len(clips)
    assert clips_shown(page) == f"{kept} of {len(clips)} clips"


def test_both_are_named(page: Page, job: Job) -> None:
    result = watch(page, job)
    for each in (result, compared(result)):
        expect(page.locator("#models")).to_contain_text(each["models"]["trained"])


def test_a_correction_changes_where_they_agree(
    page: Page, halves: Path, finished: Finished
) -> None:
    other = finished(str(halves), **ASKED, stride="8")
    before = page.locator("#agreement summary")
    watch(page, other)
    said = before.inner_text()
    page.get_by_role("button", name="Wrong? Fix it").click()
    page.get_by_label("What does it show?").fill("walking on bars")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#detail").get_by_role("status")).to_contain_text("Saved")
    expect(before).not_to_have_text(said)
    expect(page.locator(".timeline-lanes p")).to_have_text(["BiLSTM", "TimeSformer"])


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (360, "dark"),
        pytest.param(360, "light", marks=SLOW),
        pytest.param(768, "dark", marks=SLOW),
        pytest.param(1600, "light", marks=SLOW),
    ],
)
def test_everyone_can_use_it(page: Page, job: Job, width: int, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    result = watch(page, job)
    seek(page, differing(result))
    page.locator("#agreement summary").click()
    page.get_by_text("All clips as a table").click()
    choose(page, "TimeSformer")
    assert overflowing(page) == []
    assert violations(page) == []
    picture(page, f"compared-{width}-{scheme}")
