"""A browser shows the WebVTT of a result at the moments that it tells, as it tells them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser

from har.export.view import View
from har.export.vtt import write
from tests.export.results import action, result

SITE = "http://captions.test/"
PAGE = "<video src=late.mp4 muted><track default src=late.vtt></video>"
LABEL = "a --> <b>&amp;</b>\n\n2 00:01.000 --> 00:09.000 {行}"
SHOWN = "a --> <b>&amp;</b>  2 00:01.000 --> 00:09.000 {行}  90%  BiLSTM"
WATCH = """async () => {
    const video = document.querySelector("video");
    const element = document.querySelector("track");
    if (element.readyState < 2) {
        await new Promise((resolve) => element.addEventListener("load", resolve));
    }
    const seen = [];
    const ended = new Promise((resolve) => video.addEventListener("ended", resolve));
    element.track.addEventListener("cuechange", () => {
        for (const cue of element.track.activeCues) {
            seen.push([video.currentTime, cue.getCueAsHTML().textContent]);
        }
    });
    await video.play();
    await ended;
    return seen;
}"""


def test_on_a_clock_that_begins_late(browser: Browser, make_video: Callable[..., Path]) -> None:
    source = ("-f", "lavfi", "-i", "testsrc2=d=2:s=160x120:r=25", "-pix_fmt", "yuv420p")
    late = make_video("captions_late.mp4", *source, "-output_ts_offset", "8")
    captions = write(result(action(8, 9, LABEL), action(9, 10, "PushUps")), View())
    page = browser.new_context().new_page()
    page.route(SITE, lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    page.route(f"{SITE}late.mp4", lambda route: route.fulfill(path=late))
    page.route(
        f"{SITE}late.vtt",
        lambda route: route.fulfill(body=captions, content_type="text/vtt; charset=utf-8"),
    )
    page.goto(SITE)
    seen = page.evaluate(WATCH)
    page.context.close()
    assert [text for _, text in seen] == [SHOWN, "Push-ups  90%  BiLSTM"]
    assert 8 <= seen[0][0] < 9 <= seen[1][0] <= 10
