"""The timeline as an ELAN annotation file (EAF 3.0), for annotators."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from har.captions import visible
from har.export.cues import since
from har.export.view import Result, View, actions
from har.types import ZERO_SHOT, Source

_TYPE = "action"
_TRAINED, _ZERO_SHOT, _PERSON = "Trained", "Zero-shot", "Corrected"
_START, _END = "TIME_SLOT_REF1", "TIME_SLOT_REF2"

_Slots = dict[tuple[str, str], str]
"""The time slot of each end of each annotation."""


@dataclass(frozen=True)
class _Annotation:
    id: str
    start: int
    """Milliseconds after the first picture, as is ``end``."""
    end: int
    label: str


def write(result: Result, view: View) -> str:
    """A document with a tier for the trained model and one for the zero-shot model, and one for
    corrections where there are any.

    Its times count from the first picture. Where clips overlap there are more tiers, since the
    annotations of one may not.
    """
    root = Element("ANNOTATION_DOCUMENT", _ABOUT)
    header = SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    SubElement(header, "MEDIA_DESCRIPTOR", _VIDEO)
    tiers = _tiers(result, view)
    annotations = [annotation for tier in tiers.values() for annotation in tier]
    # Without it ELAN would give an id that is taken to what is added.
    last = SubElement(header, "PROPERTY", NAME="lastUsedAnnotationId")
    last.text = str(len(annotations))
    slots = _add_slots(root, annotations)
    for name, tier in tiers.items():
        _add_tier(root, name, tier, slots)
    SubElement(root, "LINGUISTIC_TYPE", LINGUISTIC_TYPE_ID=_TYPE, TIME_ALIGNABLE="true")
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, "unicode")}\n'


def _tiers(result: Result, view: View) -> dict[str, list[_Annotation]]:
    zero = result["video"]["start"]
    of_model: dict[str, list[_Annotation]] = {_TRAINED: [], _ZERO_SHOT: [], _PERSON: []}
    for action in actions(result, view):
        start, end = since(zero, action.start), since(zero, action.end)
        # ELAN has no annotation without a length.
        if start < end:
            id = f"a{sum(map(len, of_model.values())) + 1}"
            annotation = _Annotation(id, start, end, visible(action.label))
            of_model[_spoke(action.source)].append(annotation)
    return {
        f"{model} {number}" if number > 1 else model: lane
        for model, annotations in of_model.items()
        if annotations or model != _PERSON
        for number, lane in enumerate(_lanes(annotations), start=1)
    }


def _spoke(source: Source) -> str:
    if source == "person":
        return _PERSON
    return _ZERO_SHOT if source in ZERO_SHOT else _TRAINED


def _lanes(annotations: list[_Annotation]) -> list[list[_Annotation]]:
    """As few lists as it takes, at least one, so that in none of them two overlap."""
    lanes: list[list[_Annotation]] = [[]]
    for annotation in annotations:
        free = (lane for lane in lanes if not lane or lane[-1].end <= annotation.start)
        if (lane := next(free, None)) is None:
            lanes.append(lane := [])
        lane.append(annotation)
    return lanes


def _add_slots(root: Element, annotations: list[_Annotation]) -> _Slots:
    """Two for each annotation, in the order of their times: what ends comes before what starts."""
    order = SubElement(root, "TIME_ORDER")
    edges = [(a.end, (a.id, _END)) for a in annotations]
    edges += [(a.start, (a.id, _START)) for a in annotations]
    slots = {}
    for number, (time, edge) in enumerate(sorted(edges, key=lambda edge: edge[0]), start=1):
        slots[edge] = f"ts{number}"
        SubElement(order, "TIME_SLOT", TIME_SLOT_ID=slots[edge], TIME_VALUE=str(time))
    return slots


def _add_tier(root: Element, name: str, annotations: list[_Annotation], slots: _Slots) -> None:
    tier = SubElement(root, "TIER", TIER_ID=name, LINGUISTIC_TYPE_REF=_TYPE)
    for annotation in annotations:
        facts = {edge: slots[annotation.id, edge] for edge in (_START, _END)}
        outer = SubElement(tier, "ANNOTATION")
        inner = SubElement(outer, "ALIGNABLE_ANNOTATION", facts, ANNOTATION_ID=annotation.id)
        SubElement(inner, "ANNOTATION_VALUE").text = annotation.label


_ABOUT = {
    "AUTHOR": "HAR",
    # The format wants a date and a result has none; ELAN writes its own when it saves.
    "DATE": "1970-01-01T00:00:00Z",
    "FORMAT": "3.0",
    "VERSION": "3.0",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:noNamespaceSchemaLocation": "http://www.mpi.nl/tools/elan/EAFv3.0.xsd",
}
_VIDEO = {
    # Beside this file; where it has another name, ELAN asks for it.
    "MEDIA_URL": "video.mp4",
    "RELATIVE_MEDIA_URL": "./video.mp4",
    "MIME_TYPE": "video/mp4",
}
