"""The cascade: who speaks, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from config import Settings
from har.media.frames import frames
from har.media.probe import probe
from har.models.labels import KINETICS400, UCF101
from har.models.zero_shot.semantic import Semantic
from har.models.zero_shot.sentences import Sentences
from har.recognition import clips
from har.recognition.cascade import Cascade, top_labels
from har.types import UNKNOWN, Clip, Fit
from tests.sentences import seed

TRAINED = ("PushUps", "SitDown", "NoFight")
SURE = torch.tensor([0.9, 0.06, 0.04])
UNSURE = torch.tensor([0.4, 0.35, 0.25])
QUIET = torch.tensor([0.05, 0.05, 0.9])
"""Sure that nothing is done."""
NOT_USED = torch.zeros(32, 1)
"""The backbone's part of frames, which the cascade does not look at."""
FPS, FRAMES, FIT = 12.5, 32, Fit(96, longest=192)
FIRST = Clip(0, 0.0, 2.56)


def seen(action: str, logit: float = 20.0) -> Tensor:
    """Kinetics' logits of a clip, as the trained model tells them."""
    logits = torch.zeros(len(KINETICS400))
    logits[KINETICS400.index(action)] = logit
    return logits


GOLF = seen("GolfDriving")
NOTHING = torch.zeros(len(KINETICS400))


@pytest.fixture(scope="module")
def semantic(tmp_path_factory: pytest.TempPathFactory) -> Semantic:
    data = seed(tmp_path_factory.mktemp("data"))
    return Semantic(Sentences(data / "cache" / "sentences.npz"), {})


@pytest.fixture
def cut(samples: Path, settings: Settings) -> clips.Frames:
    """The first clip of a real video."""
    path = samples / "real/gymnastics.mp4"
    batch = next(frames(probe(path, settings), FPS, FIT, settings))
    return next(clips.stream([(batch, NOT_USED[: len(batch.times)])], FRAMES, 16))[0]


@pytest.fixture
def cascade(semantic: Semantic) -> Cascade:
    return Cascade(TRAINED, "bilstm", 0.55, semantic, UCF101)


def test_the_trained_model_speaks_where_it_is_sure(cascade: Cascade, cut: clips.Frames) -> None:
    segment = cascade.segment(FIRST, SURE, cut, GOLF)
    assert (segment.label, segment.source) == ("PushUps", "bilstm")
    assert segment.confidence == pytest.approx(0.9)
    assert (segment.reason, segment.trained) == (None, None)
    assert dict(segment.top5) == pytest.approx({"PushUps": 0.9, "SitDown": 0.06, "NoFight": 0.04})


def test_the_zero_shot_model_speaks_where_it_is_not(cascade: Cascade, cut: clips.Frames) -> None:
    segment = cascade.segment(FIRST, UNSURE, cut, GOLF)
    assert (segment.label, segment.source) == ("GolfSwing", "semantic")
    assert segment.reason == "bilstm confidence 0.40 below threshold 0.55"
    assert segment.trained is not None
    assert segment.trained.label == "PushUps"
    assert len(segment.top5) == 5


def test_unsure_of_both_is_unknown(cascade: Cascade, cut: clips.Frames) -> None:
    segment = cascade.segment(FIRST, UNSURE, cut, NOTHING)
    assert segment.label == UNKNOWN
    assert segment.reason is not None
    assert "semantic confidence" in segment.reason
    assert len(segment.top5) == 5
    assert segment.trained is not None


def test_sure_that_nothing_is_done_is_unknown_and_no_question(
    cascade: Cascade, cut: clips.Frames
) -> None:
    """The names of background are never shown as actions, and nobody else is asked for one."""
    segment = cascade.segment(FIRST, QUIET, cut, GOLF)
    assert (segment.label, segment.source) == (UNKNOWN, "bilstm")
    assert segment.reason == "bilstm is sure that nothing is done: NoFight 0.90"
    assert segment.confidence == pytest.approx(0.9)
    assert segment.trained is not None
    assert (segment.trained.source, segment.trained.label) == ("bilstm", "NoFight")
    assert segment.trained.top == segment.top5
    assert cascade.embeddings.vectors == {}


def test_background_that_is_unsure_is_for_the_zero_shot_model(
    cascade: Cascade, cut: clips.Frames
) -> None:
    segment = cascade.segment(FIRST, torch.tensor([0.2, 0.3, 0.5]), cut, GOLF)
    assert (segment.label, segment.source) == ("GolfSwing", "semantic")
    assert segment.trained is not None
    assert segment.trained.label == "NoFight"


