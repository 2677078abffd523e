"""The API's documentation as people read it: narrow and wide, light and dark, on paper, by keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from config import ROOT
from tests.browser.conftest import collect_complaints, until
from tests.browser.everyone import SLOW, violations

Open = Callable[..., Page]
SCREENS = ROOT / "out" / "screens"
"""Where pictures are left to be looked at."""


@pytest.fixture
def docs(browser: Browser, service: str) -> Iterator[Open]:
    """``docs(width, **context)``: the documentation. What the browser complains of fails the
    test."""
    contexts, complaints = [], []

    def opened(width: int = 1280, **options: Any) -> Page:
        size = {"width": width, "height": 900}
        context = browser.new_context(base_url=service, viewport=size, **options)
        contexts.append(context)
        page = context.new_page()
        complaints.append(collect_complaints(page, service))
        page.goto("/docs")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not any(complaints)


def in_sight(page: Page, id: str) -> bool:
    """Whether an element begins on the screen."""
    box = page.locator(f"[id='{id}']").bounding_box()
    size = page.viewport_size
    assert box
    assert size
    return -1 <= box["y"] < size["height"]


UNFOLD = "document.querySelectorAll('details').forEach((each) => (each.open = true))"


@SLOW
@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1600, "light")])
def test_axe_finds_nothing(docs: Open, width: int, scheme: str) -> None:
    page = docs(width, color_scheme=scheme)
    page.evaluate(UNFOLD)
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=SLOW)])
def test_nothing_is_wider_than_the_page(docs: Open, scheme: str) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    page = docs(color_scheme=scheme)
    page.evaluate(UNFOLD)
    for width in (360, 768, 1024, 1280, 1600):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        for id in ("quick-start", "jobs_predict", "schema-Result"):
            page.evaluate("(id) => document.getElementById(id).scrollIntoView()", id)
            page.screenshot(path=SCREENS / f"docs-{id}-{width}-{scheme}.png")


def test_the_page_leads_to_it(page: Page) -> None:
    page.goto("/")
    page.get_by_role("banner").get_by_role("link", name="API").click()
    expect(page.get_by_role("heading", name="API", level=1)).to_be_visible()
    expect(page).to_have_title("API · Human action recognition")


@pytest.mark.parametrize("width", [360, 1600])
def test_the_contents_lead_to_their_headings(docs: Open, width: int) -> None:
    page = docs(width)
    contents = page.get_by_role("navigation", name="Contents")
    links = contents.get_by_role("link")
    assert links.count() > (6 if width == 360 else 40)
    # Every third, which are of all kinds.
    for i in range(0, links.count(), 3):
        link = links.nth(i)
        id = str(link.get_attribute("href")).removeprefix("#")
        named = " ".join(link.inner_text().split())
        page.evaluate("scrollTo(0, 0)")
        link.click()
        until(page, f"location.hash === '#{id}'")
        heading = page.locator(f"[id='{id}-title']")
        expect(heading).to_have_text(named, use_inner_text=True)
        assert in_sight(page, f"{id}-title")


def test_the_contents_stay_beside_a_wide_page(docs: Open) -> None:
    page = docs(1600)
    link = page.get_by_role("link", name="Errors", exact=True)
    link.click()
    assert in_sight(page, "errors-title")
    expect(link).to_be_in_viewport()


def test_it_is_read_with_keys_alone(docs: Open) -> None:
    page = docs(1600)
    for name in ("Human action recognition", "API", "an OpenAPI document", "Quick start", "Keys"):
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name=name, exact=True).first).to_be_focused()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    until(page, "location.hash === '#keys'")
    answer = page.get_by_label("An answer of POST /predict, application/json")
    answer.focus()
    page.keyboard.press("End")
    until(page, "document.activeElement.scrollTop > 100")


def test_a_command_is_copied(docs: Open) -> None:
    page = docs(permissions=["clipboard-read", "clipboard-write"])
    copy = page.get_by_role("button", name="Copy the command “Send a link and wait”").first
    sample = page.locator("#quick-start pre").nth(1)
    copy.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    expect(page.get_by_text("Copied", exact=True)).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == sample.text_content()
    assert copied.startswith("curl ")
    assert f'"{page.url.removesuffix("/docs")}/predict"' in copied


def test_it_is_read_without_scripts(docs: Open) -> None:
    page = docs(java_script_enabled=False)
    expect(page.get_by_role("heading", name="POST /predict")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    page.locator("#jobs_predict summary").click()
    expect(page.locator("#jobs_predict").get_by_role("link", name="too_large")).to_be_visible()


def test_a_code_leads_to_what_it_means(docs: Open) -> None:
    page = docs()
    page.locator("#jobs_predict summary").click()
    page.locator("#jobs_predict").get_by_role("link", name="too_large").click()
    assert in_sight(page, "code-too_large")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="too_large"))
    expect(row).to_contain_text("413")


def test_on_paper_nothing_is_folded_or_cut_off(docs: Open) -> None:
    page = docs(760)
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Contents")).to_be_hidden()
    expect(page.get_by_role("button").first).to_be_hidden()
    expect(page.locator("#jobs_predict details a").first).to_be_visible()
    example = page.get_by_label("An answer of POST /predict, application/json")
    assert example.evaluate("(node) => node.scrollHeight - node.clientHeight") == 0
