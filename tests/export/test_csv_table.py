"""The result as a table."""

from __future__ import annotations

import csv
import io

import pytest

from har.export.csv_table import write
from har.export.view import View
from tests.export.results import LATE, action, clip, result


def test_timeline() -> None:
    assert write(LATE, View()) == (
        "start,end,label,confidence,source\r\n"
        "8.333,12.5,PushUps,0.9012,bilstm\r\n"
        "12.5,14.0,Unknown,0.12,clip\r\n"
        '14.0,20.0004,"Tom & ""Jerry"", <b>",0.456,clip\r\n'
    )


def test_clips() -> None:
    trained = {"label": "Yoga", "confidence": 0.3, "top5": [["Yoga", 0.3]]}
    clips = (clip(0, "Walk"), clip(1, "Surfing", 0.4, trained))
    assert write(result(clips=clips), View("segments")) == (
        "start,end,label,confidence,source,reason,trained_label,trained_confidence\r\n"
        "0,2,Walk,0.9,bilstm,,,\r\n"
        "1,3,Surfing,0.4,clip,unsure,Yoga,0.3\r\n"
    )


def test_nothing_is_a_header() -> None:
    assert write(LATE, View(minimum=1.0)) == "start,end,label,confidence,source\r\n"


@pytest.mark.parametrize(
    ("label", "cell"),
    [
        ("=1+1", "'=1+1"),
        ('=HYPERLINK("http://a", 1)', '\'=HYPERLINK("http://a", 1)'),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "' =1"),
        ("\uff1d1", "'\uff1d1"),
        ("a\r\nb\0", "a  b "),
        ("a=b", "a=b"),
        ("Käse, 行", "Käse, 行"),
    ],
)
def test_is_no_formula(label: str, cell: str) -> None:
    text = write(result(action(0, 1, label)), View())
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["label"] == cell
