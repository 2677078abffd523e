"""A page with nothing but the timeline and its table, under the service's own headers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, send_from_directory
from playwright.sync_api import Browser, CDPSession, Page

from config import ROOT
from har.web.security import guard
from tests.browser.conftest import collect_complaints, until
from tests.browser.timeline.results import Result
from tests.wsgi import answering

HERE = Path(__file__).parent / "page"
Open = Callable[..., Page]


@pytest.fixture(scope="package")
def site() -> Iterator[str]:
    """The address of the page."""
    app = Flask("timeline", static_folder=str(ROOT / "static"))
    app.after_request(guard)

    @app.get("/")
    @app.get("/<name>")
    def files(name: str = "index.html") -> Response:
        return send_from_directory(HERE, name)

    with answering(app) as url:
        yield url


@pytest.fixture
def open_page(browser: Browser, site: str) -> Iterator[Open]:
    """``open_page(result, **context)``: the page with a result. Its complaints fail the test."""
    contexts, complaints = [], []

    def opened(result: Result, **options: Any) -> Page:
        viewport = {"width": 1000, "height": 800}
        options = {"viewport": viewport, "reduced_motion": "reduce", **options}
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        complaints.append(collect_complaints(page, site))
        page.goto(site)
        until(page, "window.ready")
        call(page, "show", result)
        settle(page)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not any(complaints), complaints


def call(page: Page, name: str, argument: Any) -> Any:
    """Call a function of the page; as text, a thousand segments are sent in no time."""
    return page.evaluate(f"(text) => {name}(JSON.parse(text))", json.dumps(argument))


def settle(page: Page) -> None:
    """Wait until what was asked for is drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def devtools(page: Page) -> CDPSession:
    return page.context.new_cdp_session(page)
