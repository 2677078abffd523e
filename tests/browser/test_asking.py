"""Asking again and correcting, on the real service: with the mouse, and with nothing but keys."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from har.captions import SPOKEN
from har.models.labels import VOCABULARY, spaced
from har.types import UNKNOWN, ZERO_SHOT
from tests.browser.conftest import Job, until
from tests.browser.everyone import violations

Finished = Callable[..., Job]
GYMNASTICS = "real/gymnastics.mp4"
MINE = ["playing chess", "riding a horse", "gymnastics on bars"]
LABELS = [VOCABULARY.label(name) for name in MINE]
WORDS = [spaced(label) for label in LABELS]


def watch(page: Page, job: Job) -> None:
    page.goto(f"/?job={job['id']}")
    expect(page.locator("#detail")).to_contain_text("clip 1 of")


def result_of(page: Page, job: Job) -> dict[str, Any]:
    result: dict[str, Any] = page.request.get(f"/jobs/{job['id']}").json()["result"]
    return result


def labels_of(result: dict[str, Any]) -> list[str]:
    return [clip["label"] for clip in result["segment_predictions"]]


def who_named(result: dict[str, Any]) -> str:
    """What the page says of a result for which the zero-shot model was asked about every clip."""
    clips = result["segment_predictions"]
    named = sum(label != UNKNOWN for label in labels_of(result)) or "none"
    return (
        f"BiLSTM named none of {len(clips)} clips; the {SPOKEN[clips[0]['source']]} model, asked "
        f"about {len(clips)}, named {named}. CLIP was not used: switched off."
    )


def zero_shot_bars(page: Page) -> set[str]:
    names = page.locator("[data-zero-shot] li:not(.none) .name").all_inner_texts()
    return set(names)


def test_other_names_are_asked_for_and_the_first_ones_again(page: Page, finished: Finished) -> None:
    job = finished(GYMNASTICS, annotate="0", threshold="1")
    watch(page, job)
    expect(page.locator("#strip")).to_contain_text(who_named(job["result"]))
    page.get_by_text("Actions to look for: the service's own list").click()
    page.get_by_label("Ask again with other names").fill(", ".join(MINE))
    page.get_by_role("button", name="Ask again").click()
    answer = page.locator("#vocabulary").get_by_role("status")
    expect(answer).to_have_text(re.compile(r"Scored anew in \d+\.\d s, \d+ clips? changed\."))
    result = result_of(page, job)
    expect(page.locator("#strip")).to_contain_text(who_named(result))
    assert result["labels"] == LABELS
    assert set(labels_of(result)) <= {*LABELS, "Unknown"}
    expect(page.get_by_text("Actions to look for: 3 actions of yours")).to_be_visible()
    assert zero_shot_bars(page) == set(WORDS)
    assert violations(page) == []
    page.reload()
    page.get_by_text("Actions to look for: 3 actions of yours").click()
    expect(page.get_by_label("Ask again with other names")).to_have_value(", ".join(WORDS))
    page.get_by_role("button", name="Back to the first list").click()
    expect(answer).to_contain_text("Scored anew")
    expect(page.get_by_role("button", name="Back to the first list")).to_be_hidden()
    again = result_of(page, job)
    assert again["labels"] is None
    assert labels_of(again) == labels_of(job["result"])


def test_keys_alone_ask_again(page: Page, finished: Finished) -> None:
    job = finished(GYMNASTICS, annotate="0", threshold="1")
    watch(page, job)
    page.locator("#vocabulary summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Ask again with other names")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(", ".join(MINE[1:]))
    page.keyboard.press("Enter")
    expect(page.locator("#vocabulary").get_by_role("status")).to_contain_text("Scored anew")
    assert result_of(page, job)["labels"] == LABELS[1:]
    assert zero_shot_bars(page) == set(WORDS[1:])


def test_names_that_cannot_be_used_are_told_beside_the_field(
    page: Page, finished: Finished
) -> None:
    job = finished(GYMNASTICS, annotate="0", threshold="1")
    watch(page, job)
    before = result_of(page, job)
    page.locator("#vocabulary summary").click()
    field = page.get_by_label("Ask again with other names")
    alert = page.locator("#vocabulary").get_by_role("alert")
    for names, told in ((" , ,", "Name at least one action"), ("x" * 101, "100 characters")):
        field.fill(names)
        page.get_by_role("button", name="Ask again").click()
        expect(alert).to_contain_text(told)
        assert violations(page) == []
    expect(field).to_have_value("x" * 101)
    assert result_of(page, job) == before


def test_a_whole_action_is_corrected_and_taken_away(page: Page, finished: Finished) -> None:
    job = finished("real/arm_wrestling.mp4", annotate="0")
    watch(page, job)
    said = labels_of(job["result"])
    count = next((n for n, label in enumerate(said) if label != said[0]), len(said))
    assert 1 < count < len(said)
    page.get_by_role("button", name="Wrong? Fix it").click()
    page.get_by_label("What does it show?").fill("walking on bars")
    page.get_by_label(f"All {count} clips of this action").check()
    page.get_by_role("button", name="Save").click()
    panel = page.locator("#detail")
    expect(panel.get_by_role("status")).to_have_text(
        f"Saved: {count} clips are walking on bars now."
    )
    expect(panel.get_by_role("heading", level=2)).to_have_text("walking on bars")
    source = job["result"]["segment_predictions"][0]["source"]
    by = f"the {SPOKEN[source]} model" if source in ZERO_SHOT else SPOKEN[source]
    expect(panel).to_contain_text(f"Corrected by a person; {by} said {spaced(said[0])}.")
    assert violations(page) == []
    after = result_of(page, job)
    assert labels_of(after) == ["walking on bars"] * count + said[count:]
    assert after["timeline"][0]["label"] == "walking on bars"
    with page.expect_download() as download:
        panel.get_by_role("link", name="Corrections as training data").click()
    names = zipfile.ZipFile(download.value.path()).namelist()
    assert names == ["clips/walking_on_bars/1.mp4", "manifest.csv"]
    page.reload()
    panel.get_by_role("button", name=f"Undo all {count}").click()
    expect(panel.get_by_role("status")).to_contain_text(f"Undone: {count} clips")
    expect(panel.get_by_role("link", name="Corrections as training data")).to_be_hidden()
    assert result_of(page, job)["timeline"] == job["result"]["timeline"]


def test_keys_alone_correct_a_clip_and_undo_it(page: Page, finished: Finished) -> None:
    job = finished(GYMNASTICS, annotate="0")
    watch(page, job)
    opener = page.get_by_role("button", name="Wrong? Fix it")
    field = page.get_by_label("What does it show?")
    opener.focus()
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("Space")
    # The page's own keys are letters here: K plays, J and L skip.
    page.keyboard.type("kl jump")
    page.keyboard.press("Enter")
    expect(page.locator("#detail").get_by_role("status")).to_have_text(
        "Saved: 1 clip is kl jump now."
    )
    expect(opener).to_be_focused()
    assert page.evaluate("document.querySelector('video').paused")
    assert labels_of(result_of(page, job))[:2] == [
        "kl jump",
        job["result"]["segment_predictions"][1]["label"],
    ]
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#detail").get_by_role("status")).to_contain_text("Undone: 1 clip has")
    assert result_of(page, job)["timeline"] == job["result"]["timeline"]


def test_a_correction_that_is_not_taken_says_why(page: Page, finished: Finished) -> None:
    job = finished("real/water_sport.mp4", annotate="0", stride="32")
    watch(page, job)
    opener = page.get_by_role("button", name="Wrong? Fix it")
    alert = page.locator("#detail").get_by_role("alert")
    opener.click()
    page.get_by_label("What does it show?").fill("cleaning a pool")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Undo").wait_for()
    page.request.delete(f"/jobs/{job['id']}")
    page.get_by_role("button", name="Undo").click()
    expect(alert).to_contain_text("There is no")
    opener.click()
    expect(alert).to_be_hidden()
    page.get_by_label("What does it show?").fill("swimming")
    page.keyboard.press("Enter")
    expect(alert).to_contain_text("There is no")
    expect(page.get_by_label("What does it show?")).to_have_value("swimming")


@pytest.mark.parametrize(
    "sample", [GYMNASTICS, pytest.param("real/water_sport.mp4", marks=pytest.mark.slow)]
)
def test_thumbnails_are_the_frames_of_the_video_and_seek(
    page: Page, finished: Finished, sample: str
) -> None:
    job = finished(sample)
    watch(page, job)
    bright = """[...document.querySelectorAll(".thumbnails canvas")].filter((canvas) => {
        const brush = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
        brush.drawImage(canvas, 0, 0, 1, 1);
        return brush.getImageData(0, 0, 1, 1).data[3] === 255;
    }).length"""
    until(page, f"{bright} === 8")
    page.get_by_role("button", name="Go to").nth(3).click()
    until(page, "Math.abs(document.querySelector('video').currentTime - 14 / 12.5) < 0.05")