@pytest.mark.parametrize("name", ["NoFight", "SitStill", "StandStill"])
def test_whatever_background_is_called(semantic: Semantic, cut: clips.Frames, name: str) -> None:
    alone = Cascade((name, "Walk"), "lstm", 0.55, semantic, UCF101)
    assert alone.segment(FIRST, torch.tensor([0.9, 0.1]), cut, None).label == UNKNOWN


def test_the_vocabulary_of_a_request(semantic: Semantic, cut: clips.Frames) -> None:
    labels = ("a golf swing", "playing the piano")
    cascade = Cascade(TRAINED, "bilstm", 0.55, semantic, labels)
    segment = cascade.segment(FIRST, UNSURE, cut, GOLF)
    assert segment.label == "a golf swing"
    assert {label for label, _ in segment.top5} == set(labels)


@pytest.mark.parametrize(("threshold", "source"), [(0.0, "bilstm"), (1.0, "semantic")])
def test_threshold_decides(
    threshold: float, source: str, semantic: Semantic, cut: clips.Frames
) -> None:
    cascade = Cascade(TRAINED, "bilstm", threshold, semantic, UCF101)
    assert cascade.segment(FIRST, SURE, cut, GOLF).source == source


def test_overlapping_clips_agree_with_each_alone(
    semantic: Semantic, samples: Path, settings: Settings
) -> None:
    """Frames that clips share are embedded once; that must not change what is said of each."""
    video = probe(samples / "real/gymnastics.mp4", settings)
    embedded = [(b, NOT_USED[: len(b.times)]) for b in frames(video, FPS, FIT, settings)]
    shared = Cascade(TRAINED, "bilstm", 0.55, semantic, UCF101)
    for ready in clips.stream(embedded, FRAMES, 6):
        for cut in ready:
            clip = clips.clip_of(cut, 1 / FPS, video.end)
            alone = Cascade(TRAINED, "bilstm", 0.55, semantic, UCF101)
            one, other = (each.segment(clip, UNSURE, cut, NOTHING) for each in (shared, alone))
            assert dict(one.top5) == pytest.approx(dict(other.top5), abs=1e-5)


def test_half_precision_changes_no_label(
    semantic: Semantic, samples: Path, settings: Settings
) -> None:
    """Of every fourth frame, and of what the trained model saw."""
    video = probe(samples / "real/gymnastics.mp4", settings)
    embedded = [(b, NOT_USED[: len(b.times)]) for b in frames(video, FPS, FIT, settings)]
    cascade = Cascade(TRAINED, "bilstm", 0.55, semantic, UCF101)
    actions = seen("GolfDriving", 5.5)
    count = 0
    for ready in clips.stream(embedded, FRAMES, 16):
        for cut in ready:
            clip = clips.clip_of(cut, 1 / FPS, video.end)
            segment = cascade.segment(clip, UNSURE, cut, actions)
            wanted = [i for i in range(cut.first, cut.end) if i % 4 == 0]
            looked = semantic.embed(cut.pixels[[i - cut.first for i in wanted]])
            whole = semantic.of_clip(looked, cut.pixels, actions)
            expected = top_labels(UCF101, semantic.scores(whole, UCF101))
            assert segment.top5[0][0] == expected[0][0]
            assert dict(segment.top5) == pytest.approx(dict(expected), abs=0.002)
            count += 1
    vectors = cascade.embeddings.vectors
    assert list(vectors) == list(range(count))
    assert count > 5
    assert all(vector.dtype == np.float16 for vector in vectors.values())


def test_embeddings_are_of_the_clips_that_zero_shot_was_asked_about(
    cascade: Cascade, semantic: Semantic, cut: clips.Frames
) -> None:
    for probabilities in (SURE, UNSURE, QUIET, UNSURE):
        cascade.segment(FIRST, probabilities, cut, GOLF)
    assert list(cascade.embeddings.vectors) == [1, 3]
    assert (cascade.embeddings.source, cascade.embeddings.name) == ("semantic", semantic.name)


def test_a_clip_of_few_frames_is_looked_at(cascade: Cascade, cut: clips.Frames) -> None:
    """None of them is one of every four."""
    few = cut.cut(5, 7)
    segment = cascade.segment(Clip(5, 0.4, 0.56), UNSURE, few, GOLF)
    assert segment.label == "GolfSwing"


def test_frames_that_were_expected_are_not_embedded_again(
    cascade: Cascade, semantic: Semantic, cut: clips.Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(len(cut)):
        cascade.expect(i, cut.pixels[i : i + 1])
    monkeypatch.setattr(semantic, "embed", None)
    assert cascade.segment(FIRST, UNSURE, cut, GOLF).label == "GolfSwing"


def test_top_labels_of_a_small_vocabulary() -> None:
    assert [name for name, _ in top_labels(("a", "b"), torch.tensor([0.3, 0.7]))] == ["b", "a"]
