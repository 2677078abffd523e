"""The first face of the page, on a web that has no worker: jobs wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Locator, Page

from tests.browser.conftest import collect_complaints

SEND = "Recognise actions"
LINK = "https://example.org/a.mp4"


@contextmanager
def page_of(browser: Browser, url: str, **context: Any) -> Iterator[Page]:
    """A page of a web; its jobs are removed in the end. What the browser complains of fails the
    test."""
    opened = browser.new_context(base_url=url, **context)
    page = opened.new_page()
    complaints = collect_complaints(page, url)
    page.goto("/")
    yield page
    for job in opened.request.get("/jobs").json()["jobs"]:
        opened.request.delete(job["url"])
    opened.close()
    assert not complaints


def link_field(page: Page) -> Locator:
    return page.get_by_label("or paste a link")


def file_field(page: Page) -> Locator:
    return page.locator("#video")


def send(page: Page, link: str = LINK) -> None:
    """Fill the form with a link, and send it."""
    link_field(page).fill(link)
    page.get_by_role("button", name=SEND).click()


def waiting(page: Page) -> Locator:
    """What is seen once a job was accepted."""
    return page.get_by_text("Waiting for a free worker")


def step(page: Page) -> Locator:
    """The button beside what went wrong."""
    return page.locator("#problem").get_by_role("button")
