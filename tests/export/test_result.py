"""The JSON document of a result."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from har.export.result import document, segment_document, segment_of, timeline_of
from har.types import (
    UNKNOWN,
    Action,
    Embeddings,
    Report,
    Scores,
    Segment,
    Sheets,
    Thresholds,
    VideoFacts,
)

VIDEO = VideoFacts(
    Path("/secret/place.mp4"), 8.3330078125, 4.0, 1280, 720, 30000 / 1001, "mov", "h264", "aac"
)
REPORT = Report(
    video=VIDEO,
    segments=(
        Segment(
            8.333,
            10.333,
            "PushUps",
            0.88123,
            (("PushUps", 0.88123), ("Walk", 0.06)),
            "bilstm",
            attention=(0.1, 0.20004, 0.3, 0.39996),
        ),
        Segment(
            9.333,
            11.333,
            "Surfing",
            0.41,
            (("Surfing", 0.41),),
            "clip",
            "bilstm confidence 0.31 below threshold 0.55",
            Scores("bilstm", (("Walk", 0.31),)),
            (0.5, 0.5),
        ),
    ),
    timeline=(
        Action(8.333, 9.833, "PushUps", 0.88123, "bilstm"),
        Action(9.833, 12.333, "Surfing", 0.41, "clip"),
    ),
    model="bilstm",
    models={"trained": "a", "zero_shot": "b"},
    thresholds=Thresholds(0.55, 0.3),
    embeddings=Embeddings("clip", "b", {1: np.ones(4, np.float16)}),
    timings={"decode": 0.5},
    frames=Sheets(
        12.5, size=112, width=112, height=84, columns=8, rows=8, count=50, sheets=1, clip=32
    ),
)
QUIET = Segment(
    9.333,
    11.333,
    UNKNOWN,
    0.9,
    (("StandStill", 0.9),),
    "bilstm",
    "bilstm is sure that nothing is done: StandStill 0.90",
    Scores("bilstm", (("StandStill", 0.9),)),
)
"""A clip in which nothing is done."""


def test_document() -> None:
    made = document(
        REPORT,
        id="x",
        origin="upload",
        labels=("Surfing", "Swing"),
        video_url="/v",
        annotated_url="/a",
    )
    assert json.loads(json.dumps(made)) == {
        "id": "x",
        "video": {
            "start": 8.333,
            "duration": 4.0,
            "width": 1280,
            "height": 720,
            "fps": 29.97,
            "codec": "h264",
            "origin": "upload",
        },
        "labels": ["Surfing", "Swing"],
        "model": "bilstm",
        "segment_predictions": [
            {
                "start": 8.333,
                "end": 10.333,
                "label": "PushUps",
                "confidence": 0.8812,
                "top5": [["PushUps", 0.8812], ["Walk", 0.06]],
                "source": "bilstm",
                "reason": None,
                "attention": [0.1, 0.2, 0.3, 0.4],
            },
            {
                "start": 9.333,
                "end": 11.333,
                "label": "Surfing",
                "confidence": 0.41,
                "top5": [["Surfing", 0.41]],
                "source": "clip",
                "reason": "bilstm confidence 0.31 below threshold 0.55",
                "attention": [0.5, 0.5],
                "trained": {
                    "source": "bilstm",
                    "label": "Walk",
                    "confidence": 0.31,
                    "top5": [["Walk", 0.31]],
                },
            },
        ],
        "timeline": [
            {
                "start": 8.333,
                "end": 9.833,
                "label": "PushUps",
                "confidence": 0.8812,
                "source": "bilstm",
            },
            {
                "start": 9.833,
                "end": 12.333,
                "label": "Surfing",
                "confidence": 0.41,
                "source": "clip",
            },
        ],
        "models": {"trained": "a", "zero_shot": "b"},
        "thresholds": {"trained": 0.55, "zero_shot": 0.3},
        "comparison": None,
        "frames": {
            "fps": 12.5, "size": 112, "width": 112, "height": 84, "columns": 8, "rows": 8,
            "count": 50, "sheets": 1, "clip": 32,
        },
        "timings": {"decode": 0.5},
        "video_url": "/v",
        "annotated_url": "/a",
    }  # fmt: skip


def test_document_shows_no_path() -> None:
    assert "secret" not in json.dumps(document(REPORT, id="x", origin="upload"))


def test_a_segment_is_read_as_it_was_written() -> None:
    for segment in (*REPORT.segments, QUIET):
        written = json.loads(json.dumps(segment_document(segment)))
        read = segment_of(written)
        assert segment_document(read) == written
        assert (read.trained, read.reason) == (segment.trained, segment.reason)


def test_a_report_whose_frames_were_not_kept() -> None:
    made = document(dataclasses.replace(REPORT, frames=None), id="x", origin="file")
    assert made["frames"] is None


def test_the_timeline_is_that_of_the_segments_as_they_are_told() -> None:
    """Or asking for other labels and back would move it by a rounding."""
    thirds = dataclasses.replace(
        REPORT,
        video=dataclasses.replace(VIDEO, start=1 / 3, duration=10 / 3),
        segments=tuple(
            dataclasses.replace(s, start=(i + 1) / 3, end=(i + 7) / 3, confidence=2 / 3)
            for i, s in enumerate(REPORT.segments)
        ),
    )
    made = json.loads(json.dumps(document(thirds, id="x", origin="upload")))
    assert made["timeline"] == timeline_of(made["segment_predictions"], made["video"])
    assert [action["confidence"] for action in made["timeline"]] == [0.6667, 0.6667]
    assert made["timeline"][-1]["end"] == pytest.approx(11 / 3, abs=0.0011)
