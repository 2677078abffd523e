"""Live in the page: a camera that plays a real video, on the real service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from har.models.labels import VOCABULARY, spaced
from tests.browser.cameras.filming import (
    LONG,
    answered,
    page_with_camera,
    start,
    stop,
    unplug,
    use,
)
from tests.browser.conftest import Job, until
from tests.browser.start import step
from tests.children import fact
from tests.serving import Service, eventually, serving

ARM_WRESTLING = VOCABULARY.find("ArmWrestling")
assert ARM_WRESTLING
SEEN = {ARM_WRESTLING.label, *ARM_WRESTLING.near}
"""What a model that is sure says of the film, whichever way it gets to it."""
GREEN = "rgb(22, 107, 52)"
INK = "rgb(23, 26, 32)"
COLOURS = "(items) => items.map((item) => getComputedStyle(item).color)"
MINUTE = "#live [data-line] canvas"
DRAWN = f"""
    (() => {{
        const canvas = document.querySelectorAll("{MINUTE}")[1];
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
        copy.drawImage(canvas, 0, 0);
        const row = copy.getImageData(0, 20, canvas.width, 1).data;
        const lane = [...row.slice(-4)].join();
        let last = canvas.width - 1;
        while (last >= 0 && [...row.slice(4 * last, 4 * last + 4)].join() === lane) last -= 1;
        return last;
    }})()
"""
"""How many pixels of the last minute have something in them."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that follows two streams."""
    with serving(tmp_path_factory.mktemp("camera"), live_streams=2) as service:
        yield service


@pytest.fixture(scope="module")
def live(service: Service) -> str:
    """Its address."""
    return service.url


@pytest.fixture
def page(sighted: Browser, live: str) -> Iterator[Page]:
    with page_with_camera(sighted, live) as page:
        yield page


def job_of(page: Page, id: str) -> Job:
    job: Job = page.request.get(f"/jobs/{id}").json()
    return job


def ended(page: Page, id: str) -> Job:
    """The job once it is done."""
    eventually(lambda: job_of(page, id)["state"] in ("done", "failed"), "the end")
    job = job_of(page, id)
    assert job["state"] == "done", job["error"]
    return job


def elapsed(job: Job) -> float:
    return float(job["result"]["video"]["duration"])


def test_actions_are_named_while_they_happen(page: Page) -> None:
    id = start(page)
    assert job_of(page, id)["origin"] == "live"
    answered(page)
    name = page.locator("#live [data-now] [data-label]")
    names = {spaced(label) for label in SEEN}
    eventually(lambda: name.inner_text() in names, "an action of the film")
    assert page.locator("#live [data-said]").inner_text()
    guesses = page.locator("#live [data-guesses] li:not(.none)")
    expect(guesses).to_have_count(3)
    assert guesses.evaluate_all(COLOURS) == [GREEN, INK, INK]
    first = until(page, f"{DRAWN} > 0 && {DRAWN}")
    until(page, f"(first) => {DRAWN} > first + 5", first)
    expect(page.locator("#live [data-line] li")).not_to_have_count(0)

    stop(page)
    job = job_of(page, id)
    assert SEEN & {one["label"] for one in job["result"]["segment_predictions"]}
    assert job["result"]["video_url"] is job["playable_url"] is None
    expect(page.get_by_text("picture was not kept")).to_be_visible()
    expect(page.locator("#strip")).to_contain_text("recognised as it happened")
    for offer in ("#stage", "[data-original]", "[data-annotated]", "[data-cut]", "#full-screen"):
        expect(page.locator(f"#watch {offer}")).to_be_hidden()
    address = page.get_by_role("link", name="CSV").get_attribute("href")
    assert SEEN & set(page.request.get(str(address)).text().replace("\n", ",").split(","))
    page.get_by_text("All clips as a table").click()
    last = job["result"]["segment_predictions"][-1]
    page.locator("#table tbody tr[aria-rowindex] button").last.click()
    expect(page.locator("#detail [data-when]")).to_contain_text("clip ")
    assert last["end"] <= elapsed(job) + 0.001


def test_a_recording_is_kept_where_it_was_asked_for(page: Page) -> None:
    id = start(page, record=True)
    answered(page)
    until(page, "parseInt(document.querySelector('#live [data-more]').textContent.slice(2)) >= 5")
    stop(page)
    job = ended(page, id)
    until(page, "document.querySelector('#player').readyState >= 2")
    seconds = page.evaluate("document.querySelector('#player').duration")
    assert seconds == pytest.approx(elapsed(job), abs=0.5)
    assert seconds > 4
    last = job["result"]["segment_predictions"][-1]
    assert seconds - 2.5 < last["end"] <= seconds + 0.2
    expect(page.get_by_role("link", name="Annotated video")).to_be_visible()
    annotated = page.request.get(job["result"]["annotated_url"], headers={"Range": "bytes=0-99"})
    assert annotated.status == 206
    expect(page.get_by_text("picture was not kept")).to_be_hidden()


