"""A camera that plays a real video, and pages that watch it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import collect_complaints
from tests.serving import PATIENCE

LONG = PATIENCE * 1000
LATENCY = re.compile(r"^\d+ ms$")
USE = "Use the camera"
ELSEWHERE = "har.test"
"""A name that leads to this machine, and that no browser takes for it."""
_ELSEWHERE = f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1"
_FAKE = "--use-fake-device-for-media-stream"


def film(make_video: Callable[..., Path], samples: Path) -> Path:
    """What the camera sees, over and over: arm wrestling, for ten seconds."""
    source = str(samples / "real" / "arm_wrestling.mp4")
    return make_video("camera.y4m", "-i", source, "-an", "-vf", "fps=15", "-pix_fmt", "yuv420p")


def camera(of: Path) -> tuple[str, ...]:
    """The flags of a browser whose one camera plays a file."""
    return (_ELSEWHERE, _FAKE, f"--use-file-for-fake-video-capture={of}")


TWO_CAMERAS = (f"{_FAKE}=device-count=2",)


@contextmanager
def page_with_camera(
    browser: Browser, url: str, *, allowed: bool = True, **context: Any
) -> Iterator[Page]:
    """A page that may use the camera or not. What the browser complains of fails the test."""
    opened = browser.new_context(base_url=url, **context)
    if allowed:
        opened.grant_permissions(["camera"])
    page = opened.new_page()
    complaints = collect_complaints(page, url)
    page.goto("/")
    yield page
    opened.close()
    assert not complaints, complaints


def use(page: Page) -> None:
    """Ask for the camera; it plays, and nothing is sent yet."""
    page.get_by_role("button", name=USE).click()
    expect(page.get_by_role("button", name="Start")).to_be_focused()


def start(page: Page, *, record: bool = False) -> str:
    """Go live; the id of the job."""
    use(page)
    page.get_by_label("Record the video too").set_checked(record)
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("button", name="Stop")).to_be_focused(timeout=LONG)
    return str(page.evaluate("new URLSearchParams(location.search).get('job')"))


def stop(page: Page) -> None:
    """Stop, and wait for the result."""
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#watch")).to_be_visible(timeout=LONG)


def answered(page: Page) -> None:
    """Wait for the first answer."""
    expect(page.locator("#live [data-latency]")).to_have_text(LATENCY, timeout=LONG)


def unplug(context: BrowserContext) -> None:
    """Take the camera away: to the page the same as a cable that is pulled."""
    context.clear_permissions()
