"""A job that is watched while it runs: phases, segments as they come, cancelling, reloading."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import collect_complaints, until
from tests.browser.everyone import violations
from tests.browser.watching import NOW, clips_shown
from tests.serving import PATIENCE, Service, eventually, serving

LONG = PATIENCE * 1000
SEGMENTS = "document.querySelector('.timeline-names li') !== null"
SHIFTS = """
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const { value, hadRecentInput, sources } of list.getEntries()) {
            if (!hadRecentInput) {
                shifts.push([value, ...sources.map(({ node }) => node?.id || node?.className)]);
            }
        }
    }).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(scope="module")
def long(make_video: Callable[..., Path], samples: Path) -> Path:
    """A real video over and over: 40 s, which take long enough to be looked at."""
    source = str(samples / "real" / "arm_wrestling.mp4")
    wide = "-vf", "scale=426:240,setsar=1", "-preset", "ultrafast", "-an"
    return make_video("live_long.mp4", "-stream_loop", "3", "-i", source, *wide)


def send(page: Page, video: Path) -> str:
    """Send a video by the form; the id of its job, once segments come in."""
    page.goto("/")
    page.get_by_label("Choose a file").set_input_files(video)
    page.get_by_role("button", name="Recognise actions").click()
    expect(page.locator("#watch")).to_be_visible(timeout=LONG)
    until(page, SEGMENTS, seconds=PATIENCE)
    return str(page.evaluate("new URLSearchParams(location.search).get('job')"))


def state_of(page: Page, id: str) -> str:
    return str(page.request.get(f"/jobs/{id}").json()["state"])


def cancel(page: Page) -> None:
    page.locator("[data-cancel]:visible").click()
    expect(page.locator("#start")).to_be_visible()


def test_segments_come_in_while_the_video_is_watched(page: Page, long: Path) -> None:
    page.add_init_script(SHIFTS)
    id = send(page, long)
    assert state_of(page, id) == "running"
    assert violations(page) == []
    expect(page.locator("#strip")).to_contain_text("Recognise actions")
    until(page, "document.querySelector('video').readyState >= 2")
    page.keyboard.press("k")
    until(page, f"{NOW} > 0.2")
    drawn = "document.querySelector('#table caption').textContent"
    page.get_by_text("All clips as a table").click()
    first = int(page.evaluate(drawn).split()[0])
    until(page, f"(first) => parseInt({drawn}) > first", first, PATIENCE)
    expect(page.locator("#strip [data-more]")).to_contain_text("left", timeout=LONG)
    assert state_of(page, id) == "running", "all of this was seen before the end"
    expect(page.locator("#strip")).to_contain_text("recognised in", timeout=LONG)
    job = page.request.get(f"/jobs/{id}").json()
    expect(page.locator("#table caption")).to_have_text(
        f"{len(job['result']['segment_predictions'])} segments"
    )
    assert page.evaluate("shifts.filter(([value]) => value > 0.001)") == []


def test_a_reload_loses_nothing_and_cancel_ends_it(page: Page, long: Path) -> None:
    id = send(page, long)
    page.reload()
    expect(page.locator("#watch")).to_be_visible(timeout=LONG)
    until(page, SEGMENTS, seconds=PATIENCE)
    assert state_of(page, id) == "running"
    cancel(page)
    assert page.request.get(f"/jobs/{id}").status == 404
    assert "job=" not in page.url
    page.go_back()
    expect(page.locator("#start")).to_be_visible()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Service]:
    """A service of its own, that a test may stop."""
    with serving(tmp_path) as service:
        yield service


@pytest.mark.slow
def test_a_service_that_restarts_is_come_back_to(
    browser: Browser, own: Service, tmp_path: Path, long: Path
) -> None:
    context = browser.new_context(base_url=own.url)
    page = context.new_page()
    complaints = collect_complaints(page, own.url)
    send(page, long)
    own.stop()
    expect(page.locator("#strip")).to_contain_text("No connection", timeout=LONG)
    port = own.url.rpartition(":")[2]
    with serving(tmp_path, port=port):
        expect(page.locator("#strip")).to_contain_text("Recognise actions", timeout=LONG)
        until(page, SEGMENTS, seconds=PATIENCE)
        assert eventually(lambda: clips_shown(page), "the filter's count")
        cancel(page)
    context.close()
    assert not complaints


def test_a_link_is_watched_while_it_is_worked_on(page: Page, long: Path, tmp_path: Path) -> None:
    from tests.media.site import Site, content

    with Site() as site:
        site.routes["/long.mp4"] = content(long.read_bytes(), "video/mp4")
        page.goto("/")
        page.get_by_label("or paste a link").fill(f"{site.url}/long.mp4")
        page.keyboard.press("Enter")
        expect(page.locator("#watch")).to_be_visible(timeout=LONG)
        until(page, "document.querySelector('video').readyState >= 2", seconds=PATIENCE)
    id = str(page.evaluate("new URLSearchParams(location.search).get('job')"))
    assert state_of(page, id) == "running"
    cancel(page)


def test_chips_of_the_filter_stay_while_clips_come_in(page: Page, long: Path) -> None:
    id = send(page, long)
    page.get_by_text("Filter:").click()
    # This very chip: another may come before it at any moment.
    node = page.locator("#filter [data-labels] button").first.element_handle()
    node.focus()
    drawn = "document.querySelector('#table caption').textContent"
    first = int(page.evaluate(drawn).split()[0])
    until(page, f"(first) => parseInt({drawn}) > first + 3", first, PATIENCE)
    assert state_of(page, id) == "running", "this was seen before the end"
    assert node.evaluate("(node) => node === document.activeElement")
    node.click()
    expect(page.locator("#filter [data-count]")).to_contain_text(" of ")
    cancel(page)
