"""The formats in which a result can be taken away."""

from __future__ import annotations

import pytest

from har.export.formats import FORMATS, Format
from har.export.result import segment_document, timeline_document
from har.export.view import View
from har.types import Action, Scores, Segment
from tests.export.results import result

TRAINED = Scores("lstm", (("Walk", 0.3),))
SEGMENTS = (
    Segment(1, 3, "Walk", 0.9, (("Walk", 0.9),), "lstm"),
    Segment(3, 5, "Surfing", 0.4, (("Surfing", 0.4),), "semantic", "unsure", TRAINED),
)
TIMELINE = (Action(1, 3, "Walk", 0.9, "lstm"), Action(3, 5, "Surfing", 0.4, "semantic"))
RESULT = result(*timeline_document(TIMELINE), clips=tuple(map(segment_document, SEGMENTS)))


@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
def test_each_writes_what_the_service_makes(format: Format) -> None:
    every, one = format.write(RESULT, View()), format.write(RESULT, View(minimum=0.5))
    clips = format.write(RESULT, View("segments"))
    assert "Walk" in one
    assert "Surfing" not in one
    assert all("Surfing" in text or format.name == "chapters" for text in (every, clips))
    assert all(text.endswith("\n") and text.encode() for text in (every, one, clips))
    assert RESULT["id"] not in every


def test_they_are_told_apart() -> None:
    assert list(FORMATS) == ["json", "csv", "vtt", "srt", "eaf", "chapters"]
    for facts in ("extension", "media_type", "write", "help"):
        assert len({getattr(format, facts) for format in FORMATS.values()}) == len(FORMATS)
