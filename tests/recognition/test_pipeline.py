"""The whole way of a video, and the files that it leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import Settings
from har.errors import BadOption
from har.recognition.embeddings import FILES, read
from har.recognition.pipeline import process
from har.recognition.recognizer import Recognizer
from har.types import Options, Report
from tests import checkpoints
from tests.models.clip_networks import saved


def processed(
    recognizer: Recognizer, video: Path, folder: Path, settings: Settings, details: bool
) -> Report:
    options = Options(threshold=1.0, annotate=False)
    return process(video, folder, recognizer, options, settings, lambda *_: None, details=details)


def test_details_are_files_of_their_own(
    recognizer: Recognizer, samples: Path, settings: Settings, tmp_path: Path
) -> None:
    report = processed(recognizer, samples / "real/old_xvid.avi", tmp_path, settings, True)
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"frames-0.jpg", "frames-1.jpg", "embeddings.safetensors"}
    assert report.frames is not None
    sheets, model = report.frames, recognizer.model
    assert (sheets.count, sheets.sheets, sheets.size) == (83, 2, checkpoints.SIZE)
    assert (sheets.fps, sheets.clip) == (model.fps, model.frames)
    kept = read(tmp_path / "embeddings.safetensors")
    assert list(kept.vectors) == list(range(len(report.segments)))


def test_without_details_nothing_is_written(
    recognizer: Recognizer, samples: Path, settings: Settings, tmp_path: Path
) -> None:
    report = processed(recognizer, samples / "real/exercise_1080p.mp4", tmp_path, settings, False)
    assert list(tmp_path.iterdir()) == []
    assert report.frames is None


def test_another_model_is_compared_with_the_first(
    recognizer: Recognizer, samples: Path, settings: Settings, tmp_path: Path
) -> None:
    with saved.torch_home(tmp_path / "torch", "r3d_18"):
        other = Recognizer.load(settings, model="r3d_18", zero_shot=recognizer.zero_shot)
    out = tmp_path / "out"
    out.mkdir()
    phases: list[str] = []
    report = process(
        samples / "real/exercise_1080p.mp4",
        out,
        recognizer,
        Options(threshold=1.0),
        settings,
        lambda phase, _: phases.append(phase),
        details=True,
        compared=other,
    )
    assert list(dict.fromkeys(phases)) == ["probe", "recognise", "compare", "annotate"]
    compared = report.comparison
    assert compared is not None
    assert (report.model, compared.model) == ("bilstm", "r3d_18")
    assert {s.trained.source for s in compared.segments if s.trained} == {"r3d_18"}
    assert compared.timeline[-1].end == pytest.approx(report.timeline[-1].end)
    for name, found in zip(FILES, (report, compared), strict=True):
        assert list(read(out / name).vectors) == list(range(len(found.segments)))
    assert 0 < report.timings["compare"] < report.timings["total"]


def test_a_stride_that_is_too_long_for_one_of_them_is_refused_at_once(
    recognizer: Recognizer, settings: Settings, tmp_path: Path
) -> None:
    folder = saved.save_attention("timesformer", tmp_path / "timesformer")
    other = Recognizer.load(settings, model=str(folder))
    with pytest.raises(BadOption, match="from 1 to 8"):
        process(
            tmp_path / "none.mp4",
            tmp_path,
            recognizer,
            Options(stride=9),
            settings,
            lambda *_: None,
            compared=other,
        )
