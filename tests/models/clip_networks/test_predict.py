"""The clip networks go the whole way of a video as our own model does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

import config
from config import Settings
from har.export.result import document
from har.media.probe import probe
from har.recognition import embeddings
from har.recognition.again import Kept, rescored
from har.recognition.pipeline import ANNOTATED, process
from har.recognition.recognizer import Recognizer
from har.types import Options, Report
from tests.models.clip_networks import saved
from tests.sentences import seed

SOURCES = saved.RESIDUAL + saved.ATTENTION
SLOW = pytest.mark.slow
Maker = Callable[..., Path]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder for all, since reading its sentences anew takes seconds."""
    return seed(tmp_path_factory.mktemp("var"))


@pytest.fixture
def settings(data: Path) -> Settings:
    return Settings(data_dir=data, clip_model="off")


@pytest.fixture
def video(samples: Path, make_video: Maker) -> Path:
    """Two and a half seconds in a gymnasium."""
    real = str(samples / "real/gymnastics.mp4")
    return make_video(
        "gymnasium.mp4", "-i", real, "-t", "2.5", "-vf", "scale=320:-2", "-c:v", "libx264"
    )


def processed(
    recognizer: Recognizer, path: Path, folder: Path, options: Options, settings: Settings
) -> Report:
    return process(path, folder, recognizer, options, settings, lambda *_: None, details=True)


def model(home: Path, source: str, settings: Settings) -> Recognizer:
    name = str(home / source) if source in saved.ATTENTION else source
    return Recognizer.load(settings, model=name)


@pytest.mark.parametrize(
    "source",
    [
        source if source in ("r3d_18", "timesformer") else pytest.param(source, marks=SLOW)
        for source in SOURCES
    ],
)
def test_the_whole_way(
    here: Path, source: str, video: Path, settings: Settings, tmp_path: Path
) -> None:
    recognizer = model(here, source, settings)
    report = processed(recognizer, video, tmp_path, Options(threshold=0.0), settings)
    trained = recognizer.model
    assert {segment.source for segment in report.segments} == {source}
    assert {segment.label for segment in report.segments} <= set(trained.labels)
    assert report.timeline[0].start == pytest.approx(report.video.start)
    assert report.timeline[-1].end == pytest.approx(report.video.end)
    assert all(s.end - s.start <= trained.frames / trained.fps + 1e-9 for s in report.segments)
    assert all(segment.attention == () for segment in report.segments)
    assert report.models["trained"] == trained.name
    annotated = probe(tmp_path / ANNOTATED, settings)
    assert annotated.duration == pytest.approx(report.video.duration, abs=0.05)
    json.dumps(document(report, id="x", origin="file"))


@pytest.mark.parametrize("source", ["mc3_18", "timesformer"])
def test_the_fallback_sheets_and_embeddings(
    here: Path, source: str, video: Path, settings: Settings, tmp_path: Path
) -> None:
    recognizer = model(here, source, settings)
    recognizer.warm_up()
    asked = Options(threshold=1.0, annotate=False)
    report = processed(recognizer, video, tmp_path, asked, settings)
    for segment in report.segments:
        assert segment.source == "semantic"
        assert segment.trained
        assert segment.trained.source == source
        assert (segment.reason or "").startswith(f"{source} confidence ")
    assert report.frames
    assert report.frames.fps == recognizer.model.fps
    assert report.frames.count == round(report.video.duration * report.frames.fps)
    with Image.open(tmp_path / "frames-0.jpg") as sheet:
        assert sheet.size == (8 * 112, 8 * 112)
    kept = embeddings.read(tmp_path / embeddings.FILE)
    again = rescored(
        document(report, id="x", origin="file"),
        [Kept(kept, recognizer.zero_shot.maker(kept))],
        ("jogging", "cooking"),
    )
    told = again["segment_predictions"]
    assert {x for segment in told for x, _ in segment["top5"]} == {"jogging", "cooking"}


@pytest.mark.parametrize(
    "name", ["odd/unordered.mov", "odd/test_non_zero_start.mp4", "odd/video_90.mov"]
)
def test_a_video_shorter_than_a_sample_of_timesformers_is_one_clip(
    here: Path, name: str, samples: Path, settings: Settings
) -> None:
    video = probe(samples / name, settings)
    recognizer = model(here, "timesformer", settings)
    report = recognizer.recognise(video, Options(threshold=0.0), lambda _: None)
    [segment] = report.segments
    assert (segment.start, segment.end) == pytest.approx((video.start, video.end))


def test_the_command_line(here: Path, video: Path, data: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "HAR_DATA_DIR": str(data), "HAR_CLIP_MODEL": "off"}
    done = subprocess.run(
        [
            sys.executable, "-m", "har", "predict", str(video), "--no-annotate",
            "--model", str(here / "videomae"), "--threshold", "0", "--out", str(tmp_path),
        ],
        capture_output=True, text=True, cwd=config.ROOT, env=environment,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    assert result["models"]["trained"] == "videomae (videomae)"
    assert {segment["source"] for segment in result["segment_predictions"]} == {"videomae"}
