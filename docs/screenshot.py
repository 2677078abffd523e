"""Takes the README's picture of the page: ``python docs/screenshot.py [VIDEO] [--out FILE]``.

Starts the service on a free port, sends it a video as a visitor would, and photographs the result.
Needs Chromium.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.serving import eventually, serving  # noqa: E402  (the repository is no installed package)

SAMPLE = ROOT.parent / "shared" / "samples" / "real" / "gymnastics.mp4"
CHROMIUM = "/usr/bin/chromium"
PATIENCE_MS = 180_000


def main() -> None:
    parser = argparse.ArgumentParser(description="Take the README's picture of the page.")
    parser.add_argument("video", nargs="?", type=Path, default=SAMPLE)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "page.png")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder)) as service,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1000}, color_scheme="light")
        page.goto(service.url)
        recognise(page, arguments.video)
        page.screenshot(path=arguments.out)
        browser.close()


def recognise(page: Page, video: Path) -> None:
    """Send a video by the form, and stop its result at two fifths, with the picture loaded."""
    page.get_by_label("Choose a file").set_input_files(video)
    page.get_by_role("button", name="Recognise actions").click()
    page.locator("#watch").wait_for(timeout=PATIENCE_MS)
    ready = "(v) => v.readyState >= 3 && v.networkState === 1 && !v.seeking"
    until(page, ready)
    page.locator("video").evaluate("(v) => { v.currentTime += 0.4 * v.duration; }")
    until(page, ready)
    # The player's loading sign stays a while longer, and nothing tells when it goes.
    page.wait_for_timeout(3000)


def until(page: Page, condition: str) -> None:
    """Wait for a condition on the video; the page's policy forbids Playwright's own waiting."""
    eventually(lambda: page.locator("video").evaluate(condition), condition)


if __name__ == "__main__":
    main()
