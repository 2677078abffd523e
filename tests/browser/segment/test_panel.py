"""The segment's panel: what both models said, by how much, and where the trained one looked."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from har.models.labels import spaced
from tests.browser.conftest import until
from tests.browser.segment.conftest import Open, call
from tests.browser.segment.results import (
    CLIPS,
    COUNT,
    EARLIER,
    FPS,
    FRAMES,
    START,
    STRIDE,
    THRESHOLDS,
    job,
)

TRAINED, BOTH, UNNAMED, CORRECTED, NOTHING = 0, 1, 2, 4, 7


def model(page: Page, name: str) -> Locator:
    """What is said of the "trained" model or of "zero-shot"."""
    return page.locator(f"[data-{name}]")


def rows(page: Page, name: str) -> list[str]:
    """The bars of a model that are shown, as text."""
    texts = model(page, name).get_by_role("listitem").all_inner_texts()
    return [" ".join(text.split()) for text in texts]


def listed(top: Any) -> list[str]:
    return [f"{spaced(label)} {100 * p:.1f}%" for label, p in top]


def test_the_trained_model_alone_has_its_bars(open_page: Open) -> None:
    page = open_page()
    panel = page.locator("#detail")
    expect(page.get_by_role("heading", level=2)).to_have_text(re.compile("Walking\\s*88%"))
    expect(model(page, "trained").get_by_role("heading")).to_have_text("Trained model (BiLSTM)")
    expect(panel).to_contain_text("0:07.6, clip 1 of 8")
    expect(panel).to_contain_text("Named by BiLSTM, the trained model.")
    assert rows(page, "trained") == listed(CLIPS[TRAINED].top5)
    expect(model(page, "trained")).to_contain_text(
        "88.1% sure of Walking, which is enough: it needs 55.0%."
    )
    assert rows(page, "zero-shot") == []
    expect(model(page, "zero-shot")).to_contain_text("Not asked")


def test_beside_the_zero_shot_model_the_trained_one_has_its_own_bars(open_page: Open) -> None:
    page = open_page()
    call(page, "clip", BOTH)
    clip = CLIPS[BOTH]
    assert clip.trained
    assert rows(page, "trained") == listed(clip.trained.top)
    assert rows(page, "zero-shot") == listed(clip.top5)
    expect(model(page, "zero-shot").get_by_role("heading")).to_have_text("Zero-shot model (CLIP)")
    expect(model(page, "trained")).to_contain_text(
        "31.2% sure of Jumping jacks, less than the 55.0% it needs. So CLIP was asked."
    )
    expect(model(page, "zero-shot")).to_contain_text("41.0% sure of Rock climbing, which is")
    expect(page.locator(".winner .name")).to_have_text("Rock climbing")
    expect(page.locator("#detail")).to_contain_text("Named by CLIP, zero-shot, as BiLSTM is not")


def test_numbers_that_differ_look_different(open_page: Open) -> None:
    page = open_page()
    call(page, "clip", UNNAMED)
    expect(page.get_by_role("heading", level=2)).to_have_text(re.compile("Unknown\\s*$"))
    expect(page.locator("#detail")).to_contain_text("Neither BiLSTM nor CLIP is sure of this.")
    expect(model(page, "trained")).to_contain_text("54.96% sure of Squats, less than the 55.00%")
    expect(model(page, "zero-shot")).to_contain_text(
        "29.96% sure of Rock climbing, less than the 30.00%"
    )
    expect(page.locator(".winner")).to_have_count(0)


def test_a_clip_in_which_nothing_is_done(open_page: Open) -> None:
    page = open_page()
    call(page, "clip", NOTHING)
    expect(page.get_by_role("heading", level=2)).to_have_text(re.compile("Unknown\\s*$"))
    expect(page.locator("#detail")).to_contain_text("BiLSTM sees no action here.")
    assert rows(page, "trained") == listed(CLIPS[NOTHING].top5)
    expect(model(page, "trained")).to_contain_text(
        "90.5% sure of Standing still, which is enough: it needs 55.0%."
    )
    expect(model(page, "zero-shot")).to_contain_text("Not asked")
    expect(page.locator(".winner")).to_have_count(0)


def test_the_form_tells_of_how_many_clips_the_zero_shot_model_was_asked(open_page: Open) -> None:
    page = open_page()
    page.get_by_text("Actions to look for").click()
    expect(page.locator("#vocabulary")).to_contain_text(
        "The trained model was not sure of 4 of 8 clips. For those, CLIP, which"
    )


@pytest.mark.parametrize(("index", "name"), [(TRAINED, "trained"), (BOTH, "zero-shot")])
def test_bars_and_thresholds_are_drawn_to_one_scale(open_page: Open, index: int, name: str) -> None:
    page = open_page()
    call(page, "clip", index)
    region, threshold = model(page, name), THRESHOLDS[name.replace("-", "_")]
    track, fill, line = (
        region.locator(one).first.bounding_box() for one in (".bar", ".bar i", ".limit i")
    )
    assert track
    assert fill
    assert line
    place = (line["x"] + line["width"] / 2 - track["x"]) / track["width"]
    assert place == pytest.approx(threshold, abs=0.01)
    assert fill["width"] / track["width"] == pytest.approx(CLIPS[index].top5[0][1], abs=0.01)
    expect(region.locator(".limit")).to_have_text(f"needs {100 * threshold:.1f}%")


def test_a_corrected_clip_tells_what_the_model_had_said(open_page: Open) -> None:
    page = open_page()
    call(page, "clip", CORRECTED)
    expect(page.get_by_role("heading", level=2)).to_have_text(re.compile("Sitting down\\s*$"))
    expect(page.locator("#detail")).to_contain_text("Corrected by a person; BiLSTM said Walking.")
    assert rows(page, "trained") == listed(CLIPS[CORRECTED].top5)
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    link = page.get_by_role("link", name="Corrections as training data")
    expect(link).to_have_attribute("href", "/jobs/made-up/training.zip")
    expect(page.locator("[data-corrections]")).to_contain_text("(3 clips)")


def show_in(page: Page, name: str, facts: dict[str, int]) -> None:
    """Show a job whose video has these facts."""
    shown = job(name)
    shown["result"]["video"] |= facts
    call(page, "show", shown)


SHADES = "[...document.querySelectorAll('.thumbnails canvas')].map(shade)"
"""How bright the thumbnails are."""


@pytest.mark.parametrize(
    ("name", "index", "frames"),
    [("made-up", 0, FRAMES), ("made-up", 5, FRAMES), (EARLIER, 5, 16)],
)
def test_the_thumbnails_are_the_frames_of_the_clip(
    open_page: Open, name: str, index: int, frames: int
) -> None:
    page = open_page()
    show_in(page, name, {})
    call(page, "clip", index)
    each = frames // 8
    wanted = [index * STRIDE + k for k in range(each // 2, frames, each)]
    bright = [2 * k for k in wanted]
    until(page, f"(want) => {SHADES}.every((shade, at) => Math.abs(shade - want[at]) <= 3)", bright)
    assert len(page.evaluate(SHADES)) == 8
    shares = page.get_by_role("region", name="Attention").get_by_role("listitem")
    expect(shares).to_have_count(4)
    said = [" ".join(text.split()) for text in shares.all_inner_texts()]
    assert said == ["5% of it", "60% of it", "25% of it", "10% of it"]
    page.get_by_role("button", name="Go to").nth(2).click()
    assert page.evaluate("heard.seeks") == [START + wanted[2] / FPS]


@pytest.mark.parametrize(
    ("time", "frame"), [(0, 0), (START + 5.12, 64), (START + 5.19, 65), (1e6, COUNT - 1)]
)
def test_a_second_has_the_picture_of_its_frame(open_page: Open, time: float, frame: int) -> None:
    page = open_page()
    until(page, f"(time) => Math.abs(shade(pictureAt(time)) - {2 * frame}) <= 3", time)
    shape = page.evaluate("(time) => pictureAt(time).width / pictureAt(time).height", time)
    assert shape == pytest.approx(16 / 9, abs=0.02)


@pytest.mark.parametrize(
    ("name", "facts", "ratio"),
    [
        ("made-up", {"width": 320, "height": 180}, 16 / 9),
        # Of an anamorphic video, whose pixels are not square.
        ("made-up", {"width": 320, "height": 240}, 16 / 9),
        (EARLIER, {"width": 320, "height": 180}, 16 / 9),
        (EARLIER, {"width": 180, "height": 320}, 9 / 16),
    ],
)
def test_pictures_have_the_shape_of_what_they_show(
    open_page: Open, name: str, facts: dict[str, int], ratio: float
) -> None:
    """Nothing of another frame, or of none, is in their corners, up to the blur."""
    page = open_page()
    show_in(page, name, facts)
    last = 2 * (COUNT - 1)
    until(page, f"() => Math.abs(shade(pictureAt(1e6)) - {last}) <= 3")
    width, height = page.evaluate("[pictureAt(1e6).width, pictureAt(1e6).height]")
    assert width / height == pytest.approx(ratio, abs=0.02)
    for x, y in product((3, width - 4), (3, height - 4)):
        assert abs(page.evaluate(f"shadeAt(pictureAt(1e6), {x}, {y})") - last) <= 4
    place = page.locator(".thumbnails button").first.bounding_box()
    assert place
    assert place["width"] / place["height"] == pytest.approx(max(ratio, 0.8), abs=0.05)
