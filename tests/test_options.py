"""A request's options."""

from __future__ import annotations

import pytest

from config import Settings
from har.errors import BadLabels, BadOption
from har.options import parse_options
from har.types import Options


def test_defaults(settings: Settings) -> None:
    assert parse_options({}, settings) == Options()
    assert parse_options({"stride": "", "threshold": "", "annotate": ""}, settings) == Options()


def test_all_given(settings: Settings) -> None:
    form = {"labels": "Surfing,Rowing", "stride": "4", "threshold": "0.5", "annotate": "0"}
    assert parse_options(form, settings) == Options(("Surfing", "Rowing"), 4, 0.5, False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("stride", v) for v in ("0", "17", "-1", "1.5", "x", "²", "1e3")),
        *(("threshold", v) for v in ("-0.1", "1.1", "nan", "inf", "x")),
        *(("annotate", v) for v in ("2", "yes", "true", "-1")),
    ],
)
def test_bad_values_name_their_option(field: str, value: str, settings: Settings) -> None:
    with pytest.raises(BadOption, match=field):
        parse_options({field: value}, settings)


def test_empty_labels(settings: Settings) -> None:
    with pytest.raises(BadLabels):
        parse_options({"labels": ""}, settings)
