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
    ("form", "models"),
    [
        ({"model": "r3d_18"}, ("r3d_18",)),
        ({"models": "videomae"}, ("videomae",)),
        ({"models": "bilstm,r3d_18"}, ("bilstm", "r3d_18")),
        ({"model": "", "models": ""}, ()),
        ({"model": "", "models": "mc3_18"}, ("mc3_18",)),
        ({"model": "owner/my-gym.v2"}, ("owner/my-gym.v2",)),
        ({"models": "bilstm,owner/name"}, ("bilstm", "owner/name")),
    ],
)
def test_models_go_by_their_names(
    form: dict[str, str], models: tuple[str, ...], settings: Settings
) -> None:
    assert parse_options(form, settings).models == models


@pytest.mark.parametrize(
    "form",
    [
        {"model": "resnet18"},
        {"model": "bilstm,r3d_18"},
        {"models": "bilstm,r3d_18,mc3_18"},
        {"models": "bilstm,bilstm"},
        {"models": "bilstm,"},
        {"models": "bilstm, r3d_18"},
        {"models": ","},
        {"models": "bilstm,R3D_18"},
        {"models": "owner/name,owner/name"},
        {"model": "owner/name/more"},
        {"model": "owner/nämé"},
        {"model": "owner/" + 97 * "n"},
        {"model": "../models"},
        {"model": "owner/.."},
        {"model": "~/models"},
        {"model": "/tmp"},
        {"model": "."},
    ],
)
def test_other_models_are_refused_with_those_there_are(
    form: dict[str, str], settings: Settings
) -> None:
    with pytest.raises(BadOption) as raised:
        parse_options(form, settings)
    assert "bilstm, lstm, transformer, i3d, r3d_18" in raised.value.detail


def test_one_model_or_two_but_not_both_fields(settings: Settings) -> None:
    with pytest.raises(BadOption, match="not both"):
        parse_options({"model": "bilstm", "models": "bilstm,r3d_18"}, settings)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("stride", v) for v in ("0", "33", "-1", "1.5", "x", "²", "1e3")),
        *(("threshold", v) for v in ("-0.1", "1.1", "nan", "inf", "x")),
        *(("annotate", v) for v in ("2", "yes", "true", "-1")),
    ],
)
def test_bad_values_name_their_option(field: str, value: str, settings: Settings) -> None:
    with pytest.raises(BadOption, match=field):
        parse_options({field: value}, settings)


@pytest.mark.parametrize("stride", [1, 32])
def test_a_stride_is_as_long_as_a_clip_at_most(stride: int, settings: Settings) -> None:
    assert parse_options({"stride": str(stride)}, settings).stride == stride


def test_empty_labels(settings: Settings) -> None:
    with pytest.raises(BadLabels):
        parse_options({"labels": ""}, settings)
