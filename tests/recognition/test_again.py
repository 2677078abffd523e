"""Scoring anew: as a fresh job with those labels would have it, without the video."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config import Settings
from har.errors import ModelGone
from har.export.result import document
from har.media.probe import probe
from har.models.zero_shot.choice import ZeroShotChoice
from har.models.zero_shot.semantic import Semantic
from har.recognition import embeddings
from har.recognition.again import Kept, rescored
from har.recognition.cascade import quiet
from har.recognition.recognizer import Recognizer
from har.types import UNKNOWN, Embeddings, Options, Report, Scores
from tests import checkpoints
from tests.models.zero_shot.tiny_clip import save_tiny_clip
from tests.sentences import seed

LABELS = ("gymnastics on bars", "playing the piano", "swimming in a pool")

Recognise = Callable[[Options], Report]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seed(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module", params=["semantic", pytest.param("clip", marks=pytest.mark.slow)])
def settings(request: pytest.FixtureRequest, data: Path) -> Settings:
    """Those of each zero-shot model; CLIP is a tiny one of random weights."""
    name = "off"
    if request.param == "clip":
        name = str(save_tiny_clip(data / "tiny-clip"))
    return Settings(data_dir=data, checkpoint=checkpoints.small(), clip_model=name)


@pytest.fixture(scope="module")
def choice(settings: Settings) -> ZeroShotChoice:
    return ZeroShotChoice(settings)


@pytest.fixture(scope="module")
def recognise(settings: Settings, samples: Path, make_video: Callable[..., Path]) -> Recognise:
    recognizer = Recognizer.load(settings)
    real = str(samples / "real/gymnastics.mp4")
    video = probe(make_video("six-seconds.mp4", "-i", real, "-t", "6"), settings)
    return lambda options: recognizer.recognise(video, options, lambda _: None)


@pytest.fixture(scope="module")
def found(recognise: Recognise) -> Report:
    """What was said of a video of which all clips went to the zero-shot model."""
    return recognise(Options(threshold=1.0))


def told(report: Report) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(document(report, id="x", origin="upload")))
    return made


def kept(report: Report, folder: Path) -> Embeddings:
    path = folder / embeddings.FILE
    embeddings.write(report.embeddings, path)
    return embeddings.read(path)


def test_equals_a_fresh_recognition(
    recognise: Recognise, found: Report, choice: ZeroShotChoice, tmp_path: Path
) -> None:
    trained = sorted(segment.trained.confidence for segment in found.segments if segment.trained)
    half = trained[len(trained) // 2]
    first = recognise(Options(threshold=half))
    fresh = told(recognise(Options(threshold=half, labels=LABELS)))
    vectors = kept(first, tmp_path)
    again = rescored(told(first), [Kept(vectors, choice.maker(vectors))], LABELS)
    assert again["segment_predictions"] == fresh["segment_predictions"]
    assert len({segment["source"] for segment in fresh["segment_predictions"]}) == 2
    for mine, theirs in zip(again["timeline"], fresh["timeline"], strict=True):
        assert (mine["label"], mine["source"]) == (theirs["label"], theirs["source"])
        for key in ("start", "end", "confidence"):
            assert mine[key] == pytest.approx(theirs[key], abs=0.0011)
    assert {key: again[key] for key in ("models", "thresholds", "video")} == {
        key: fresh[key] for key in ("models", "thresholds", "video")
    }
    assert {label for s in again["segment_predictions"] for label, _ in s["top5"]} > set(LABELS)


def test_the_same_labels_change_nothing(
    found: Report, choice: ZeroShotChoice, tmp_path: Path
) -> None:
    before, vectors = told(found), kept(found, tmp_path)
    again = rescored(before, [Kept(vectors, choice.maker(vectors))], choice.vocabulary)
    assert again["segment_predictions"] == before["segment_predictions"]


def test_the_annotated_video_is_not_that_of_the_new_labels(
    found: Report, choice: ZeroShotChoice
) -> None:
    before = {**told(found), "annotated_url": "/jobs/x/annotated.mp4"}
    again = rescored(before, [Kept(found.embeddings, choice.maker(found.embeddings))], LABELS)
    assert again["annotated_url"] is None
    assert before["annotated_url"]


@pytest.mark.serial
def test_ten_minutes_take_less_than_a_second(found: Report, choice: ZeroShotChoice) -> None:
    """With labels that nobody has sent before; the text model is loaded already."""
    model = choice.maker(found.embeddings)
    rescored(told(found), [Kept(found.embeddings, model)], ("warming up",))
    segments = (found.segments * 600)[:600]
    vectors = {i: found.embeddings.vectors[i % len(found.segments)] for i in range(600)}
    long = dataclasses.replace(
        found,
        video=dataclasses.replace(found.video, duration=601.0),
        segments=tuple(
            dataclasses.replace(segment, start=float(i), end=i + 2.0)
            for i, segment in enumerate(segments)
        ),
        embeddings=dataclasses.replace(found.embeddings, vectors=vectors),
    )
    before = told(long)
    seconds = []
    for vocabulary in (LABELS[::-1], ("juggling", "knitting"), ("a goal", "a foul", "a corner")):
        began = time.perf_counter()
        again = rescored(before, [Kept(long.embeddings, model)], vocabulary)
        seconds.append(time.perf_counter() - began)
        assert len(again["segment_predictions"]) == 600
        assert again["timeline"][-1]["end"] == pytest.approx(601.0)
        assert {s["label"] for s in again["segment_predictions"]} <= {UNKNOWN, *vocabulary}
    assert min(seconds) < 1, "others use the machine as well, so the best counts"


def test_another_model_is_not_asked(choice: ZeroShotChoice) -> None:
    with pytest.raises(ModelGone) as raised:
        choice.maker(Embeddings("clip", "openai/clip-vit-large-patch14", {}))
    assert raised.value.detail.endswith(".")


def test_semantic_ones_are_scored_by_the_semantic_model_where_clip_has_come(
    choice: ZeroShotChoice,
) -> None:
    assert choice.maker(Embeddings("semantic", Semantic.name, {})).source == "semantic"


def test_the_objects_model_of_earlier_versions_is_gone(choice: ZeroShotChoice) -> None:
    made = Embeddings("objects", "objects (ImageNet classes matched by all-MiniLM-L6-v2)", {})
    with pytest.raises(ModelGone):
        choice.maker(made)


def test_background_that_was_sure_is_left_alone(found: Report, choice: ZeroShotChoice) -> None:
    """Nobody but the trained model was asked about it."""
    said = Scores("bilstm", (("NoFight", 0.97), ("Walk", 0.02)))
    first, *others = found.segments
    still = dataclasses.replace(first, top5=said.top, confidence=0.97, source="bilstm")
    vectors = {i: vector for i, vector in found.embeddings.vectors.items() if i > 0}
    embeddings = dataclasses.replace(found.embeddings, vectors=vectors)
    report = dataclasses.replace(
        found, segments=(quiet(still, said), *others), embeddings=embeddings
    )
    before = told(report)["segment_predictions"]
    assert (before[0]["label"], before[0]["source"]) == (UNKNOWN, "bilstm")
    again = rescored(told(report), [Kept(embeddings, choice.maker(embeddings))], LABELS)
    after = again["segment_predictions"]
    assert after[0] == before[0]
    assert all({label for label, _ in each["top5"]} == set(LABELS) for each in after[1:])


def test_both_of_two_models_are_scored_anew(
    recognise: Recognise, found: Report, choice: ZeroShotChoice
) -> None:
    """The one is unsure of half of the clips, the other of all."""
    trained = sorted(segment.trained.confidence for segment in found.segments if segment.trained)
    half = Options(threshold=trained[len(trained) // 2])
    other = dataclasses.replace(found, model="r3d_18")
    first = dataclasses.replace(recognise(half), comparison=other)
    kept = [Kept(each.embeddings, choice.maker(each.embeddings)) for each in (first, found)]
    again = rescored(told(first), kept, LABELS)
    fresh = told(
        dataclasses.replace(
            recognise(dataclasses.replace(half, labels=LABELS)),
            comparison=dataclasses.replace(
                recognise(Options(threshold=1.0, labels=LABELS)), model="r3d_18"
            ),
        )
    )
    for mine, theirs in ((again, fresh), (again["comparison"], fresh["comparison"])):
        assert mine["segment_predictions"] == theirs["segment_predictions"]
        assert [a["label"] for a in mine["timeline"]] == [a["label"] for a in theirs["timeline"]]
    agreed, expected = (each["comparison"]["agreement"] for each in (again, fresh))
    assert agreed["share"] == pytest.approx(expected["share"], abs=0.001)
    assert [s["label"] for s in agreed["stretches"]] == [s["label"] for s in expected["stretches"]]
    assert {s["label"] for s in agreed["stretches"]} <= {a["label"] for a in again["timeline"]}


def test_what_is_kept_of_one_model_is_not_enough_for_two(
    found: Report, choice: ZeroShotChoice
) -> None:
    both = told(dataclasses.replace(found, comparison=found))
    with pytest.raises(ValueError, match="shorter"):
        rescored(both, [Kept(found.embeddings, choice.maker(found.embeddings))], LABELS)
