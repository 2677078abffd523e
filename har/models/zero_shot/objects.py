"""The objects model: zero-shot recognition from what is seen in the picture, without CLIP.

An ImageNet classifier tells which objects are there; an action's score is the sum of
its nearest objects' probabilities, weighted by how near the names are in sentence space (Jain et
al., "Objects2action", ICCV 2015). It knows nothing of motion, and few actions show in an object:
a stand-in for CLIP, whose confidence is low by design.
"""

from __future__ import annotations

from functools import cache, cached_property, lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from har.models.imagenet import Classifier, class_names
from har.models.labels import spaced
from har.models.zero_shot.sentences import Sentences
from har.types import Source

_NEAREST = 20
"""Objects that speak for an action. Of 5, 20, 50 and all, 20 named the most sample videos right."""

_SHARPNESS = 8.0
"""Factor from scores to logits. Larger ones are sure of pictures in which there is no such object:
at 16 people who walk or stand got 60% for Skiing and Shotput, at 8 they get under 30%."""


_LABEL_SETS = 8
"""Sets of labels whose weights are kept; those of 101 labels take 0.4 MB."""


class Objects:
    """Zero-shot scores from the objects in the picture. See ZeroShot for the methods."""

    source: Source = "objects"
    name = "objects (ImageNet classes matched by all-MiniLM-L6-v2)"
    threshold = 0.12

    def __init__(self, sentences: Sentences, descriptions: dict[str, str]) -> None:
        """``descriptions`` holds sentences for labels whose name alone says too little."""
        self._sentences = sentences
        self._descriptions = descriptions
        self._weights = lru_cache(maxsize=_LABEL_SETS)(self._action_weights)

    @cached_property
    def _network(self) -> Classifier:
        """Loaded when it is first asked: where CLIP is here, it never is."""
        return Classifier()

    def embed(self, pixels: NDArray[np.uint8]) -> Tensor:
        return self._network.probabilities(pixels)

    def scores(self, embedding: Tensor, labels: tuple[str, ...]) -> Tensor:
        return (_SHARPNESS * (self._weights(labels) @ embedding.cpu())).softmax(dim=0)

    def _action_weights(self, labels: tuple[str, ...]) -> Tensor:
        """Weights [labels, objects]: the similarity of each label's nearest objects, else zero."""
        actions = [self._descriptions.get(x, f"a person {spaced(x).lower()}") for x in labels]
        vectors = torch.from_numpy(self._sentences.vectors([*actions, *_objects()]))
        similarity = vectors[: len(actions)] @ vectors[len(actions) :].T
        nearest = similarity.topk(_NEAREST, dim=1)
        return torch.zeros_like(similarity).scatter(1, nearest.indices, nearest.values)


@cache
def _objects() -> list[str]:
    return [f"a photo of a {name}" for name in class_names()]
