"""The whole way of a video, and the files that it leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

import config
from config import Settings
from har.recognition.embeddings import read
from har.recognition.pipeline import process
from har.recognition.recognizer import Recognizer
from har.types import Options, Report


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> Recognizer:
    data = tmp_path_factory.mktemp("data")
    return Recognizer.load(config.Settings(data_dir=data, clip_model="off"))


def processed(
    recognizer: Recognizer, video: Path, folder: Path, settings: Settings, details: bool
) -> Report:
    options = Options(threshold=1.0, annotate=False)
    return process(video, folder, recognizer, options, settings, lambda *_: None, details=details)


def test_details_are_files_of_their_own(
    recognizer: Recognizer, samples: Path, settings: Settings, tmp_path: Path
) -> None:
    report = processed(recognizer, samples / "real/gymnastics.mp4", tmp_path, settings, True)
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"frames-0.jpg", "frames-1.jpg", "embeddings.safetensors"}
    assert report.frames is not None
    assert (report.frames.count, report.frames.sheets, report.frames.size) == (80, 2, 112)
    kept = read(tmp_path / "embeddings.safetensors")
    assert list(kept.vectors) == list(range(len(report.segments)))


def test_without_details_nothing_is_written(
    recognizer: Recognizer, samples: Path, settings: Settings, tmp_path: Path
) -> None:
    report = processed(recognizer, samples / "real/exercise_1080p.mp4", tmp_path, settings, False)
    assert list(tmp_path.iterdir()) == []
    assert report.frames is None
