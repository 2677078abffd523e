"""The list of the last videos, which the browser keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.start import file_field, link_field, page_of, send, waiting
from tests.web_alone import web_alone

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with web_alone(tmp_path_factory.mktemp("recent")) as (url, _):
        yield url


@pytest.fixture
def page(browser: Browser, web: str) -> Iterator[Page]:
    with page_of(browser, web, locale="en-GB", timezone_id="UTC") as page:
        yield page


def shelf(page: Page) -> Locator:
    return page.get_by_role("region", name="Your last videos")


def names(page: Page) -> list[str]:
    return shelf(page).get_by_role("link").all_inner_texts()


def keep(page: Page, *jobs: Any) -> None:
    """Have the browser keep jobs, and show the page anew."""
    page.evaluate("(text) => localStorage.setItem('jobs', text)", json.dumps(jobs))
    page.goto("/")


def kept(name: str, when: int = 0) -> dict[str, Any]:
    return {"id": name, "name": name, "when": when}


def test_what_was_accepted_is_remembered_and_opened_again(page: Page, tmp_path: Path) -> None:
    expect(shelf(page)).to_be_hidden()
    send(page, "https://www.example.org/long/way.mp4")
    expect(waiting(page)).to_be_visible()
    address = page.url
    video = tmp_path / "holiday.mp4"
    video.write_bytes(bytes(2000))
    page.goto("/")
    file_field(page).set_input_files(video)
    page.get_by_role("button", name="Recognise actions").click()
    expect(waiting(page)).to_be_visible()

    page.goto("/")
    assert names(page) == ["holiday.mp4", "example.org/long/way.mp4"]
    expect(shelf(page).locator("time").first).to_have_text("just now")
    shelf(page).get_by_role("link", name="way.mp4").click()
    expect(waiting(page)).to_be_visible()
    assert page.url == address


def test_what_was_refused_is_not_remembered(page: Page) -> None:
    send(page, "ftp://example.org/a.mp4")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(shelf(page)).to_be_hidden()


def test_what_was_cancelled_is_forgotten(page: Page) -> None:
    send(page)
    expect(waiting(page)).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(link_field(page)).to_be_visible()
    expect(shelf(page)).to_be_hidden()


def test_no_more_than_ten_are_kept(page: Page) -> None:
    keep(page, *(kept(f"{n}.mp4") for n in range(10)))
    send(page, "https://example.org/new.mp4")
    expect(waiting(page)).to_be_visible()
    page.goto("/")
    assert names(page) == ["example.org/new.mp4", *(f"{n}.mp4" for n in range(9))]


def test_each_can_be_forgotten_by_keyboard(page: Page) -> None:
    send(page)
    expect(waiting(page)).to_be_visible()
    job = page.url.partition("job=")[2]
    keep(page, {"id": job, "name": "one", "when": 0}, kept("two"), kept("three"))
    shelf(page).get_by_role("button", name="Forget one").focus()
    page.keyboard.press("Enter")
    assert names(page) == ["two", "three"]
    expect(shelf(page).get_by_role("button", name="Forget two")).to_be_focused()
    assert page.request.get(f"/jobs/{job}").ok, "the service has it still"
    shelf(page).get_by_role("button", name="Forget three").press("Enter")
    expect(shelf(page).get_by_role("button", name="Forget two")).to_be_focused()
    page.keyboard.press("Enter")
    expect(shelf(page)).to_be_hidden()
    expect(page.locator("#start-title")).to_be_focused()
    page.goto("/")
    expect(shelf(page)).to_be_hidden()


def test_all_can_be_forgotten_also_for_another_tab(page: Page) -> None:
    keep(page, kept("one"), kept("two"))
    other = page.context.new_page()
    other.goto("/")
    expect(shelf(other).get_by_role("link")).to_have_count(2)
    shelf(page).get_by_role("button", name="Forget all").click()
    expect(shelf(page)).to_be_hidden()
    expect(shelf(other)).to_be_hidden()
    assert page.evaluate("localStorage.length") == 0


def test_one_that_is_gone_leaves_the_list_when_it_is_opened(page: Page) -> None:
    keep(page, kept("gone"), kept("other"))
    shelf(page).get_by_role("link", name="gone").click()
    expect(page.get_by_role("alert")).to_contain_text("no such job")
    assert names(page) == ["other"]


def test_when_is_told_as_people_do(page: Page) -> None:
    page.clock.set_fixed_time(NOON)
    minutes = [0.5, 5, 59, 60, 26 * 60, 3 * 24 * 60, 40 * 24 * 60]
    sent = [NOON - timedelta(minutes=age) for age in minutes]
    keep(page, *(kept(str(when), int(when.timestamp() * 1000)) for when in sent))
    assert shelf(page).locator("time").all_inner_texts() == [
        "just now",
        "5 minutes ago",
        "59 minutes ago",
        "1 hour ago",
        "yesterday",
        "3 days ago",
        "12 Oct 2026",
    ]
    exact = "2026-11-21T11:55:00.000Z"
    expect(shelf(page).locator("time").nth(1)).to_have_attribute("datetime", exact)


@pytest.mark.parametrize(
    "rubbish",
    [
        "{",
        pytest.param("7", marks=pytest.mark.slow),
        pytest.param('{"a": 1}', marks=pytest.mark.slow),
        '[null, 3, {"id": 1}, {"id": "x"}]',
    ],
)
def test_what_it_did_not_keep_itself_is_not_shown(page: Page, rubbish: str) -> None:
    page.evaluate("(text) => localStorage.setItem('jobs', text)", rubbish)
    page.goto("/")
    expect(link_field(page)).to_be_visible()
    expect(shelf(page)).to_be_hidden()
    send(page)
    expect(waiting(page)).to_be_visible()
    page.goto("/")
    assert names(page) == ["example.org/a.mp4"]


def test_a_name_is_text(page: Page) -> None:
    keep(page, {"id": "a&b=c#d", "name": "<b>x</b>.mp4", "when": 0})
    assert names(page) == ["<b>x</b>.mp4"]
    expect(shelf(page).get_by_role("link")).to_have_attribute("href", "?job=a%26b%3Dc%23d")


def test_a_browser_that_keeps_nothing_shows_no_list(page: Page) -> None:
    page.add_init_script(
        """Object.defineProperty(window, "localStorage", {
            get() { throw new DOMException("denied", "SecurityError"); },
        });"""
    )
    page.goto("/")
    send(page)
    expect(waiting(page)).to_be_visible()
    page.goto("/")
    expect(link_field(page)).to_be_visible()
    expect(shelf(page)).to_be_hidden()
