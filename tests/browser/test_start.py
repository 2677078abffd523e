"""From the form to a timeline, or to an error that says what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from har.models.labels import spaced
from har.types import ZERO_SHOT
from tests.browser.conftest import until
from tests.media.site import Site, content
from tests.serving import PATIENCE, eventually

SEND = "Recognise actions"
LONG = PATIENCE * 1000


@pytest.fixture
def short_video(make_video: Callable[..., Path]) -> Path:
    return make_video("page.mp4", "-f", "lavfi", "-i", "testsrc2=d=1:s=160x120:r=10")


@pytest.fixture
def site(short_video: Path) -> Iterator[Site]:
    with Site() as site:
        site.routes["/page.mp4"] = content(short_video.read_bytes(), "video/mp4")
        yield site


def test_a_chosen_file_becomes_a_timeline(page: Page, samples: Path) -> None:
    page.goto("/")
    page.get_by_label("Choose a file").set_input_files(samples / "real" / "gymnastics.mp4")
    expect(page.locator("#chosen")).to_have_text("gymnastics.mp4 (0.6 MB)")
    page.get_by_role("button", name=SEND).click()
    expect(page.locator("#watch")).to_be_visible(timeout=LONG)

    labels = {spaced(action["label"]) for action in result_of(page)["timeline"]}
    names = page.locator(".timeline-names li span[title]")
    eventually(
        lambda: {name.partition(":")[0] for name in names.all_inner_texts()} == labels,
        "the timeline's labels",
    )


def test_a_dropped_file_is_sent(page: Page, short_video: Path) -> None:
    page.goto("/")
    files = page.evaluate_handle(
        """(bytes) => {
            const files = new DataTransfer();
            files.items.add(new File([new Uint8Array(bytes)], "dropped.mp4"));
            return files;
        }""",
        list(short_video.read_bytes()),
    )
    page.dispatch_event("#drop", "dragover", {"dataTransfer": files})
    expect(page.locator("#drop")).to_have_class(re.compile("over"))
    page.dispatch_event("#drop", "drop", {"dataTransfer": files})
    expect(page.locator("#drop")).not_to_have_class(re.compile("over"))
    expect(page.locator("#chosen")).to_contain_text("dropped.mp4")
    page.get_by_role("button", name=SEND).click()
    expect(page.locator("#watch")).to_be_visible(timeout=LONG)


def test_a_pasted_link_is_fetched(page: Page, site: Site) -> None:
    page.goto("/")
    page.get_by_label("or paste a link").fill(f"{site.url}/page.mp4")
    page.get_by_role("button", name=SEND).click()
    expect(page.get_by_role("list").get_by_text("Fetch the video")).to_be_visible()
    expect(page.locator("#watch")).to_be_visible(timeout=LONG)
    until(page, "document.querySelector('video').videoWidth === 160")


def test_a_link_is_pasted_anywhere_and_sent_by_enter(page: Page, site: Site) -> None:
    page.goto("/")
    field = page.get_by_label("or paste a link")
    field.fill(f"{site.url}/page.mp4")
    field.press("Control+a")
    field.press("Control+x")
    page.locator("#start-title").focus()
    page.keyboard.press("Control+v")
    expect(field).to_have_value(f"{site.url}/page.mp4")
    expect(field).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#watch")).to_be_visible(timeout=LONG)


def test_what_is_no_link_is_not_pasted_into_the_field(page: Page) -> None:
    page.goto("/")
    labels = page.get_by_label("Actions to look for")
    page.get_by_text("Options").click()
    labels.fill("riding a horse, e.g. slowly")
    labels.press("Control+a")
    labels.press("Control+x")
    page.locator("#start-title").focus()
    page.keyboard.press("Control+v")
    labels.press("Control+v")
    expect(labels).to_have_value("riding a horse, e.g. slowly")
    expect(page.get_by_label("or paste a link")).to_have_value("")


def test_a_file_is_pasted_anywhere(page: Page, short_video: Path) -> None:
    page.goto("/")
    page.get_by_label("or paste a link").fill("https://example.org/a.mp4")
    page.evaluate(
        """(bytes) => {
            const clipboardData = new DataTransfer();
            clipboardData.items.add(new File([new Uint8Array(bytes)], "pasted.mp4"));
            const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true });
            document.activeElement.dispatchEvent(paste);
        }""",
        list(short_video.read_bytes()),
    )
    expect(page.locator("#chosen")).to_contain_text("pasted.mp4")
    expect(page.get_by_label("or paste a link")).to_have_value("")
    page.get_by_role("button", name=SEND).click()
    expect(page.locator("#watch")).to_be_visible(timeout=LONG)


def test_a_file_and_a_link_replace_each_other(page: Page, short_video: Path) -> None:
    page.goto("/")
    page.get_by_label("Choose a file").set_input_files(short_video)
    page.get_by_label("or paste a link").fill("https://example.org/a.mp4")
    expect(page.locator("#chosen")).to_be_empty()
    page.get_by_label("Choose a file").set_input_files(short_video)
    expect(page.get_by_label("or paste a link")).to_have_value("")


def test_the_labels_given_are_the_ones_looked_for(page: Page, samples: Path) -> None:
    page.goto("/")
    page.get_by_label("Choose a file").set_input_files(samples / "real" / "exercise_1080p.mp4")
    page.get_by_text("Options").click()
    page.get_by_label("Actions to look for").fill(", water skiing, riding a horse,")
    page.get_by_role("button", name=SEND).click()
    expect(page.locator("#watch")).to_be_visible(timeout=LONG)

    result = result_of(page)
    assert result["labels"] == ["WaterSkiing", "HorseRiding"]
    unsure = [clip for clip in result["segment_predictions"] if clip["source"] in ZERO_SHOT]
    assert {label for clip in unsure for label, _ in clip["top5"]} <= set(result["labels"])


def test_a_file_that_is_no_video_gets_the_services_sentence(page: Page, tmp_path: Path) -> None:
    note = tmp_path / "note.mp4"
    note.write_text("This is not a video.\n" * 100)
    page.goto("/")
    page.get_by_label("Choose a file").set_input_files(note)
    page.get_by_role("button", name=SEND).click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The file is not a video", timeout=LONG)

    problem = page.request.post("/predict", multipart={"video": note}).json()
    expect(alert).to_have_text(re.compile(re.escape(problem["detail"])))
    expect(page.locator("#chosen")).to_contain_text("note.mp4")
    with page.expect_file_chooser():
        page.locator("#problem").get_by_role("button", name="Choose another file").click()


def test_a_link_to_nowhere_keeps_its_error_over_a_reload(page: Page, site: Site) -> None:
    link = f"{site.url}/gone.mp4"
    page.goto("/")
    page.get_by_label("or paste a link").fill(link)
    page.get_by_role("button", name=SEND).click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("link", timeout=LONG)
    expect(page.get_by_label("or paste a link")).to_have_value(link)
    said = alert.inner_text()
    page.reload()
    expect(alert).to_have_text(re.compile(re.escape(said.splitlines()[-1].strip())))


def test_an_upload_shows_how_far_it_is_and_can_be_cancelled(page: Page, samples: Path) -> None:
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    page.goto("/")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 300_000}
    network.send("Network.emulateNetworkConditions", slow)
    page.get_by_label("Choose a file").set_input_files(samples / "real" / "water_sport.mp4")
    page.get_by_role("button", name=SEND).click()
    expect(page.locator("[aria-current=step]")).to_have_text("Send the video")
    bar = "document.querySelector('#progress').value"
    first = until(page, f"{bar} > 0 && {bar} < 1 && {bar}")
    until(page, f"(first) => {bar} > first && {bar} < 1", first)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#start")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.locator("#chosen")).to_contain_text("water_sport.mp4")


def test_an_unknown_job_is_said(page: Page) -> None:
    page.goto("/?job=nothing")
    expect(page.get_by_role("alert")).to_contain_text("no such job")
    expect(page.locator("#start")).to_be_visible()


def result_of(page: Page) -> dict[str, Any]:
    """The result of the job that the page shows, once it is there."""
    job = page.evaluate("new URLSearchParams(location.search).get('job')")
    address = f"/jobs/{job}"
    eventually(lambda: page.request.get(address).json()["state"] == "done", "the result")
    result: dict[str, Any] = page.request.get(address).json()["result"]
    return result
