"""The result as JSON."""

from __future__ import annotations

import json

from har.export.json_document import write
from har.export.view import View
from tests.export.results import action, clip, result

RESULT = result(
    action(0, 4, "Walk", 0.6),
    action(4, 9, "Naïve 行", 0.8),
    clips=(clip(0, "Walk", 0.5), clip(1, "Walk")),
)


def test_is_the_result_without_its_address() -> None:
    secrets = {"id", "video_url", "annotated_url"}
    expected = {name: value for name, value in RESULT.items() if name not in secrets}
    assert json.loads(write(RESULT, View())) == expected
    assert "abc123" not in write(RESULT, View())


def test_filters_both_lists() -> None:
    written = json.loads(write(RESULT, View(minimum=0.7)))
    assert [member["label"] for member in written["timeline"]] == ["Naïve 行"]
    assert [member["start"] for member in written["segment_predictions"]] == [1]
    assert written["models"] == RESULT["models"]
