"""Labels that people gave to a job's segments, as a data set that ``har train`` reads."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from config import Settings
from har.media import cut
from har.recognition import timeline
from har.types import Action, VideoFacts

MANIFEST = "manifest.csv"

_COLUMNS = ("file", "label", "source", "group")
_SOURCE = "corrected"
_LONGEST = 50
_GROUP = 16
"""Digits of a digest that tell one video from all others."""


@dataclass(frozen=True)
class Stretch:
    """Neighbouring segments that a person gave the same label; times on the video's clock."""

    start: float
    end: float
    label: str


def stretches(result: Mapping[str, Any], corrections: Mapping[str, str]) -> list[Stretch]:
    """The moments of a result's segments that have corrections, as the timeline has them."""
    told = [
        Action(m["start"], m["end"], m["label"], m["confidence"], m["source"])
        for m in result["segment_predictions"]
    ]
    video = result["video"]
    owned = timeline.owned(told, video["start"], video["start"] + video["duration"])
    labelled = [(moment, corrections.get(str(i))) for i, moment in enumerate(owned)]
    return list(_joined(labelled))


def _joined(labelled: Sequence[tuple[Action, str | None]]) -> Iterator[Stretch]:
    for label, run in groupby(labelled, key=lambda each: each[1]):
        moments = [moment for moment, _ in run]
        start, end = moments[0].start, moments[-1].end
        if label is not None and start < end:
            yield Stretch(start, end, label)


def write(
    found: Sequence[Stretch], video: VideoFacts, out: Path, folder: Path, settings: Settings
) -> None:
    """Write ``out``: a zip with a manifest and a clip for each stretch; ``folder`` is to work in.

    All clips of one video are a group, whatever job they come from, so that they are never on both
    sides of a split. Raises as har.media.encoder.write() does.
    """
    group = _digest(video.path)
    indexed = cut.with_index(video, folder, settings)
    rows = []
    # Stored, since videos do not get smaller.
    with zipfile.ZipFile(out, "w") as archive:
        for number, stretch in enumerate(found, 1):
            clip = folder / f"{number}.mp4"
            cut.clip(indexed, stretch.start, stretch.end, clip, settings)
            file = f"clips/{_folder(stretch.label)}/{clip.name}"
            archive.write(clip, file)
            clip.unlink()
            rows.append((file, stretch.label, _SOURCE, group))
        archive.writestr(MANIFEST, _manifest(rows))


def _manifest(rows: Sequence[Sequence[str]]) -> str:
    # No guard against formulas: the label that is learnt would have it, too.
    text = io.StringIO()
    csv.writer(text).writerows([_COLUMNS, *rows])
    return text.getvalue()


def _folder(label: str) -> str:
    """A label as the name of a folder, which no system takes for anything else."""
    return "".join(c if c.isalnum() else "_" for c in label)[:_LONGEST]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:_GROUP]
