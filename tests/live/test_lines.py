"""What is written of a segment."""

from __future__ import annotations

import json

from har.live.lines import for_people, for_programs
from har.recognition.stream import Answer
from har.types import Segment

TOP = (("PushUps", 0.8765), ("Squats", 0.06), ("Yoga", 0.03), ("Walk", 0.02))
ANSWER = Answer(Segment(2.0, 4.0, "PushUps", 0.87654, TOP, "bilstm"), 0.0812, 0)
UNSURE = Answer(Segment(2.0, 4.0, "Unknown", 0.1, TOP, "semantic"), 0.1, 0)


def test_for_programs() -> None:
    assert json.loads(for_programs(ANSWER)) == {
        "start": 2.0,
        "end": 4.0,
        "label": "PushUps",
        "confidence": 0.8765,
        "top3": [["PushUps", 0.8765], ["Squats", 0.06], ["Yoga", 0.03]],
        "source": "bilstm",
        "latency_ms": 81.2,
    }


def test_for_people_the_first_is_green() -> None:
    line = for_people(ANSWER, {})
    assert "2.0-4.0 s  Push-ups  88%  BiLSTM" in line
    assert "[\033[32mPush-ups 88%\033[0m, Squats 6%, Yoga 3%]" in line
    assert "Walk" not in line


def test_for_people_without_colour() -> None:
    assert "\033" not in for_people(ANSWER, {"NO_COLOR": "1"})


def test_for_people_who_are_told_that_it_is_unsure() -> None:
    assert "2.0-4.0 s  Unknown  [" in for_people(UNSURE, {})
