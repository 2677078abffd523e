"""From a card to a timeline with one click."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from har.media.examples import EXAMPLES
from tests.browser.start import link_field, page_of, waiting
from tests.serving import PATIENCE, eventually
from tests.web_alone import web_alone

LONG = PATIENCE * 1000
TITLE = EXAMPLES["carphone"].title


def test_one_click_leads_to_a_result(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name=TITLE).click()
    expect(page.locator("#watch")).to_be_visible(timeout=LONG)
    job = page.url.partition("job=")[2]
    eventually(lambda: page.request.get(f"/jobs/{job}").json()["state"] == "done", "the result")
    result = page.request.get(f"/jobs/{job}").json()["result"]
    assert result["timeline"][-1]["end"] == pytest.approx(EXAMPLES["carphone"].seconds, abs=0.1)
    page.goto("/")
    expect(page.get_by_role("region", name="Your last videos")).to_contain_text(TITLE)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with web_alone(tmp_path_factory.mktemp("examples")) as (url, _):
        yield url


@pytest.fixture
def alone(browser: Browser, web: str) -> Iterator[Page]:
    """A page whose jobs wait."""
    with page_of(browser, web) as page:
        yield page


def test_each_shows_its_picture_title_and_length(alone: Page) -> None:
    cards = alone.locator("[data-example]")
    expect(cards).to_have_count(len(EXAMPLES))
    for card, example in zip(cards.all(), EXAMPLES.values(), strict=True):
        said = f"{example.title} {example.seconds:g} seconds"
        expect(card).to_have_accessible_name(re.compile(rf"\s*{said}\s*"))
        assert card.locator("img").evaluate("(image) => image.decode().then(() => true)")


def test_one_is_started_by_keyboard_with_the_labels_that_were_typed(alone: Page) -> None:
    alone.get_by_text("Options").click()
    alone.get_by_label("Actions to look for").fill("talking, sleeping")
    alone.get_by_role("button", name="Recognise actions").focus()
    alone.keyboard.press("Tab")
    expect(alone.locator("[data-example]").first).to_be_focused()
    with alone.expect_request("**/jobs") as sent:
        alone.keyboard.press("Enter")
    form = sent.value.post_data or ""
    assert re.search(r'name="example"\s+bikes\s', form)
    assert re.search(r'name="labels"\s+talking,sleeping\s', form)
    expect(waiting(alone)).to_be_visible()
    expect(alone.get_by_text("Send the video")).to_be_hidden()


def test_a_lost_connection_is_tried_again_with_the_example(alone: Page) -> None:
    alone.context.set_offline(True)
    alone.get_by_role("button", name=TITLE).click()
    expect(alone.get_by_role("alert")).to_contain_text("The connection was lost")
    alone.context.set_offline(False)
    alone.get_by_role("button", name="Try again").click()
    expect(waiting(alone)).to_be_visible()


def test_a_key_is_asked_for(browser: Browser, tmp_path: Path) -> None:
    with web_alone(tmp_path, require_key=1) as (url, _):
        page = browser.new_page(base_url=url)
        page.goto("/")
        page.get_by_role("button", name=TITLE).click()
        expect(page.get_by_role("alert")).to_contain_text("A key is needed")
        expect(page.get_by_label("Your key")).to_be_focused()
        page.close()


def test_a_page_without_any_is_none_the_worse(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "skvideo").mkdir()
    (tmp_path / "skvideo" / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with web_alone(tmp_path) as (url, _), page_of(browser, url) as page:
        expect(page.locator("[data-example]")).to_have_count(0)
        expect(page.get_by_text("No video at hand?")).to_have_count(0)
        box = link_field(page).bounding_box()
        assert box is not None
        middle = box["x"] + box["width"] / 2
        assert middle == pytest.approx(1280 / 2, abs=10), "the form has all of the page"
