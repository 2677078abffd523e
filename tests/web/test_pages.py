"""The page as it is sent: nothing in it or its scripts that a strict policy would not run."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from config import ROOT, Settings
from har.web import create_app
from tests.web import action_words


class Inline(HTMLParser):
    """Collects what a strict policy would not run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name == "style" or name.startswith("on") or "javascript:" in (value or ""):
                self.found.append(f"{tag} {name}")
        given = dict(attributes)
        # Data is not run.
        if tag == "script" and given.get("type") != "application/json":
            self.scripts.append(given.get("src") or "inline")
        if tag in ("style", "base", "object", "embed", "iframe"):
            self.found.append(tag)


@pytest.mark.parametrize(
    ("address", "script"), [("/", "main.js"), ("/?job=x", "main.js"), ("/docs", "copy.js")]
)
def test_the_pages_have_nothing_inline(client: FlaskClient, address: str, script: str) -> None:
    parser = Inline()
    parser.feed(client.get(address).text)
    assert parser.found == []
    assert parser.scripts == [f"/static/js/{script}"]
    bad = Inline()
    bad.feed("<p style='x'><a onclick=y><a href='javascript:z'><script>1</script><style></style>")
    assert (len(bad.found), bad.scripts) == (4, ["inline"])


def test_a_service_that_takes_no_live_streams_offers_no_camera(
    client: FlaskClient, settings: Settings
) -> None:
    assert "Use the camera" in client.get("/").text
    deaf = create_app(dataclasses.replace(settings, live_streams=0)).test_client()
    assert "Use the camera" not in deaf.get("/").text


AS_HTML = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|DOMParser|\beval\b|"
    r"new Function|javascript:|\bstyle: |\bon[a-z]+: \"|setAttribute\(\"(style|on)|https?://\w"
)


def test_the_words_are_those_of_the_vocabulary() -> None:
    """Where they are not: python -m tests.web.action_words."""
    assert action_words.FILE.read_text("utf-8") == action_words.script()


def test_no_script_makes_html_of_text_or_asks_another_site() -> None:
    scripts = sorted((ROOT / "static" / "js").rglob("*.js"))
    assert len(scripts) > 40
    # No more than a visitor on a slow line should wait for.
    assert sum(path.stat().st_size for path in scripts) < 225_000
    for path in scripts:
        assert not AS_HTML.search(path.read_text("utf-8")), path.name
    for bad in ('x.innerHTML = "a"', 'element("p", { style: "a" })', 'fetch("https://a.org")'):
        assert AS_HTML.search(bad)
