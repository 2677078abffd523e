"""The cascade: who speaks, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from config import Settings
from har.media.frames import frames
from har.media.probe import probe
from har.models.labels import UCF101
from har.models.zero_shot.objects import Objects
from har.models.zero_shot.sentences import Sentences
from har.recognition import clips
from har.recognition.cascade import Cascade, top_labels
from har.types import UNKNOWN, Clip
from tests.sentences import seed

TRAINED = ("PushUps", "SitDown", "Walk")
SURE = torch.tensor([0.9, 0.06, 0.04])
UNSURE = torch.tensor([0.4, 0.35, 0.25])
NOT_USED = torch.zeros(32, 1)
"""The backbone's part of frames, which the cascade does not look at."""


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Objects:
    data = seed(tmp_path_factory.mktemp("data"))
    return Objects(Sentences(data / "cache" / "sentences.npz"), {})


@pytest.fixture
def cut(samples: Path, settings: Settings, request: pytest.FixtureRequest) -> clips.Frames:
    """The first clip of a real video."""
    path = samples / "real" / request.param
    batch = next(frames(probe(path, settings), 8, 224, settings))
    return next(clips.stream([(batch, NOT_USED[: len(batch.times)])], 16, 8))[0]


gymnasium = pytest.mark.parametrize("cut", ["gymnastics.mp4"], indirect=True)
pool = pytest.mark.parametrize("cut", ["water_sport.mp4"], indirect=True)


@gymnasium
def test_the_trained_model_speaks_where_it_is_sure(objects: Objects, cut: clips.Frames) -> None:
    cascade = Cascade(TRAINED, "bilstm", 0.55, objects, UCF101)
    segment = cascade.segment(Clip(0, 0.0, 2.0), SURE, cut)
    assert (segment.label, segment.source) == ("PushUps", "bilstm")
    assert segment.confidence == pytest.approx(0.9)
    assert (segment.reason, segment.trained) == (None, None)
    assert dict(segment.top5) == pytest.approx({"PushUps": 0.9, "SitDown": 0.06, "Walk": 0.04})


@gymnasium
def test_the_zero_shot_model_speaks_where_it_is_not(objects: Objects, cut: clips.Frames) -> None:
    cascade = Cascade(TRAINED, "bilstm", 0.55, objects, UCF101)
    segment = cascade.segment(Clip(0, 0.0, 2.0), UNSURE, cut)
    assert (segment.label, segment.source) == ("ParallelBars", "objects")
    assert segment.reason == "bilstm confidence 0.40 below threshold 0.55"
    assert segment.trained is not None
    assert segment.trained.label == "PushUps"
    assert len(segment.top5) == 5


@pool
def test_unsure_of_both_is_unknown(objects: Objects, cut: clips.Frames) -> None:
    cascade = Cascade(TRAINED, "bilstm", 0.55, objects, UCF101)
    segment = cascade.segment(Clip(0, 0.0, 2.0), UNSURE, cut)
    assert segment.label == UNKNOWN
    assert segment.reason is not None
    assert "objects confidence" in segment.reason
    assert len(segment.top5) == 5
    assert segment.trained is not None


@pool
def test_the_vocabulary_of_a_request(objects: Objects, cut: clips.Frames) -> None:
    labels = ("swimming pool", "playing the piano")
    cascade = Cascade(TRAINED, "bilstm", 0.55, objects, labels)
    segment = cascade.segment(Clip(0, 0.0, 2.0), UNSURE, cut)
    assert segment.label == "swimming pool"
    assert {label for label, _ in segment.top5} == set(labels)


@gymnasium
@pytest.mark.parametrize(("threshold", "source"), [(0.0, "bilstm"), (1.0, "objects")])
def test_threshold_decides(
    threshold: float, source: str, objects: Objects, cut: clips.Frames
) -> None:
    cascade = Cascade(TRAINED, "bilstm", threshold, objects, UCF101)
    assert cascade.segment(Clip(0, 0.0, 2.0), SURE, cut).source == source


def test_overlapping_clips_agree_with_each_alone(
    objects: Objects, samples: Path, settings: Settings
) -> None:
    """Frames that clips share are embedded once; that must not change what is said of each."""
    video = probe(samples / "real/gymnastics.mp4", settings)
    embedded = [(b, NOT_USED[: len(b.times)]) for b in frames(video, 8, 224, settings)]
    shared = Cascade(TRAINED, "bilstm", 0.55, objects, UCF101)
    for ready in clips.stream(embedded, 16, 3):
        for cut in ready:
            clip = clips.clip_of(cut, 1 / 8, video.end)
            alone = Cascade(TRAINED, "bilstm", 0.55, objects, UCF101)
            one, other = shared.segment(clip, UNSURE, cut), alone.segment(clip, UNSURE, cut)
            assert dict(one.top5) == pytest.approx(dict(other.top5), abs=1e-5)


def test_half_precision_changes_no_label(
    objects: Objects, samples: Path, settings: Settings
) -> None:
    video = probe(samples / "real/gymnastics.mp4", settings)
    embedded = [(b, NOT_USED[: len(b.times)]) for b in frames(video, 8, 224, settings)]
    cascade = Cascade(TRAINED, "bilstm", 0.55, objects, UCF101)
    for ready in clips.stream(embedded, 16, 8):
        for cut in ready:
            segment = cascade.segment(clips.clip_of(cut, 1 / 8, video.end), UNSURE, cut)
            wanted = [i for i in range(cut.first, cut.end) if i % 2 == 0]
            whole = objects.embed(cut.pixels[[i - cut.first for i in wanted]]).mean(dim=0)
            expected = top_labels(UCF101, objects.scores(whole, UCF101))
            assert segment.top5[0][0] == expected[0][0]
            assert dict(segment.top5) == pytest.approx(dict(expected), abs=0.001)
    vectors = cascade.embeddings.vectors
    assert list(vectors) == list(range(9))
    assert all(vector.dtype == np.float16 for vector in vectors.values())


@gymnasium
def test_embeddings_are_of_the_clips_that_zero_shot_was_asked_about(
    objects: Objects, cut: clips.Frames
) -> None:
    cascade = Cascade(TRAINED, "bilstm", 0.55, objects, UCF101)
    for probabilities in (SURE, UNSURE, SURE, UNSURE):
        cascade.segment(Clip(0, 0.0, 2.0), probabilities, cut)
    assert list(cascade.embeddings.vectors) == [1, 3]
    assert (cascade.embeddings.source, cascade.embeddings.name) == ("objects", objects.name)


def test_top_labels_of_a_small_vocabulary() -> None:
    assert [name for name, _ in top_labels(("a", "b"), torch.tensor([0.3, 0.7]))] == ["b", "a"]
