"""Large files are sent in parts: over a connection that is lost, and by a page that is left."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, CDPSession, Page, Request, expect

from tests.browser.conftest import collect_complaints, until
from tests.web_alone import web_alone

SEND = "Recognise actions"
LONG = 60_000
PART = 8 * 2**20
BAR = "document.querySelector('#progress').value"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the web's data are."""
    return tmp_path_factory.mktemp("web")


@pytest.fixture(scope="module")
def web(folder: Path) -> Iterator[str]:
    """The address of a web that has no worker."""
    with web_alone(folder) as (url, _):
        yield url


@pytest.fixture
def page(browser: Browser, web: str) -> Iterator[Page]:
    context = browser.new_context(base_url=web)
    page = context.new_page()
    complaints = collect_complaints(page, web)
    yield page
    context.close()
    assert not complaints


@pytest.fixture
def large(make_video: Callable[..., Path]) -> Path:
    """A video of three parts."""
    noise = "testsrc2=d=0.8:s=1280x720:r=15,noise=alls=80:allf=t"
    encoding = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "6", "-pix_fmt", "yuv420p")
    video = make_video("large.mp4", "-f", "lavfi", "-i", noise, *encoding)
    assert 2 * PART < video.stat().st_size < 3 * PART
    return video


class Line:
    """The connection of a page."""

    def __init__(self, page: Page) -> None:
        self._network: CDPSession = page.context.new_cdp_session(page)
        self._network.send("Network.enable")
        self.restore()

    def lose(self) -> None:
        self._emulate(offline=True)

    def restore(self) -> None:
        """Have it be there, and take some seconds for a large file."""
        self._emulate(offline=False)

    def _emulate(self, *, offline: bool) -> None:
        rates = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": 8_000_000}
        self._network.send("Network.emulateNetworkConditions", {"offline": offline, **rates})


@pytest.fixture
def asked(page: Page) -> list[tuple[str, str, int]]:
    """Method, path and offset of the requests of an upload; the list grows."""
    asked = []

    def hear(request: Request) -> None:
        path = request.url.removeprefix(page.url.rstrip("/"))
        if path.startswith("/uploads") or (request.method, path) == ("POST", "/jobs"):
            asked.append((request.method, path, int(request.headers.get("upload-offset", 0))))

    page.on("request", hear)
    return asked


def methods(asked: list[tuple[str, str, int]]) -> list[str]:
    return [method for method, _, _ in asked]


def parts(asked: list[tuple[str, str, int]]) -> list[int]:
    """Where the parts began that were sent."""
    return [offset for method, _, offset in asked if method == "PATCH"]


def choose(page: Page, video: Path) -> None:
    page.get_by_label("Choose a file").set_input_files(video)
    page.get_by_role("button", name=SEND).click()


def is_sent(page: Page, part: float) -> None:
    until(page, f"(part) => {BAR} > part && {BAR} < 1", part, 60)


def remembered(page: Page) -> list[str]:
    """The uploads that the browser would go on with."""
    names: list[str] = page.evaluate("Object.keys(localStorage)")
    return [name for name in names if name.startswith("upload:")]


def is_taken(page: Page) -> None:
    expect(page.get_by_text("Waiting for a free worker")).to_be_visible(timeout=LONG)


def test_an_upload_outlasts_a_lost_connection(
    page: Page, large: Path, asked: list[tuple[str, str, int]], folder: Path
) -> None:
    line = Line(page)
    page.goto("/")
    choose(page, large)
    is_sent(page, 0.5)
    line.lose()
    expect(page.get_by_text("The connection was lost")).to_be_visible()
    before = len(asked)
    line.restore()
    is_taken(page)

    id = page.evaluate("new URLSearchParams(location.search).get('job')")
    assert methods(asked).count("POST") == 2, "one upload, one job"
    assert min(parts(asked[before:])) >= PART, "what is there is not sent again"
    kept = (folder / "var" / "jobs" / id / "source.mp4").read_bytes()
    assert hashlib.sha256(kept).digest() == hashlib.sha256(large.read_bytes()).digest()
    assert remembered(page) == [], "it is forgotten once it is a job"


def test_an_upload_outlasts_the_page(
    page: Page, large: Path, asked: list[tuple[str, str, int]]
) -> None:
    Line(page)
    page.goto("/")
    choose(page, large)
    is_sent(page, 0.5)
    [id] = {path for _, path, _ in asked if path != "/uploads"}
    page.reload()
    before = len(asked)
    choose(page, large)
    is_taken(page)
    again = asked[before:]
    assert methods(again)[0] == "HEAD"
    assert {path for _, path, _ in again} == {id, "/jobs"}
    assert min(parts(again)) >= PART


def test_an_upload_that_is_cancelled_is_removed(
    page: Page, large: Path, asked: list[tuple[str, str, int]]
) -> None:
    Line(page)
    page.goto("/")
    choose(page, large)
    is_sent(page, 0.1)
    with page.expect_response(lambda response: response.request.method == "DELETE") as removed:
        page.get_by_role("button", name="Cancel").click()
    assert removed.value.status == 204
    expect(page.locator("#start")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()
    [path] = {path for _, path, _ in asked if path != "/uploads"}
    told = page.request.head(path, headers={"Tus-Resumable": "1.0.0"})
    assert told.status == 404
    assert remembered(page) == []


def test_an_upload_that_has_expired_is_begun_anew(
    page: Page, large: Path, asked: list[tuple[str, str, int]]
) -> None:
    Line(page)
    page.goto("/")
    choose(page, large)
    is_sent(page, 0.3)
    page.reload()
    [path] = {path for _, path, _ in asked if path != "/uploads"}
    page.request.delete(path, headers={"Tus-Resumable": "1.0.0"})
    before = len(asked)
    choose(page, large)
    is_sent(page, 0.3)
    assert methods(asked[before:])[:3] == ["HEAD", "POST", "PATCH"]
    assert parts(asked[before:])[0] == 0
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#start")).to_be_visible()


def test_a_small_file_is_sent_at_once(
    page: Page, make_video: Callable[..., Path], asked: list[tuple[str, str, int]]
) -> None:
    page.goto("/")
    choose(page, make_video("at-once.mp4", "-f", "lavfi", "-i", "testsrc2=d=1:s=160x120:r=10"))
    is_taken(page)
    assert [(method, path) for method, path, _ in asked] == [("POST", "/jobs")]
