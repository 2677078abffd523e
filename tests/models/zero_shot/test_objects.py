"""The objects model."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
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


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache") / "sentences.npz"


def named(model: Objects, path: Path, settings: Settings) -> list[str]:
    """The five most probable actions of UCF101 in a video."""
    vectors = [
        model.embed(batch.pixels) for batch in frames(probe(path, settings), 4, 224, settings)
    ]
    scores = model.scores(torch.cat(vectors).mean(0), UCF101)
    assert scores.sum() == pytest.approx(1, abs=1e-4)
    return [UCF101[int(i)] for i in scores.topk(5).indices]


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("gymnastics.mp4", "ParallelBars"),
        ("water_sport.mp4", "Kayaking"),
        ("old_xvid.avi", "ApplyEyeMakeup"),
    ],
)
def test_real_videos(name: str, right: str, cache: Path, samples: Path, settings: Settings) -> None:
    model = Objects(Sentences(cache), {})
    assert right in named(model, samples / "real" / name, settings)


def test_without_objects_it_is_unsure(cache: Path) -> None:
    model = Objects(Sentences(cache), {})
    assert model.scores(torch.full((1000,), 1e-3), UCF101).max() < model.threshold


def test_descriptions_stand_for_their_labels(cache: Path) -> None:
    """A made-up name means nothing by itself."""
    described = Objects(Sentences(cache), {"Zxq": "a person playing the violin"})
    violin = torch.zeros(1000)
    violin[889] = 1.0
    labels = ("Zxq", "SkyDiving")
    assert described.scores(violin, labels)[0] > 0.9
    assert Objects(Sentences(cache), {}).scores(violin, labels)[0] < 0.6


def test_sentences_are_remembered(cache: Path) -> None:
    before = Sentences(cache).vectors(["a person surfing"])
    again = Sentences(cache)
    assert np.array_equal(again.vectors(["a person surfing"]), before)
    assert np.linalg.norm(before) == pytest.approx(1, abs=1e-4)


def test_threads_may_share_them(cache: Path) -> None:
    """A question about other labels is answered while a job is at work."""
    texts = [f"a person doing thing {n}" for n in range(8)]
    shared = Sentences(cache)
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda text: shared.vectors([text])[0], texts))
    alone = Sentences(cache.with_name("alone.npz")).vectors(texts)
    assert np.allclose(together, alone, atol=1e-5)
