"""Captions as WebVTT, read back by a parser; tests/browser has a browser read them."""

from __future__ import annotations

import html
from itertools import pairwise

import pytest
from webvtt import WebVTT

from har.export.view import View
from har.export.vtt import write
from tests.export.results import LATE, action, clip, result


def read(text: str) -> list[tuple[int, int, str]]:
    """The cues of a text, in milliseconds."""
    return [
        (c.start_time.in_milliseconds(), c.end_time.in_milliseconds(), html.unescape(c.text))
        for c in WebVTT.from_string(text, strict=True)
    ]


def test_tells_the_videos_own_clock() -> None:
    assert write(LATE, View()) == (
        "WEBVTT\n"
        "\n"
        "1\n"
        "00:00:08.333 --> 00:00:12.500\n"
        "Push-ups  90%  BiLSTM\n"
        "\n"
        "2\n"
        "00:00:14.000 --> 00:00:20.000\n"
        'Tom &amp; "Jerry", &lt;b&gt;  46%  CLIP\n'
    )


def test_unknown_is_told_where_it_is_asked_for() -> None:
    assert read(write(LATE, View(labels=frozenset(["Unknown"])))) == [(12_500, 14_000, "Unknown")]


def test_clips_overlap() -> None:
    written = write(result(clips=(clip(3599, "Walk"), clip(3600, "Walk"))), View("segments"))
    assert "00:59:59.000 --> 01:00:01.000\n" in written
    times = [(start, end) for start, end, _ in read(written)]
    assert times == [(3_599_000, 3_601_000), (3_600_000, 3_602_000)]


def test_nothing_is_a_header() -> None:
    assert write(LATE, View(minimum=1.0)) == "WEBVTT\n"


def test_neighbours_leave_no_gap_and_do_not_overlap() -> None:
    edges = [0.0004 + 0.1015 * i for i in range(200)]
    actions = [action(a, b, "Walk") for a, b in pairwise(edges)]
    cues = read(write(result(*actions), View()))
    assert len(cues) == 199
    assert [end for _, end, _ in cues[:-1]] == [start for start, _, _ in cues[1:]]
    assert all(start < end for start, end, _ in cues)


@pytest.mark.parametrize(("start", "end"), [(1.0, 1.0), (1.0, 1.0003), (-2.0, -1.0)])
def test_what_has_no_length_is_left_out(start: float, end: float) -> None:
    written = write(result(action(start, end, "Walk"), action(end, 3, "Yoga")), View())
    (cue,) = read(written)
    assert cue == (1000 if start == 1 else 0, 3000, "Yoga  90%  BiLSTM")


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("00:01 --> 00:02", "00:01 --> 00:02"),
        ("a\n\n2\n00:01.000 --> 00:02.000\nb", "a  2 00:01.000 --> 00:02.000 b"),
        ("&amp;<c.x>&", "&amp;<c.x>&"),
        ("NOTE\r\0\u2028x", "NOTE   x"),
        ("Café 行", "Café 行"),
    ],
)
def test_labels_show_as_they_are(label: str, shown: str) -> None:
    (cue,) = read(write(result(action(0, 1, label)), View()))
    assert cue[2] == f"{shown}  90%  BiLSTM"
