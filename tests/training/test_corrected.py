"""Corrected segments as a data set: what is in it, and that it can be trained with."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path
from typing import Any

import pytest

from config import Settings
from har.media.probe import probe
from har.models import backbone
from har.training import corrected, layouts, manifest
from har.training.corrected import Stretch, stretches
from har.training.features import Extractor


def result(*starts: float, start: float = 0.0, duration: float = 6.0) -> dict[str, Any]:
    """A result with clips of 2 s, as far as it matters here."""
    told = {"label": "Walk", "confidence": 0.5, "source": "bilstm"}
    members = [{"start": at, "end": at + 2, **told} for at in starts]
    return {
        "video": {"start": start, "duration": duration},
        "segment_predictions": members,
    }


def test_neighbours_with_the_same_label_are_one_stretch() -> None:
    found = stretches(result(0, 1, 2, 3, 4), {"0": "Run", "1": "Run", "3": "Run", "4": "Sit"})
    assert found == [Stretch(0.0, 2.5, "Run"), Stretch(3.5, 4.5, "Run"), Stretch(4.5, 6.0, "Sit")]


def test_stretches_are_on_the_videos_clock() -> None:
    found = stretches(result(10, 11, start=10.0, duration=3.0), {"1": "Run"})
    assert found == [Stretch(11.5, 13.0, "Run")]


def test_nothing_corrected_is_nothing_to_train_with() -> None:
    assert stretches(result(0, 1), {}) == []


def written(labels: list[str], source: Path, folder: Path, settings: Settings) -> Path:
    """The unpacked zip of a stretch of 1 s for each label, one after the other."""
    found = [Stretch(i + 0.5, i + 1.5, label) for i, label in enumerate(labels)]
    out, work = folder / "training.zip", folder / "work"
    work.mkdir()
    corrected.write(found, probe(source, settings), out, work, settings)
    with zipfile.ZipFile(out) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


STRANGE = ["=cmd|' /C calc'!A0", "../../etc/passwd", 'a, "b"', "柔道", "Sit Around"]


def test_labels_come_back_whatever_they_are(
    samples: Path, settings: Settings, tmp_path: Path
) -> None:
    root = written(STRANGE, samples / "real/old_xvid.avi", tmp_path, settings)
    rows = layouts.read("manifest", root, manifest=root / "manifest.csv", split=1, part=None)
    assert [row.label for row in rows] == STRANGE
    assert [row.file for row in rows] == [
        "clips/_cmd____C_calc__A0/1.mp4",
        "clips/______etc_passwd/2.mp4",
        "clips/a___b_/3.mp4",
        "clips/柔道/4.mp4",
        "clips/Sit_Around/5.mp4",
    ]
    assert {row.source for row in rows} == {"corrected"}
    lengths = [probe(root / row.file, settings).duration for row in rows]
    assert lengths == pytest.approx([1.0] * 5, abs=0.05)


def test_clips_of_one_video_are_never_on_both_sides(
    samples: Path, settings: Settings, tmp_path: Path
) -> None:
    groups = set()
    for name in ("old_xvid.avi", "old_xvid.avi", "water_sport.mp4"):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        root = written(["Run", "Sit"], samples / "real" / name, folder, settings)
        with (root / "manifest.csv").open(newline="") as file:
            own = {row["group"] for row in csv.DictReader(file)}
        assert len(own) == 1
        groups |= own
    assert len(groups) == 2


def test_vectors_are_found_in_clips(samples: Path, settings: Settings, tmp_path: Path) -> None:
    root = written(["Run", "Sit"], samples / "real/old_xvid.avi", tmp_path, settings)
    rows = manifest.read(root / "manifest.csv", root)
    first, second = Extractor(backbone.load("i3d"), 8.0, 64, 8, settings).all(root, rows)
    assert [first.labels, second.labels] == [(row.label,) for row in rows]
    assert first.vectors.ndim == second.vectors.ndim == 4
    assert abs(first.vectors - second.vectors).max() > 0.1
