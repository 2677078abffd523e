"""Whatever a form says, its options are within their bounds or refused by name."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config import Settings
from har.errors import BadLabels, BadOption
from har.models.registry import HUB_NAME, NAMES, is_hub_name
from har.options import MAX_STRIDE, parse_options
from tests.fuzz.inputs import LABELS, NUMBERS

FIELDS = {
    "labels": st.text() | LABELS,
    "stride": NUMBERS,
    "threshold": NUMBERS,
    "annotate": NUMBERS,
    "model": st.text() | st.sampled_from(NAMES) | st.from_regex(HUB_NAME),
    "models": st.text() | st.lists(st.sampled_from(NAMES), max_size=3).map(",".join),
}


@given(st.fixed_dictionaries({}, optional=FIELDS))
@example({"stride": "9" * 5000})
@example({"threshold": "9" * 5000})
def test_options_are_within_their_bounds_or_refused(form: dict[str, str]) -> None:
    try:
        options = parse_options(form, Settings())
    except (BadOption, BadLabels):
        return
    assert options.stride is None or 1 <= options.stride <= MAX_STRIDE
    assert options.threshold is None or 0 <= options.threshold <= 1
    assert options.annotate == (form.get("annotate") != "0")
    assert (options.labels is None) == ("labels" not in form)
    assert all(name in NAMES or is_hub_name(name) for name in options.models)
    assert len(options.models) == len(set(options.models)) <= 2


@given(st.integers(1, MAX_STRIDE), st.floats(0, 1), st.booleans())
def test_what_is_within_bounds_is_taken(stride: int, threshold: float, annotate: bool) -> None:
    form = {"stride": str(stride), "threshold": repr(threshold), "annotate": str(int(annotate))}
    options = parse_options(form, Settings())
    assert (options.stride, options.annotate) == (stride, annotate)
    assert options.threshold == pytest.approx(threshold)
