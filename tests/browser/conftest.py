"""A real browser on the real service; whatever the browser complains of fails the test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Playwright,
    Response,
    sync_playwright,
)

from tests.prerequisites import missing
from tests.serving import Service, eventually

CHROMIUM = "/usr/bin/chromium"
SHELL = shutil.which("chromium-headless-shell") or CHROMIUM
"""The same engine without windows, in a third of the time; it has no cameras."""
Job = dict[str, Any]


@pytest.fixture(scope="package")
def started(shared_service: Service) -> Service:
    """The service that the page is of."""
    return shared_service


@pytest.fixture(scope="package")
def service(started: Service) -> str:
    """Its address."""
    return started.url


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    if not Path(CHROMIUM).exists():
        missing(f"these tests need Chromium at {CHROMIUM}")
    with sync_playwright() as playwright:
        yield playwright


@contextmanager
def chromium(playwright: Playwright, *flags: str, program: str = SHELL) -> Iterator[Browser]:
    """A browser of its own."""
    always = ["--no-sandbox", "--disable-background-networking"]
    browser = playwright.chromium.launch(executable_path=program, args=[*always, *flags])
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with chromium(playwright) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, service: str) -> Iterator[Page]:
    """A fresh page. Errors, violations of the Content-Security-Policy, requests to other sites and
    missing files fail the test; answers of the API that are errors do not."""
    context = browser.new_context(base_url=service, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    complaints = collect_complaints(page, service)
    yield page
    context.close()
    assert not complaints


def collect_complaints(page: Page, service: str) -> list[str]:
    """What the browser will have to complain of; the list grows while the page is used."""
    complaints: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        api = message.text.startswith("Failed to load resource")
        if message.type in ("error", "warning") and not api:
            complaints.append(message.text)

    api = (f"{service}/jobs", f"{service}/uploads")

    def on_response(response: Response) -> None:
        if response.status >= 400 and not response.url.startswith(api):
            complaints.append(f"{response.status} {response.url}")

    def on_request(url: str) -> None:
        if not url.startswith((service, "blob:")):
            complaints.append(f"asked another site: {url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("response", on_response)
    page.on("request", lambda request: on_request(request.url))
    return complaints


@pytest.fixture(scope="package")
def finished(browser: Browser, service: str, samples: Path) -> Callable[..., Job]:
    """The finished job of a sample, ``finished(name, annotate="0")``; each is sent once."""
    return finishing(browser, service, samples)


def finishing(browser: Browser, service: str, samples: Path) -> Callable[..., Job]:
    """What ``finished`` is, of any service."""

    @cache
    def send(name: str, **options: str) -> Job:
        context = browser.new_context(base_url=service)
        response = context.request.post("/jobs", multipart={"video": samples / name, **options})
        address = response.headers["location"]

        def ended() -> Job | None:
            job: Job = context.request.get(address).json()
            return job if job["state"] in ("done", "failed") else None

        job: Job = eventually(ended, "the end of the job")
        context.close()
        assert job["state"] == "done", job
        return job

    return send


def until(page: Page, script: str, argument: Any = None, seconds: float = 20.0) -> Any:
    """The first true value of a script; the page's policy forbids Playwright's own waiting."""
    return eventually(lambda: page.evaluate(script, argument), script, seconds)