@pytest.mark.slow
def test_two_at_once_are_answered_and_a_third_is_told(
    page: Page, sighted: Browser, live: str
) -> None:
    with page_with_camera(sighted, live) as second, page_with_camera(sighted, live) as third:
        ids = {start(page), start(second)}
        assert len(ids) == 2
        answered(page)
        answered(second)
        use(third)
        third.get_by_role("button", name="Start").click()
        expect(third.get_by_role("alert")).to_contain_text("Too many people are live")
        expect(step(third)).to_contain_text("Try again")
        stop(second)
        stop(page)


def test_a_slow_service_gets_fewer_pictures_and_no_queue(page: Page) -> None:
    """Frames that are numbered stand for pictures; the service is as slow as the test has it."""
    batches = page.evaluate(
        """async () => {
            const { outgoing } = await import("/static/js/live/outgoing.js");
            const batches = [];
            const frames = outgoing({ fps: 8, send: (batch) => batches.push(batch) });
            for (let number = 0; number < 100; number += 1) frames.add(number);
            frames.taken(1);
            frames.add(100);
            const empty = frames.empty().then(() => batches.push("empty"));
            frames.taken(1 + batches[1].length);
            frames.taken(2 + batches[1].length);
            await empty;
            return batches;
        }"""
    )
    first, waited, *rest = batches
    assert first == [0]
    assert 8 <= len(waited) <= 16
    assert waited == sorted(waited)
    assert waited[-1] == 99
    assert waited[0] > 0
    assert rest == [[100], "empty"]


@pytest.mark.slow
def test_somebody_elses_stream_can_be_followed(page: Page, sighted: Browser, live: str) -> None:
    id = start(page)
    answered(page)
    with page_with_camera(sighted, live, allowed=False) as other:
        other.goto(f"/?job={id}")
        expect(other.locator("#live")).to_be_visible()
        expect(other.locator("#live video")).to_be_hidden()
        expect(other.locator("#live [data-guesses]")).to_contain_text("%", timeout=LONG)
        expect(other.get_by_role("button", name="Stop")).to_be_hidden()
        stop(page)
        expect(other.get_by_text("picture was not kept")).to_be_visible(timeout=LONG)


def test_a_camera_that_is_unplugged_is_as_good_as_stop(page: Page) -> None:
    id = start(page)
    answered(page)
    unplug(page.context)
    expect(page.locator("#watch")).to_be_visible(timeout=LONG)
    assert ended(page, id)["result"]["segment_predictions"]


@pytest.mark.slow
def test_leaving_the_page_stops(page: Page) -> None:
    id = start(page)
    answered(page)
    page.get_by_role("link", name="New video").click()
    expect(page.locator("#start")).to_be_visible()
    assert ended(page, id)["result"]["segment_predictions"]
    page.get_by_role("region", name="Your last videos").get_by_role("link", name="Camera").click()
    expect(page.locator("#watch")).to_be_visible()


@pytest.mark.slow
def test_the_labels_of_the_form_are_looked_for(page: Page) -> None:
    page.get_by_text("Options").click()
    page.get_by_label("Actions to look for").fill("water skiing, riding a horse")
    id = start(page)
    answered(page)
    stop(page)
    assert job_of(page, id)["result"]["labels"] == ["WaterSkiing", "HorseRiding"]


def test_bad_options_are_told_at_their_field(page: Page) -> None:
    page.get_by_text("Options").click()
    field = page.get_by_label("Actions to look for")
    field.fill("x" * 10_000)
    use(page)
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(field).to_be_focused()


def test_a_lost_connection_leaves_what_was_recognised(page: Page, service: Service) -> None:
    id = start(page)
    answered(page)
    web(service).kill()
    expect(page.get_by_role("alert")).to_contain_text("The connection was lost", timeout=LONG)
    eventually(lambda: answers(service), "the web's next process")
    step(page).click()
    expect(page.get_by_text("picture was not kept")).to_be_visible(timeout=LONG)
    assert ended(page, id)["result"]["segment_predictions"]


@pytest.mark.slow
def test_a_connection_that_falls_silent_is_lost(page: Page, service: Service) -> None:
    page.clock.install()
    start(page)
    answered(page)
    with suspended(web(service)):
        page.clock.fast_forward(31_000)
        expect(page.get_by_role("alert")).to_contain_text("The connection was lost")
    step(page).click()
    expect(page.get_by_text("picture was not kept")).to_be_visible(timeout=LONG)


@contextmanager
def suspended(process: psutil.Process) -> Iterator[None]:
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def web(service: Service) -> psutil.Process:
    """The process that the connections end in; another takes its place."""
    [process] = [
        child
        for child in service.children()
        if child.parent().children() == [child] and "app:app" in fact(child, "cmdline", [])
    ]
    return process


def answers(service: Service) -> bool:
    try:
        return requests.get(f"{service.url}/healthz", timeout=5).ok
    except requests.RequestException:
        return False
