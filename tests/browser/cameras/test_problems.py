"""A camera that can't be had: what is wrong is said with the next step, and nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.browser.cameras.filming import (
    ELSEWHERE,
    TWO_CAMERAS,
    USE,
    page_with_camera,
    unplug,
    use,
)
from tests.browser.conftest import CHROMIUM, chromium, until
from tests.browser.everyone import violations
from tests.browser.start import file_field, step
from tests.web_alone import web_alone


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A web without a worker."""
    folder = tmp_path_factory.mktemp("camera-problems")
    with web_alone(folder, trusted_hosts=f"127.0.0.1,{ELSEWHERE}") as (url, _):
        yield url


@pytest.fixture
def page(sighted: Browser, web: str) -> Iterator[Page]:
    with page_with_camera(sighted, web) as page:
        yield page


COUNT = """
    window.asked = 0;
    const ask = navigator.mediaDevices.getUserMedia;
    navigator.mediaDevices.getUserMedia = function (...wanted) {
        window.asked += 1;
        return ask.apply(this, wanted);
    };
"""


def test_the_camera_is_asked_for_by_the_button_alone(page: Page) -> None:
    page.add_init_script(COUNT)
    page.reload()
    page.get_by_text("Options").click()
    assert page.evaluate("asked") == 0
    use(page)
    assert page.evaluate("asked") == 1
    assert page.evaluate("document.querySelector('#live video').srcObject.getAudioTracks()") == []


def test_cancel_lets_go_of_the_camera(page: Page) -> None:
    use(page)
    page.evaluate("window.track = document.querySelector('#live video').srcObject.getTracks()[0]")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#start-title")).to_be_focused()
    assert page.evaluate("track.readyState") == "ended"


def test_a_refusal_can_be_taken_back(sighted: Browser, web: str) -> None:
    with page_with_camera(sighted, web, allowed=False) as page:
        page.get_by_role("button", name=USE).click()
        expect(page.get_by_role("alert")).to_contain_text("The camera was refused")
        expect(page.get_by_role("alert")).to_be_focused()
        assert violations(page) == []
        page.context.grant_permissions(["camera"])
        step(page).click()
        expect(page.get_by_role("button", name="Start")).to_be_focused()


def test_no_camera(browser: Browser, web: str) -> None:
    with page_with_camera(browser, web) as page:
        page.get_by_role("button", name=USE).click()
        expect(page.get_by_role("alert")).to_contain_text("There is no camera")
        expect(step(page)).to_have_text("Try again")


def test_a_camera_in_use(page: Page) -> None:
    # What browsers say; there is no second program here to use one.
    page.evaluate(
        """() => { navigator.mediaDevices.getUserMedia = () =>
            Promise.reject(new DOMException("Could not start", "NotReadableError")); }"""
    )
    page.get_by_role("button", name=USE).click()
    expect(page.get_by_role("alert")).to_contain_text("Close the other program")
    expect(step(page)).to_have_text("Try again")


@pytest.mark.slow
def test_a_page_that_came_without_tls(sighted: Browser, web: str) -> None:
    context = sighted.new_context()
    page = context.new_page()
    page.goto(web.replace("127.0.0.1", ELSEWHERE))
    page.get_by_role("button", name=USE).click()
    expect(page.get_by_role("alert")).to_contain_text("address begins with https")
    with page.expect_file_chooser():
        step(page).click()
    context.close()


def test_a_camera_that_goes_before_the_start(page: Page) -> None:
    use(page)
    unplug(page.context)
    expect(page.get_by_role("alert")).to_contain_text("There is no camera")


@pytest.mark.slow
def test_another_camera_can_be_chosen(playwright: Playwright, web: str) -> None:
    name = "document.querySelector('#live video').srcObject?.getTracks()[0].label"
    two = chromium(playwright, *TWO_CAMERAS, program=CHROMIUM)
    with two as browser, page_with_camera(browser, web) as page:
        use(page)
        names = page.get_by_label("Camera", exact=True).locator("option").all_inner_texts()
        first = page.evaluate(name)
        [other] = set(names) - {first}
        page.get_by_label("Camera", exact=True).select_option(other)
        until(page, f"{name} === {other!r}")


def test_a_key_is_asked_for_before_the_camera(sighted: Browser, tmp_path: Path) -> None:
    with (
        web_alone(tmp_path, require_key=1) as (url, _),
        page_with_camera(sighted, url) as page,
    ):
        page.get_by_role("button", name=USE).click()
        expect(page.get_by_role("alert")).to_contain_text("A key is needed")
        expect(page.get_by_label("Your key")).to_be_focused()


@pytest.mark.slow
def test_a_file_is_chosen_after_all(page: Page, tmp_path: Path) -> None:
    """What is wrong with a file is no matter of the camera that was used before."""
    use(page)
    page.get_by_role("button", name="Cancel").click()
    note = tmp_path / "note.mp4"
    note.write_text("no video")
    file_field(page).set_input_files(note)
    page.get_by_role("button", name="Recognise actions").click()
    expect(page.get_by_text("Waiting for a free worker")).to_be_visible()
