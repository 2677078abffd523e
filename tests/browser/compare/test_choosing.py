"""Choosing the models on the form."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.compare.conftest import FETCHED, OTHER
from tests.browser.everyone import violations
from tests.browser.start import SEND, file_field
from tests.serving import PATIENCE, eventually

LONG = PATIENCE * 1000


def model(page: Page) -> Locator:
    return page.get_by_label("Model", exact=True)


def other(page: Page) -> Locator:
    return page.get_by_label("Compare with")


@pytest.fixture
def opened(page: Page) -> Page:
    """The form with its options, once the worker has told what it has."""
    told = "() => fetch('/models').then((answer) => answer.json())"
    page.goto("/")
    eventually(lambda: page.evaluate(told)["models"], "the models")
    page.get_by_text("Options").click()
    expect(other(page)).to_be_enabled()
    return page


def offered(select: Locator) -> dict[str, bool]:
    """The options' texts, and whether they can be chosen."""
    script = "(node) => [...node.options].map((one) => [one.text, !one.disabled])"
    return dict(select.evaluate(script))


def test_models_are_offered_where_their_weights_are(opened: Page) -> None:
    texts = offered(model(opened))
    assert next(iter(texts)) == "BiLSTM"
    assert texts["I3D"]
    assert texts["TimeSformer"]
    assert texts["R3D-18 (weights not here)"] is False
    expect(model(opened)).to_have_accessible_description(
        "a head on i3d: 407 actions, clips of 2.6 s"
    )
    expect(opened.get_by_text("Where weights are not here")).to_be_visible()
    model(opened).select_option(label="TimeSformer")
    expect(model(opened)).to_have_accessible_description(
        "transformers: 400 actions, clips of 8.5 s"
    )
    model(opened).select_option(label=FETCHED)
    expect(model(opened)).to_have_accessible_description("transformers: 5 actions, clips of 2.1 s")
    level = {select(opened).bounding_box()["y"] for select in (model, other)}  # type: ignore[index]
    assert len(level) == 1, "whatever is said below"


def test_a_model_is_never_compared_with_itself(opened: Page) -> None:
    assert "BiLSTM" not in offered(other(opened))
    other(opened).select_option(label="TimeSformer")
    expect(other(opened)).to_have_accessible_description(
        "transformers: 400 actions, clips of 8.5 s"
    )
    model(opened).select_option(label="TimeSformer")
    expect(other(opened)).to_have_value("")
    assert "TimeSformer" not in offered(other(opened))
    other(opened).select_option(label="BiLSTM")
    expect(other(opened)).to_have_value("bilstm")
    assert violations(opened) == []


def test_keys_alone_choose_two_and_both_are_asked(opened: Page, samples: Path) -> None:
    file_field(opened).set_input_files(samples / "real" / "gymnastics.mp4")
    other(opened).focus()
    opened.keyboard.type("Time")
    expect(other(opened)).to_have_value(OTHER)
    opened.get_by_role("button", name=SEND).press("Enter")
    expect(opened.locator("#agreement")).to_be_visible(timeout=LONG)
    expect(opened.locator("#agreement summary")).to_contain_text("BiLSTM and TimeSformer say")
    names = opened.locator(".timeline-lanes p")
    expect(names).to_have_text(["BiLSTM", "TimeSformer"])
    # The next video in this tab is asked the same, whether or not the options are opened.
    opened.get_by_role("link", name="New video").click()
    expect(other(opened)).to_have_value(OTHER)
    expect(opened.locator("#options")).not_to_have_attribute("open", "")


def test_one_other_model_is_asked_alone(opened: Page, samples: Path) -> None:
    file_field(opened).set_input_files(samples / "real" / "gymnastics.mp4")
    model(opened).select_option(label="TimeSformer")
    opened.get_by_role("button", name=SEND).click()
    expect(opened.locator("#strip")).to_contain_text("recognised in", timeout=LONG)
    expect(opened.locator("#detail")).to_contain_text("Trained model (TimeSformer)")
    expect(opened.locator("#agreement")).to_be_hidden()


def test_without_the_list_the_form_works_as_ever(page: Page, samples: Path) -> None:
    page.route("**/models", lambda route: route.abort())
    page.goto("/")
    page.get_by_text("Options").click()
    expect(other(page)).to_be_disabled()
    expect(model(page)).to_have_value("")
    file_field(page).set_input_files(samples / "real" / "gymnastics.mp4")
    page.get_by_role("button", name=SEND).click()
    expect(page.locator("#watch")).to_be_visible(timeout=LONG)
    page.get_by_role("link", name="New video").click()
