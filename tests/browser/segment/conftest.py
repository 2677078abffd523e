"""A page with nothing but the segment's panel, under the service's own headers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, render_template, send_from_directory
from jinja2 import ChoiceLoader, FileSystemLoader
from playwright.sync_api import Browser, Page

from config import ROOT
from har.web.security import guard
from tests.browser.conftest import collect_complaints, until
from tests.browser.segment.results import EARLIER, SHEETS, Job, job, write_sheets
from tests.wsgi import answering

HERE = Path(__file__).parent / "page"
Open = Callable[..., Page]


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the page, and of the sheets of its job's frames."""
    sheets = {"made-up": tmp_path_factory.mktemp("own"), EARLIER: tmp_path_factory.mktemp("square")}
    assert write_sheets(sheets["made-up"], 16 / 9) == SHEETS
    write_sheets(sheets[EARLIER], 1.0)
    app = Flask("segment", static_folder=str(ROOT / "static"))
    app.jinja_loader = ChoiceLoader([FileSystemLoader(HERE), FileSystemLoader(ROOT / "templates")])
    app.after_request(guard)

    @app.get("/")
    def page() -> str:
        return render_template("index.html")

    @app.get("/<name>")
    def files(name: str) -> Response:
        return send_from_directory(HERE, name)

    @app.get("/jobs/<name>/frames/<int:number>.jpg")
    def frames(name: str, number: int) -> Response:
        return send_from_directory(sheets[name], f"frames-{number}.jpg")

    with answering(app) as url:
        yield url


@pytest.fixture
def open_page(browser: Browser, site: str) -> Iterator[Open]:
    """``open_page(**context)``: the page with job(). Its complaints fail the test."""
    contexts, complaints = [], []

    def opened(**options: Any) -> Page:
        context = browser.new_context(viewport={"width": 1000, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        complaints.append(collect_complaints(page, site))
        page.goto(site)
        until(page, "window.ready")
        call(page, "show", job())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not any(complaints), complaints


def call(page: Page, name: str, argument: Job | int) -> None:
    page.evaluate(f"(text) => {{ {name}(JSON.parse(text)); }}", json.dumps(argument))
