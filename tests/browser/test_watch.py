"""A finished job: the player, the timeline and the table agree at every second."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from playwright.sync_api import Page, expect

from har.models.labels import spaced
from tests.browser.conftest import until
from tests.browser.watching import GYMNASTICS, NOW, Finished, action_at, now, seek, watch
from tests.serving import eventually

SLIDER = "Position in the video"


def percent(fraction: float, places: str) -> str:
    """As JavaScript rounds: a half goes up."""
    return f"{Decimal(100 * fraction).quantize(Decimal(places), ROUND_HALF_UP)}%"


def spoken(page: Page) -> str:
    """What a screen reader says of the playhead."""
    return page.get_by_role("slider", name=SLIDER).get_attribute("aria-valuetext") or ""


def test_all_name_the_action_of_the_moment(page: Page, finished: Finished) -> None:
    result = watch(page, finished(GYMNASTICS))
    overlay, named = page.locator("#overlay"), page.locator(".timeline-names [aria-current]")
    for fraction in (0.05, 0.3, 0.55, 0.95):
        seek(page, fraction * result["video"]["duration"])
        action = action_at(result, now(page))
        label = spaced(action["label"])
        expect(overlay.locator("[data-label]")).to_have_text(label)
        sure = "" if action["label"] == "Unknown" else percent(action["confidence"], "1")
        expect(overlay.locator("[data-confidence]")).to_have_text(sure)
        expect(named).to_contain_text(label)
        assert spoken(page).endswith(f", {label}")


def test_a_click_on_the_timeline_seeks_under_the_pointer(page: Page, finished: Finished) -> None:
    result = watch(page, finished(GYMNASTICS))
    rows = page.locator(".timeline-rows").bounding_box()
    assert rows
    for action in result["timeline"]:
        middle = (action["start"] + action["end"]) / 2
        x = rows["x"] + rows["width"] * middle / result["video"]["duration"]
        page.mouse.click(x, rows["y"] + 12)
        until(page, f"(time) => Math.abs({NOW} - time) < 0.1", middle)
        expect(page.locator("#overlay [data-label]")).to_have_text(spaced(action["label"]))
    line = page.locator(".timeline-line").bounding_box()
    assert line
    assert line["x"] == pytest.approx(x, abs=3)


def test_what_is_under_the_pointer_is_told_with_its_picture(page: Page, finished: Finished) -> None:
    result = watch(page, finished(GYMNASTICS))
    rows = page.locator(".timeline-rows").bounding_box()
    assert rows
    page.mouse.move(rows["x"] + 0.5 * rows["width"], rows["y"] + 30)
    card = page.locator(".timeline-card")
    expect(card).to_contain_text(spaced(action_at(result, 5.0)["label"]))
    colours = """() => {
        const picture = document.querySelector(".timeline-picture canvas");
        const pixels = picture?.getContext("2d").getImageData(0, 0, 40, 30).data ?? [];
        return new Set(pixels).size;
    }"""
    assert eventually(lambda: page.evaluate(colours) > 20, "the frame under the pointer")


def test_a_row_of_the_table_leads_to_its_clip(page: Page, finished: Finished) -> None:
    result = watch(page, finished(GYMNASTICS))
    page.get_by_text("All clips as a table").click()
    rows = page.locator("#table tbody tr[aria-rowindex]")
    expect(rows).to_have_count(len(result["segment_predictions"]))
    clip = result["segment_predictions"][4]
    rows.nth(4).click()
    until(page, f"(time) => Math.abs({NOW} - time) < 0.01", clip["start"])
    seek(page, (clip["start"] + clip["end"]) / 2)
    expect(page.locator("#table [aria-current]")).to_contain_text(spaced(clip["label"]))


def test_playing_moves_the_playhead_and_the_overlay(page: Page, finished: Finished) -> None:
    result = watch(page, finished(GYMNASTICS))
    left = "document.querySelector('.timeline-line').getBoundingClientRect().x"
    page.evaluate("Object.assign(document.querySelector('video'), { muted: true }).play()")
    places = [page.evaluate(left)]
    while len(places) < 4:
        places.append(until(page, f"(before) => {left} > before && {left}", places[-1]))
    assert places == sorted(places)
    page.evaluate("document.querySelector('video').pause()")
    action = action_at(result, now(page))
    expect(page.locator("#overlay [data-label]")).to_have_text(spaced(action["label"]))


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
    stage = page.locator("#stage").bounding_box()
    assert stage
    gaps = (
        page.evaluate("innerWidth") - stage["width"],
        page.evaluate("innerHeight") - stage["height"],
    )
    assert min(gaps) == pytest.approx(0, abs=2)


def test_captions_say_the_same(page: Page, finished: Finished) -> None:
    result = watch(page, finished(GYMNASTICS))
    page.evaluate("document.querySelector('video').textTracks[0].mode = 'hidden'")
    cues = "document.querySelector('video').textTracks[0].cues"
    until(page, f"{cues}?.length")
    told = page.evaluate(f"[...{cues}].map((cue) => [cue.startTime, cue.endTime, cue.text])")
    named = [a for a in result["timeline"] if a["label"] != "Unknown"]
    assert [(start, end) for start, end, _ in told] == [(a["start"], a["end"]) for a in named]
    for (_, _, text), action in zip(told, named, strict=True):
        assert text.startswith(spaced(action["label"]))


def test_a_reload_keeps_the_moment_and_back_leaves_it(page: Page, finished: Finished) -> None:
    page.goto("/")
    watch(page, finished(GYMNASTICS))
    seek(page, 6.5)
    until(page, "location.search.includes('t=6.5')")
    page.reload()
    expect(page.locator("#watch")).to_be_visible()
    until(page, f"Math.abs({NOW} - 6.5) < 0.05")
    page.go_back()
    expect(page.locator("#start")).to_be_visible()
    page.go_forward()
    expect(page.locator("#watch")).to_be_visible()
    page.get_by_role("link", name="New video").click()
    expect(page.locator("#start")).to_be_visible()


@pytest.mark.parametrize("sample", ["real/old_xvid.avi", "odd/h265_video.mp4"])
def test_what_browsers_cannot_play_is_watched_as_a_copy(
    page: Page, finished: Finished, sample: str
) -> None:
    result = watch(page, finished(sample, annotate="0"))
    assert page.evaluate("document.querySelector('video').currentSrc").endswith("playable.mp4")
    seek(page, result["video"]["start"] + 0.5 * result["video"]["duration"])
    expect(page.locator("#instead")).to_be_hidden()
    expect(page.locator("#overlay")).to_be_visible()


def test_without_that_the_annotated_copy_is_shown(page: Page, finished: Finished) -> None:
    job = finished(GYMNASTICS)
    page.route("**/video", lambda route: route.abort())
    page.goto(f"/?job={job['id']}")
    expect(page.locator("#instead")).to_contain_text("annotated copy")
    until(page, "document.querySelector('video').readyState >= 2")
    assert page.evaluate("document.querySelector('video').currentSrc").endswith("annotated.mp4")
    expect(page.get_by_label("Show the action over the picture")).to_be_hidden()


def test_without_any_the_timeline_stays(page: Page, finished: Finished) -> None:
    job = finished(GYMNASTICS, annotate="0")
    page.route("**/video", lambda route: route.abort())
    page.goto(f"/?job={job['id']}")
    expect(page.locator("#instead")).to_contain_text("no copy to show")
    expect(page.get_by_role("link", name="Annotated video")).to_be_hidden()
    expect(page.locator(".timeline-names li")).not_to_have_count(0)


def test_a_clock_that_starts_late_is_followed(page: Page, finished: Finished) -> None:
    result = watch(page, finished("odd/test_non_zero_start.mp4"))
    start, duration = result["video"]["start"], result["video"]["duration"]
    assert start > 8
    until(page, f"(start) => {NOW} >= start - 0.001", start)
    page.locator(".timeline-ruler").click()
    until(page, f"(time) => Math.abs({NOW} - time) < 0.06", start + duration / 2)


def test_what_can_be_taken_away(page: Page, finished: Finished) -> None:
    result = watch(page, finished(GYMNASTICS))
    for name, head in {
        "Annotated video": b"ftyp",
        "CSV": b"t,en",
        "WebVTT": b"TT\n\n",
        "SRT": b" --> ",
        "ELAN": b"l ve",
        "YouTube chapters": b"0:00",
        "JSON": b'"vid',
    }.items():
        with page.expect_download() as download:
            page.get_by_role("link", name=name, exact=True).click()
        assert head in download.value.path().read_bytes()[:60], name
    seek(page, 0.5)
    action = action_at(result, 0.5)
    link = page.get_by_role("link", name="Cut out")
    expect(link).to_contain_text(spaced(action["label"]))
    with page.expect_download() as download:
        link.click()
    assert download.value.path().read_bytes()[4:8] == b"ftyp"


def test_the_link_to_a_moment_can_be_copied(page: Page, finished: Finished) -> None:
    watch(page, finished(GYMNASTICS))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    seek(page, 3.25)
    page.get_by_role("button", name="Copy link").click()
    link = eventually(lambda: page.evaluate("navigator.clipboard.readText()"), "the link")
    assert "t=3.25" in link
    page.goto(link)
    until(page, f"Math.abs({NOW} - 3.25) < 0.01")
