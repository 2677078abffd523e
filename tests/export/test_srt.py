"""Captions as SubRip, read back by a parser and by ffmpeg."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
import srt

import config
from har.export.srt import write
from har.export.view import View
from har.media import ffmpeg
from tests.export.results import LATE, action, result


def test_counts_from_the_first_picture() -> None:
    assert write(LATE, View()) == (
        "1\n"
        "00:00:00,000 --> 00:00:04,167\n"
        "Push-ups  90%  BiLSTM\n"
        "\n"
        "2\n"
        "00:00:05,667 --> 00:00:11,667\n"
        'Tom & "Jerry", \u2039b\u203a  46%  CLIP\n'
    )


def test_nothing_is_empty() -> None:
    assert write(LATE, View(minimum=1.0)) == ""


def test_a_parser_reads_it() -> None:
    first, second = srt.parse(write(LATE, View()))
    assert (first.index, second.index) == (1, 2)
    assert second.start.total_seconds() == 5.667
    assert second.content == 'Tom & "Jerry", \u2039b\u203a  46%  CLIP'


def test_neighbours_leave_no_gap_and_do_not_overlap() -> None:
    edges = [7.0004 + 0.1015 * i for i in range(200)]
    actions = [action(a, b, "Walk") for a, b in pairwise(edges)]
    cues = list(srt.parse(write(result(*actions), View())))
    assert len(cues) == 199
    assert [cue.end for cue in cues[:-1]] == [cue.start for cue in cues[1:]]


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("a --> b", "a --\u203a b"),
        ("<b>{\\an8}\\N", "\u2039b\u203a(/an8)/N"),
        ("1\n\n2\n00:00:01,000 --> 00:00:02,000\nb", "1  2 00:00:01,000 --\u203a 00:00:02,000 b"),
        ("Café & 行", "Café & 行"),
    ],
)
def test_ffmpeg_shows_labels_as_they_are(label: str, shown: str, tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text(write(result(action(0, 1, label)), View()), "utf-8")
    argv = [ffmpeg.executable(config.Settings()), "-v", "error", "-i", "a.srt", "-f", "ass", "-"]
    script = subprocess.run(argv, cwd=tmp_path, check=True, stdout=subprocess.PIPE).stdout
    (event,) = (line for line in script.decode().splitlines() if line.startswith("Dialogue:"))
    assert event.split(",", 9)[9] == f"{shown}  90%  BiLSTM"
