"""The page of a service that asks for a key, and what browsers let other sites do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from config import Settings
from har.jobs import keys
from har.jobs.database import connect
from har.jobs.queue import Queue
from tests.browser.conftest import collect_complaints
from tests.media.site import Site, content
from tests.web_alone import web_alone

SEND = "Recognise actions"


@pytest.fixture
def key(settings: Settings) -> str:
    engine = connect(settings)
    made = keys.add(engine, "alice", None)
    engine.dispose()
    return made


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """The page of a web that has no worker, and takes videos only with a key."""
    with web_alone(tmp_path, require_key=1) as (url, _):
        context = browser.new_context(base_url=url)
        page = context.new_page()
        complaints = collect_complaints(page, url)
        yield page
        context.close()
        assert not complaints


def test_a_key_is_asked_for_and_kept_in_the_tab(page: Page, key: str, settings: Settings) -> None:
    page.goto("/")
    field = page.get_by_label("Your key")
    expect(field).to_have_accessible_description(re.compile("Whoever runs this service"))
    page.get_by_label("or paste a link").fill("https://example.org/a.mp4")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("button", name=SEND).click()
    expect(page.get_by_role("alert")).to_contain_text("A key is needed")
    expect(field).to_be_focused()
    assert asked == []

    field.fill("har_wrong ключ")
    page.get_by_role("button", name=SEND).click()
    expect(page.get_by_role("alert")).to_contain_text("The key is not known")
    expect(field).to_be_focused()
    assert not [url for url in asked if url.endswith("/jobs")], "the video is not sent in vain"

    field.fill(f" {key} ")
    page.get_by_role("button", name=SEND).click()
    expect(page.get_by_text("Waiting for a free worker")).to_be_visible()
    assert key not in page.url
    page.goto("/")
    expect(field).to_have_value(f" {key} ")
    [job] = Queue(settings).records.latest("@alice", 9, None)
    assert job.source == "https://example.org/a.mp4"


def test_a_page_from_before_keys_were_needed_asks_for_one(page: Page) -> None:
    page.goto("/")
    page.evaluate("document.querySelector('#key').required = false")
    page.evaluate("document.querySelector('#key-field').hidden = true")
    page.get_by_label("or paste a link").fill("https://example.org/a.mp4")
    page.get_by_role("button", name=SEND).click()
    expect(page.get_by_role("alert")).to_contain_text("Ask whoever runs this service for one")
    expect(page.get_by_label("Your key")).to_be_focused()


def test_a_page_of_another_site_sends_nothing(browser: Browser, tmp_path: Path) -> None:
    """A form needs no leave to be sent anywhere; the answer is what tells."""
    with web_alone(tmp_path) as (url, _), Site() as site:
        form = f"<form method=post action={url}/jobs><input name=url value=https://a.org><button>"
        site.routes["/"] = content(form.encode(), "text/html")
        page = browser.new_page()
        page.goto(site.url.replace("127.0.0.1", "localhost"))
        with page.expect_response(f"{url}/jobs") as answer:
            page.get_by_role("button").click()
        assert answer.value.status == 403
        assert answer.value.json()["code"] == "cross_site"
        page.close()
    assert not Queue(Settings(data_dir=tmp_path / "var")).records.ids()
