"""The result as an ELAN file, read back by pympi."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from pympi.Elan import Eaf

from har.export.eaf import write
from har.export.view import View
from tests.export.results import LATE, action, clip, result

TRAINED = {"label": "Yoga", "confidence": 0.3, "top5": [["Yoga", 0.3]]}


def read(text: str, folder: Path) -> Eaf:
    (folder / "a.eaf").write_text(text, "utf-8")
    return Eaf(folder / "a.eaf")


def test_timeline() -> None:
    video = result(action(8.333, 12.5, "PushUps"), action(12.5, 14, "R&B", 0.4, "clip"))
    assert write(video, View()) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<ANNOTATION_DOCUMENT AUTHOR="HAR" DATE="1970-01-01T00:00:00Z" FORMAT="3.0" VERSION="3.0"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">\n'
        '  <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">\n'
        '    <MEDIA_DESCRIPTOR MEDIA_URL="video.mp4" RELATIVE_MEDIA_URL="./video.mp4"'
        ' MIME_TYPE="video/mp4" />\n'
        '    <PROPERTY NAME="lastUsedAnnotationId">2</PROPERTY>\n'
        "  </HEADER>\n"
        "  <TIME_ORDER>\n"
        '    <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="0" />\n'
        '    <TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="4167" />\n'
        '    <TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="4167" />\n'
        '    <TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="5667" />\n'
        "  </TIME_ORDER>\n"
        '  <TIER TIER_ID="Trained" LINGUISTIC_TYPE_REF="action">\n'
        "    <ANNOTATION>\n"
        '      <ALIGNABLE_ANNOTATION TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2"'
        ' ANNOTATION_ID="a1">\n'
        "        <ANNOTATION_VALUE>PushUps</ANNOTATION_VALUE>\n"
        "      </ALIGNABLE_ANNOTATION>\n"
        "    </ANNOTATION>\n"
        "  </TIER>\n"
        '  <TIER TIER_ID="Zero-shot" LINGUISTIC_TYPE_REF="action">\n'
        "    <ANNOTATION>\n"
        '      <ALIGNABLE_ANNOTATION TIME_SLOT_REF1="ts3" TIME_SLOT_REF2="ts4"'
        ' ANNOTATION_ID="a2">\n'
        "        <ANNOTATION_VALUE>R&amp;B</ANNOTATION_VALUE>\n"
        "      </ALIGNABLE_ANNOTATION>\n"
        "    </ANNOTATION>\n"
        "  </TIER>\n"
        '  <LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="action" TIME_ALIGNABLE="true" />\n'
        "</ANNOTATION_DOCUMENT>\n"
    )


def test_pympi_reads_it(tmp_path: Path) -> None:
    document = read(write(LATE, View()), tmp_path)
    assert list(document.get_tier_names()) == ["Trained", "Zero-shot"]
    assert document.get_annotation_data_for_tier("Trained") == [(0, 4167, "PushUps")]
    assert sorted(document.get_annotation_data_for_tier("Zero-shot")) == [
        (4167, 5667, "Unknown"),
        (5667, 11667, 'Tom & "Jerry", <b>'),
    ]
    (video,) = document.media_descriptors
    assert video["MEDIA_URL"] == "video.mp4"


def test_labels_hold_nothing_that_xml_cannot(tmp_path: Path) -> None:
    document = read(write(result(action(0, 1, "]]>\0\x0b\ud800\uffff<行>")), View()), tmp_path)
    assert document.get_annotation_data_for_tier("Trained") == [(0, 1000, "]]>    <行>")]


def test_clips_of_a_tier_do_not_overlap(tmp_path: Path) -> None:
    clips = (*(clip(i / 2, f"Walk{i}") for i in range(8)), clip(4, "Surf", 0.4, TRAINED))
    document = read(write(result(clips=clips), View("segments")), tmp_path)
    tiers = ["Trained", "Trained 2", "Trained 3", "Trained 4", "Zero-shot"]
    assert list(document.get_tier_names()) == tiers
    found = []
    for tier in tiers:
        annotations = sorted(document.get_annotation_data_for_tier(tier))
        ends, starts = [a[1] for a in annotations[:-1]], [a[0] for a in annotations[1:]]
        assert all(end <= start for end, start in zip(ends, starts, strict=True))
        found += annotations
    assert sorted(found) == [
        *((500 * i, 500 * i + 2000, f"Walk{i}") for i in range(8)),
        (4000, 6000, "Surf"),
    ]


def test_an_edited_document_can_be_saved(tmp_path: Path) -> None:
    document = read(write(LATE, View()), tmp_path)
    document.add_annotation("Trained", 5000, 6000, "Sit")
    document.to_file(tmp_path / "b.eaf")
    again = Eaf(tmp_path / "b.eaf").get_annotation_data_for_tier("Trained")
    assert sorted(again) == [(0, 4167, "PushUps"), (5000, 6000, "Sit")]


def test_nothing_is_two_empty_tiers(tmp_path: Path) -> None:
    document = read(write(LATE, View(minimum=1.0)), tmp_path)
    assert list(document.get_tier_names()) == ["Trained", "Zero-shot"]


@pytest.mark.parametrize("end", [1.0, 1.0004])
def test_what_has_no_length_is_left_out(end: float) -> None:
    video = result(action(1, end, "Walk"), action(end, 3, "Yoga"))
    values = ElementTree.fromstring(write(video, View())).iter("ANNOTATION_VALUE")
    assert [value.text for value in values] == ["Yoga"]
