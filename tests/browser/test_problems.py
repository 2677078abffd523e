"""What went wrong is said with the next step, and nothing that was typed is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.start import (
    LINK,
    SEND,
    file_field,
    link_field,
    page_of,
    send,
    step,
    waiting,
)
from tests.web_alone import web_alone


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a web that takes one job, of 1 MB and with three labels at most."""
    limits = {"max_queued_jobs": 1, "max_upload_mb": 1, "max_labels": 3}
    with web_alone(tmp_path_factory.mktemp("problems"), **limits) as (url, _):
        yield url


@pytest.fixture
def page(browser: Browser, web: str) -> Iterator[Page]:
    with page_of(browser, web) as page:
        yield page


def test_a_full_queue_is_tried_again_when_there_may_be_room(page: Page) -> None:
    first = page.request.post("/jobs", form={"url": LINK}).json()
    page.clock.install()
    page.get_by_text("Options").click()
    page.get_by_label("Actions to look for").fill("juggling")
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("Too many videos wait")
    expect(page.get_by_role("alert")).to_be_focused()
    again = step(page)
    expect(again).to_have_text("Try again in 30 s")
    expect(again).to_be_disabled()
    page.clock.run_for(12_000)
    expect(again).to_have_text("Try again in 18 s")
    page.clock.run_for(20_000)
    expect(again).to_have_text("Try again")

    again.click()
    expect(again).to_be_disabled()
    page.clock.run_for(31_000)
    page.request.delete(f"/jobs/{first['id']}")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(waiting(page)).to_be_visible()
    [job] = page.request.get("/jobs").json()["jobs"]
    assert job["id"] in page.url


def test_a_lost_connection_can_be_tried_again_at_once(page: Page) -> None:
    page.context.set_offline(True)
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("The connection was lost")
    expect(link_field(page)).to_have_value(LINK)
    page.context.set_offline(False)
    step(page).click()
    expect(waiting(page)).to_be_visible()


def test_a_wrong_link_waits_in_its_field_to_be_corrected(page: Page) -> None:
    field = link_field(page)
    send(page, "ftp://example.org/a.mp4")
    expect(page.get_by_role("alert")).to_contain_text("starts with http:// or https://")
    expect(field).to_be_focused()
    expect(field).to_have_value("ftp://example.org/a.mp4")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(step(page)).to_be_hidden()
    # All of it is selected: what is typed or pasted takes its place.
    page.keyboard.type(LINK)
    expect(field).to_have_value(LINK)
    expect(field).not_to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Enter")
    expect(waiting(page)).to_be_visible()


def test_labels_that_cannot_be_used_wait_in_their_field(page: Page, short: Path) -> None:
    file_field(page).set_input_files(short)
    page.get_by_text("Options").click()
    field = page.get_by_label("Actions to look for")
    field.fill("a, b, c, d")
    page.get_by_text("Options").click()
    expect(field).to_be_hidden()
    page.get_by_role("button", name=SEND).click()
    expect(page.get_by_role("alert")).to_contain_text("labels")
    expect(field).to_be_focused()
    expect(field).to_have_value("a, b, c, d")
    expect(page.locator("#chosen")).to_contain_text(short.name)
    page.keyboard.type("a, b")
    page.keyboard.press("Enter")
    expect(waiting(page)).to_be_visible()


def test_a_file_that_is_too_large_is_told_with_both_sizes(page: Page, tmp_path: Path) -> None:
    large = tmp_path / "large.mp4"
    large.write_bytes(bytes(1_300_000))
    file_field(page).set_input_files(large)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("button", name=SEND).click()
    expect(page.get_by_role("alert")).to_contain_text("1.3 MB and 1 MB are allowed")
    assert asked == []
    expect(step(page)).to_have_text("Choose another file")
    small = tmp_path / "small.mp4"
    small.write_bytes(bytes(1000))
    with page.expect_file_chooser() as chooser:
        step(page).click()
    chooser.value.set_files(small)
    expect(page.locator("#chosen")).to_have_text("small.mp4 (1 kB)")
    expect(page.locator("#problem")).to_be_hidden()


def test_nothing_to_send_offers_to_choose_a_file(page: Page, short: Path) -> None:
    page.get_by_role("button", name=SEND).click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a video file, or paste a link")
    expect(page.get_by_role("alert")).to_be_focused()
    with page.expect_file_chooser() as chooser:
        step(page).click()
    chooser.value.set_files(short)
    page.get_by_role("button", name=SEND).click()
    expect(waiting(page)).to_be_visible()


@pytest.fixture
def short(make_video: Callable[..., Path]) -> Path:
    return make_video("problems.mp4", "-f", "lavfi", "-i", "testsrc2=d=1:s=64x48:r=10")
