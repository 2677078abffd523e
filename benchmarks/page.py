"""How smooth the page is with thousands of segments, beside one with nine."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from config import Settings
from har.media import ffmpeg
from tests.browser.conftest import CHROMIUM
from tests.browser.planted import plant
from tests.browser.timeline.results import made_up
from tests.serving import eventually, serving

MANY, FEW = 5000, 9
RUNS = 3
FRAMES = """async (kind) => {
    const rows = document.querySelector(".timeline-rows");
    const { left, top, width } = rows.getBoundingClientRect();
    const place = { cancelable: true, clientX: left + width / 3, clientY: top + 20 };
    const turn = (how) => rows.dispatchEvent(new WheelEvent("wheel", { ...place, ...how }));
    const video = document.querySelector("video");
    const ways = {
        zoom: (i) => turn({ ctrlKey: true, deltaY: i % 60 < 30 ? -14 : 14 }),
        pan: (i) => turn({ deltaX: i % 60 < 30 ? 25 : -25 }),
        play: () => {},
        table: (i) => { document.querySelector("#table").scrollTop = 40 * (i % 60); },
    };
    // With all in view there is nothing to pan.
    if (kind === "pan") for (let i = 0; i < 9; i++) turn({ ctrlKey: true, deltaY: -120 });
    if (kind === "play") await Object.assign(video, { muted: true }).play();
    const spent = [];
    let before = await new Promise(requestAnimationFrame);
    for (let i = 0; i < 120; i++) {
        ways[kind](i);
        const now = await new Promise(requestAnimationFrame);
        spent.push(now - before);
        before = now;
    }
    video.pause();
    return spent;
}"""
"""A function of "zoom", "pan", "play" or "table": milliseconds from frame to frame of 120."""

WORK = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
"""What Chromium counts of a page's own work, in seconds."""


def measure() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        video = _video(folder)
        with serving(folder) as service:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            urls = {
                count: f"{service.url}/?job={plant(service.data, made_up(count), video)}"
                for count in (MANY, FEW)
            }
            found = _compared(browser, urls)
            browser.close()
    return found


def _compared(browser: Browser, urls: dict[int, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for count, url in urls.items():
        shown = [_shown(browser, url) for _ in range(RUNS)]
        found[f"{count} segments: shown after (s)"] = round(median(shown), 2)
        page = _opened(browser, url)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        for kind in ("zoom", "pan", "play", "table"):
            before = _work(session)
            frames = sorted(page.evaluate(FRAMES, kind))
            worked = 1000 * (_work(session) - before) / len(frames)
            name = f"{count} segments, {kind}"
            found[f"{name}: median frame (ms)"] = round(median(frames), 1)
            found[f"{name}: 95 % of frames within (ms)"] = round(frames[int(0.95 * len(frames))], 1)
            found[f"{name}: script and layout per frame (ms)"] = round(worked, 2)
        page.context.close()
    return found


def _work(session: CDPSession) -> float:
    told = session.send("Performance.getMetrics")["metrics"]
    metrics = {each["name"]: each["value"] for each in told}
    return float(sum(metrics[name] for name in WORK))


def _shown(browser: Browser, url: str) -> float:
    page = _opened(browser, url)
    seconds = float(page.evaluate("performance.now()")) / 1000
    page.context.close()
    return seconds


def _opened(browser: Browser, url: str) -> Page:
    page = browser.new_context(viewport={"width": 1600, "height": 1000}).new_page()
    page.goto(url)
    drawn = "document.querySelector('.timeline-names li') && document.querySelector('#table td')"
    eventually(lambda: page.evaluate(f"Boolean({drawn})"), "the timeline")
    page.evaluate("document.querySelector('#table-fold').open = true")
    return page


def _video(folder: Path) -> Path:
    path = folder / "page.mp4"
    source = ("-f", "lavfi", "-i", "testsrc2=d=5:s=320x180:r=25", "-pix_fmt", "yuv420p")
    argv = [ffmpeg.executable(Settings()), "-v", "error", *source, str(path)]
    subprocess.run(argv, check=True)
    return path
