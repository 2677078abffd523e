"""I3D by its name, and a fine-tuned one, from the video to the timeline."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from config import Settings
from har.export.result import document
from har.media.probe import probe
from har.models import i3d_weights, listing, precision, registry
from har.models.choices import choices
from har.models.clip_checkpoint import ClipCheckpoint
from har.models.clip_networks import THRESHOLD, inflated
from har.models.labels import KINETICS400, VOCABULARY
from har.recognition.recognizer import Recognizer
from har.recognition.recognizers import Recognizers
from har.types import Options
from tests.sentences import seed

LABELS = ("PushUps", "GolfDriving", "Yoga")
ALONE = Options(threshold=0.0)
"""The zero-shot model is not asked."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data_dir=seed(tmp_path_factory.mktemp("var")), clip_model="off")


@pytest.fixture(scope="module")
def recognizer(settings: Settings) -> Recognizer:
    return Recognizer.load(settings, model="i3d")


@pytest.fixture
def golf(samples: Path, make_video: Callable[..., Path]) -> Path:
    """A clip on a golf course, of UCF101."""
    found = samples.parent / "data" / "wild" / "GolfSwing_3495a9de.mp4"
    return make_video("golf.mp4", "-i", str(found), "-t", "2.56", "-c:v", "libx264")


def test_it_is_here_by_its_name(recognizer: Recognizer, settings: Settings) -> None:
    model = recognizer.model
    assert (recognizer.name, model.source, model.name) == ("i3d", "i3d", "i3d (Kinetics-400)")
    assert model.labels == KINETICS400
    assert (model.frames, model.fps, model.stride, model.threshold) == (32, 12.5, 16, THRESHOLD)
    assert model.fit.shape(1920, 1080) == (192, 342)
    assert Recognizers(recognizer, settings).get("i3d") is recognizer


def test_it_is_listed_as_here(settings: Settings) -> None:
    [choice] = [one for one in choices(settings, "i3d") if one["name"] == "i3d"]
    assert (choice["here"], choice["default"], choice["labels"]) == (True, True, 400)
    assert choice["clip_seconds"] == pytest.approx(32 / 12.5)
    [line] = [x for x in listing.table(settings, timed=False).splitlines() if x.startswith("i3d ")]
    assert "32 x 192 px at 12.5/s: 2.6 s" in line
    assert line.endswith("here")


def test_a_golfer_plays_golf(recognizer: Recognizer, golf: Path, settings: Settings) -> None:
    report = recognizer.recognise(probe(golf, settings), ALONE, lambda _: None)
    [action] = report.timeline
    assert (action.source, report.model) == ("i3d", "i3d")
    assert VOCABULARY.are_near(action.label, "GolfSwing")
    assert action.confidence > 0.8
    assert all(0 < p <= 1 for segment in report.segments for _, p in segment.top5)
    assert all(segment.attention == () for segment in report.segments)
    assert document(report, id="x", origin="file")["model"] == "i3d"


def test_the_zero_shot_model_hears_what_it_saw(
    recognizer: Recognizer, golf: Path, settings: Settings
) -> None:
    asked = Options(threshold=1.0, labels=("a golf swing", "cooking"))
    report = recognizer.recognise(probe(golf, settings), asked, lambda _: None)
    assert {(s.source, s.label) for s in report.segments} == {("semantic", "a golf swing")}
    assert {s.trained.source for s in report.segments if s.trained} == {"i3d"}


def test_its_scores_are_the_networks_own(recognizer: Recognizer) -> None:
    model = recognizer.model
    network = i3d_weights.pretrained()
    pixels = np.random.default_rng(0).integers(0, 256, (16, 64, 96, 3), np.uint8)
    scores = model.per_clip(model.per_frame(pixels)[None])
    with torch.inference_mode(), precision.autocast():
        expected = network(torch.from_numpy(pixels).permute(3, 0, 1, 2)[None] / 127.5 - 1)
    torch.testing.assert_close(scores, expected.float(), atol=0.1, rtol=0.02)
    assert model.actions(scores) is not None
    torch.testing.assert_close(model.actions(scores), scores)
    probabilities = model.probabilities(model.judge(scores)[0])
    torch.testing.assert_close(probabilities, scores.softmax(dim=1), atol=1e-5, rtol=0)


def test_a_fine_tuned_one_is_loaded_from_its_file(
    golf: Path, settings: Settings, tmp_path: Path
) -> None:
    """One that has three of Kinetics' labels left."""
    state = i3d_weights.load()
    kept = [KINETICS400.index(label) for label in LABELS]
    state |= {name: state[name][kept] for name in ("classifier.weight", "classifier.bias")}
    path = tmp_path / "mine.safetensors"
    ClipCheckpoint(
        labels=LABELS,
        network="i3d",
        sizes={},
        geometry=inflated.geometry(),
        stride=16,
        temperature=1.0,
        threshold=0.5,
        data={},
        metrics={},
        state=state,
    ).save(path)
    tuned = dataclasses.replace(settings, checkpoint=path)
    recognizer = Recognizer.load(tuned)
    assert recognizer.model.name == "i3d (mine.safetensors)"
    assert recognizer.model.labels == LABELS
    report = recognizer.recognise(probe(golf, settings), ALONE, lambda _: None)
    assert [(a.label, a.source) for a in report.timeline] == [("GolfDriving", "i3d")]
    [line, *_] = listing.table(tuned, timed=False).splitlines()[1:]
    assert line.startswith("mine.safetensors  a fine-tuned i3d ")
    assert "32 x 192 px at 12.5/s" in line
    assert registry.clip_network(tuned, str(path)).labels == LABELS


def test_one_from_scratch_has_its_sizes_alone(settings: Settings) -> None:
    network = registry.clip_network(settings, "i3d", from_scratch=True)
    assert network.geometry == inflated.geometry()
    ours = i3d_weights.load()["classifier.weight"]
    assert not torch.equal(network.network.state_dict()["network.classifier.weight"], ours)
