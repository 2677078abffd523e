"""Whatever a label is, every format has it where it belongs and is read by its readers."""

from __future__ import annotations

import csv
import html
import io
import re
from itertools import pairwise
from xml.etree import ElementTree

import srt
from hypothesis import example, given
from hypothesis import strategies as st
from webvtt import WebVTT

from har.captions import caption, visible
from har.errors import BadOption
from har.export.formats import FORMATS
from har.export.view import Result, View, actions, parse_view
from tests.export.results import action, result
from tests.fuzz.inputs import NUMBERS

MARKS = ["-->", "<", "&", "&lt;", "]]>", "\n", "\n\n", "\r", "\0", "\u2028", "\ufffe", "\ud800"]
MARKS += ["=", "@", "'", '"', ",", ";", "{\\an8}", "\\", "NOTE ", "STYLE\n", "1\n", "WEBVTT"]
TIME = "00:00:01,000 --> 00:00:02,000\n"
LABEL = st.lists(st.sampled_from([*MARKS, TIME]) | st.characters(), min_size=1).map("".join)


@st.composite
def results(draw: st.DrawFn, labels: st.SearchStrategy[str]) -> Result:
    """A timeline as the service makes it: without gaps, its times in whole milliseconds."""
    edges = [draw(st.integers(0, 10_000_000))]
    members = []
    for label in draw(st.lists(labels, min_size=1, max_size=12)):
        edges.append(edges[-1] + draw(st.integers(0, 30_000)))
        source = draw(st.sampled_from(["bilstm", "clip"]))
        members.append(action(edges[-2] / 1000, edges[-1] / 1000, label, 0.5, source))
    return result(*members)


def write(name: str, made: Result) -> str:
    text = FORMATS[name].write(made, View())
    text.encode()
    return text


def captions(made: Result) -> list[str]:
    """What the captions of a result are to show."""
    lasting = [a for a in actions(made, View()) if a.start < a.end and a.label != "Unknown"]
    return [visible(caption(a)) for a in lasting]


@given(results(LABEL))
@example(result(action(0, 1, "a\n\n2\n00:01.000 --> 00:02.000\nb"), action(1, 2, "&amp;<b>")))
def test_webvtt_shows_labels_as_they_are(made: Result) -> None:
    text = write("vtt", made)
    assert text.count("-->") == len(captions(made))
    cues = WebVTT.from_string(text, strict=True)
    assert [html.unescape(cue.raw_text) for cue in cues] == [c.rstrip() for c in captions(made)]
    assert not any(tag in cue.raw_text for cue in cues for tag in "<>")


@given(results(LABEL))
@example(result(action(0, 1, "a\n\n" + TIME + "b"), action(1, 2, "<b>")))
def test_subrip_has_one_line_for_each(made: Result) -> None:
    cues = list(srt.parse(write("srt", made)))
    assert len(cues) == len(captions(made))
    assert [cue.index for cue in cues] == list(range(1, len(cues) + 1))
    for cue, shown in zip(cues, captions(made), strict=True):
        assert len(cue.content) == len(shown)
        assert not re.search(r"[<>{}\\]|\n", cue.content)


@given(results(LABEL))
@example(result(action(0, 1, "=1"), action(1, 2, " \t@a,\r\n\"b'")))
def test_tables_have_a_row_for_each_and_no_formula(made: Result) -> None:
    rows = list(csv.DictReader(io.StringIO(write("csv", made), newline="")))
    for row, member in zip(rows, made["timeline"], strict=True):
        assert [float(row["start"]), float(row["end"])] == [member["start"], member["end"]]
        assert row["label"].removeprefix("'") == visible(member["label"]).removeprefix("'")
        assert not re.match(r"\s*[-=+@]", row["label"])


@given(results(LABEL))
@example(result(action(0, 1, "]]></ANNOTATION_VALUE>"), action(1, 2, "\0\x0b\ud800\uffff")))
def test_elan_has_the_labels(made: Result) -> None:
    document = ElementTree.fromstring(write("eaf", made))
    times = {
        slot.attrib["TIME_SLOT_ID"]: int(slot.attrib["TIME_VALUE"])
        for slot in document.iter("TIME_SLOT")
    }
    assert list(times.values()) == sorted(times.values())
    found = []
    for annotation in document.iter("ALIGNABLE_ANNOTATION"):
        start, end = (times[annotation.attrib[f"TIME_SLOT_REF{i}"]] for i in (1, 2))
        found.append((start, end, annotation.findtext("ANNOTATION_VALUE")))
    zero = made["video"]["start"]
    assert sorted(found) == [
        (round((a.start - zero) * 1000), round((a.end - zero) * 1000), visible(a.label))
        for a in actions(made, View())
        if a.start < a.end
    ]


@given(results(st.sampled_from(["Walk", "Yoga", "Unknown", "a\n0:05 b", "<b>"])))
def test_chapters_keep_youtubes_rules(made: Result) -> None:
    lines = write("chapters", made).splitlines()
    assert all(re.fullmatch(r"(\d+:)?\d?\d:\d\d [^<>]+", line) for line in lines)
    starts = [seconds(line.split()[0]) for line in lines]
    titles = [line.split(" ", 1)[1] for line in lines]
    assert starts[:1] in ([], [0])
    ends = [*starts[1:], int(made["video"]["duration"] + 1e-6)]
    if len(lines) > 1:
        assert all(end - start >= 10 for start, end in zip(starts, ends, strict=True))
    assert all(a != b for a, b in pairwise(titles))


def seconds(clock: str) -> int:
    total = 0
    for part in clock.split(":"):
        total = total * 60 + int(part)
    return total


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "what": st.lists(st.sampled_from(["timeline", "segments", ""]) | st.text(), max_size=2),
            "min": st.lists(NUMBERS, max_size=2),
            "label": st.lists(LABEL | st.text(), max_size=3),
            "source": st.lists(st.sampled_from(["bilstm", "clip"]) | st.text(), max_size=3),
        },
    )
)
def test_views_are_usable_or_refused(query: dict[str, list[str]]) -> None:
    made = result(action(0, 1, "Walk"), action(1, 2, "Yoga", 0.3, "clip"))
    try:
        view = parse_view(query)
    except BadOption:
        return
    assert 0 <= view.minimum <= 1
    for format in FORMATS.values():
        format.write(made, view).encode()
