"""What two models found in one video: told, corrected and exported."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from har.errors import BadOption
from har.export.corrected import corrected
from har.export.formats import FORMATS
from har.export.result import document
from har.export.view import View, parse_view
from har.types import Segment, Thresholds
from tests.export.test_result import REPORT

OTHER = dataclasses.replace(
    REPORT,
    segments=(
        Segment(8.333, 9.4, "push up", 0.7, (("push up", 0.7),), "r3d_18"),
        Segment(9.4, 12.333, "yoga", 0.6, (("yoga", 0.6),), "r3d_18"),
    ),
    model="r3d_18",
    models={"trained": "r3d_18 (KINETICS400_V1)", "zero_shot": "b"},
    thresholds=Thresholds(0.5, 0.3),
    frames=None,
)
REPORTED = dataclasses.replace(REPORT, comparison=OTHER)
RESULT: dict[str, Any] = json.loads(json.dumps(document(REPORTED, id="x", origin="upload")))
"""PushUps from 8.333 to 9.833, then Surfing, to 12.333. The other model has push up to 9.867."""


def test_the_comparison_is_a_result_in_the_result() -> None:
    compared = RESULT["comparison"]
    assert RESULT["model"] == "bilstm"
    assert list(compared) == [
        "model", "segment_predictions", "timeline", "models", "thresholds", "agreement",
    ]  # fmt: skip
    assert compared["model"] == "r3d_18"
    assert compared["models"]["trained"] == "r3d_18 (KINETICS400_V1)"
    assert compared["thresholds"] == {"trained": 0.5, "zero_shot": 0.3}
    assert [s["label"] for s in compared["segment_predictions"]] == ["push up", "yoga"]
    edge = (8.8665 + 10.8665) / 2
    assert [a["start"] for a in compared["timeline"]] == pytest.approx([8.333, edge], abs=0.001)


def test_they_agree_where_both_say_it() -> None:
    agreement = RESULT["comparison"]["agreement"]
    assert agreement["stretches"] == [{"start": 8.333, "end": 9.833, "label": "PushUps"}]
    assert agreement["share"] == pytest.approx(1.5 / 4)


def test_with_one_model_there_is_no_comparison() -> None:
    assert document(REPORT, id="x", origin="upload")["comparison"] is None


def test_corrections_change_where_they_agree() -> None:
    agreed = corrected(RESULT, {"1": "Yoga"})["comparison"]["agreement"]
    assert [s["label"] for s in agreed["stretches"]] == ["PushUps", "Yoga"]
    assert agreed["stretches"][1]["end"] == pytest.approx(12.333)
    disagreed = corrected(RESULT, {"0": "Walk"})["comparison"]
    assert disagreed["agreement"] == {"share": 0.0, "stretches": []}
    assert disagreed["segment_predictions"] == RESULT["comparison"]["segment_predictions"]


@pytest.mark.parametrize("format", ["csv", "vtt", "srt", "eaf"])
def test_exports_have_the_model_that_is_asked_for(format: str) -> None:
    write = FORMATS[format].write
    first, second = (write(RESULT, View(model=name)) for name in ("bilstm", "r3d_18"))
    assert first == write(RESULT, View())
    assert "Surfing" in first
    assert "yoga" not in first
    assert "yoga" in second
    assert "Surfing" not in second


def test_chapters_are_those_of_the_model_that_is_asked_for() -> None:
    later = {**RESULT, "comparison": {**RESULT["comparison"]}}
    later["comparison"]["timeline"] = [{**RESULT["timeline"][0], "label": "yoga", "end": 12.333}]
    assert FORMATS["chapters"].write(later, View(model="r3d_18")) == "0:00 yoga\n"


def test_json_has_both_and_filters_both() -> None:
    written = json.loads(FORMATS["json"].write(RESULT, View(minimum=0.65, model="r3d_18")))
    assert [a["label"] for a in written["timeline"]] == ["PushUps"]
    assert [a["label"] for a in written["comparison"]["timeline"]] == ["push up"]
    assert [s["label"] for s in written["comparison"]["segment_predictions"]] == ["push up"]
    assert written["comparison"]["agreement"] == RESULT["comparison"]["agreement"]


@pytest.mark.parametrize("format", list(FORMATS))
@pytest.mark.parametrize("model", ["mc3_18", "Bilstm", "a folder"])
def test_a_model_that_was_not_asked_is_refused_with_those_that_were(
    format: str, model: str
) -> None:
    with pytest.raises(BadOption, match=r"^model .*bilstm, r3d_18\.$"):
        FORMATS[format].write(RESULT, parse_view({"model": [model]}))
