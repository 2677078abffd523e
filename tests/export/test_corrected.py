"""Results with the labels that people gave."""

from __future__ import annotations

import json

import pytest

from har.captions import caption
from har.export import csv_table, eaf, srt
from har.export.corrected import corrected
from har.export.result import document
from har.export.view import View, actions, parse_view
from tests.export.test_result import REPORT

RESULT = json.loads(json.dumps(document(REPORT, id="x", origin="upload")))
"""Push-ups from 8.333 to 9.833, then surfing, which CLIP said, to 12.333."""


def test_without_corrections_it_is_as_the_models_have_it() -> None:
    assert corrected(RESULT, {}) == RESULT


def test_the_person_has_the_last_word_and_the_model_is_remembered() -> None:
    before = json.dumps(RESULT)
    made = corrected(RESULT, {"1": "Kayaking"})
    first, second = made["segment_predictions"]
    assert first == RESULT["segment_predictions"][0]
    assert second == {
        **RESULT["segment_predictions"][1],
        "label": "Kayaking",
        "confidence": 1.0,
        "source": "person",
        "corrected": {"label": "Surfing", "confidence": 0.41, "source": "clip"},
    }
    assert second["top5"] == [["Surfing", 0.41]]
    assert second["trained"]["label"] == "Walk"
    assert made["timeline"] == [
        RESULT["timeline"][0],
        {
            "start": 9.833,
            "end": 12.333,
            "label": "Kayaking",
            "confidence": 1.0,
            "source": "person",
        },
    ]
    assert json.dumps(RESULT) == before, "the stored result stays"


def test_neighbours_that_are_alike_now_are_one() -> None:
    (action,) = corrected(RESULT, {"1": "PushUps"})["timeline"]
    assert (action["start"], action["end"], action["label"]) == (8.333, 12.333, "PushUps")
    assert action["source"] == "person", "most of it"
    assert action["confidence"] == pytest.approx((1.5 * 0.8812 + 2.5) / 4, abs=1e-4)


def test_exports_have_it() -> None:
    made = corrected(RESULT, {"1": "Kayaking"})
    assert "Kayaking or canoeing  100%  corrected by hand" in srt.write(made, View())
    assert ",Kayaking,1.0,person\r\n" in csv_table.write(made, View())
    by_people = parse_view({"source": ["person"]})
    assert [caption(action) for action in actions(made, by_people)] == [
        "Kayaking or canoeing  100%  corrected by hand"
    ]
    assert 'TIER_ID="Corrected"' in eaf.write(made, View())
    assert "Corrected" not in eaf.write(RESULT, View())
