"""What tests of the watched page share: opening a job, moving in it, reading what is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Job, until

Finished = Callable[..., Job]
GYMNASTICS = "real/gymnastics.mp4"
NOW = "document.querySelector('video').currentTime"


def watch(page: Page, job: Job, more: str = "") -> dict[str, Any]:
    """Open a job's page; the result it shows."""
    page.goto(f"/?job={job['id']}{more}")
    expect(page.locator("#watch")).to_be_visible()
    until(page, "document.querySelector('video').readyState >= 2")
    result: dict[str, Any] = job["result"]
    return result


def seek(page: Page, time: float) -> None:
    page.evaluate("(time) => { document.querySelector('video').currentTime = time; }", time)
    until(page, "!document.querySelector('video').seeking")


def now(page: Page) -> float:
    """The player's second."""
    return float(page.evaluate(NOW))


def mixed(finished: Finished) -> Job:
    """A job of which the trained model names some clips, and the zero-shot model the others."""
    asked = finished(GYMNASTICS, threshold="1")["result"]["segment_predictions"]
    sure = sorted({clip["trained"]["confidence"] for clip in asked})
    middle = len(sure) // 2
    return finished(GYMNASTICS, threshold=f"{(sure[middle - 1] + sure[middle]) / 2:.5f}")


def action_at(result: dict[str, Any], time: float) -> dict[str, Any]:
    found: dict[str, Any] = next(a for a in reversed(result["timeline"]) if a["start"] <= time)
    return found


def clips_shown(page: Page) -> str:
    """How many clips the filter says it keeps."""
    return page.locator("#filter [data-count]").inner_text()


def overflowing(page: Page) -> list[str]:
    """Visible elements that stick out of the window's right side."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("main *, header *")]
            .filter((n) => n.checkVisibility({ visibilityProperty: true }))
            .filter((n) => !n.closest(".unseen, .segment-table"))
            .filter((n) => n.getBoundingClientRect().right > innerWidth + 0.5)
            .map((n) => n.outerHTML.slice(0, 80))"""
    )
    return found
