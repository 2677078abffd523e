"""The semantic model: what is seen in a clip, carried to any name through sentence space.

Kinetics' classifier tells which of its 400 actions a clip shows, and an ImageNet classifier which
objects are in its frames. Each of them gives its probability to the names that mean nearly the
same, and what nobody's name is near to stays where it was (after Jain et al., "Objects2action",
ICCV 2015, and Norouzi et al., "Zero-Shot Learning by Convex Combination of Semantic Embeddings",
ICLR 2014). A name's score does not depend, then, on how many others were asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property, lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from har.models.imagenet import Classifier, class_names
from har.models.labels import KINETICS400, VOCABULARY, spaced
from har.models.motion_backbone import MotionBackbone
from har.models.zero_shot.sentences import Sentences
from har.types import Source

_OBJECTS = 0.5
"""How much objects are believed beside actions."""
_SHARPNESS = 24.0
"""Of the softmax over similarities by which an action's probability is shared out among names."""
_FROM, _TO = 0.50, 0.85
"""Similarity from which a name gets something of an action's probability, and at which all."""
_FROM_OBJECT, _TO_OBJECT = 0.40, 0.75
"""The same of an object's, whose names are nouns."""
_NEAR = 0.9
"""Similarity of near relations in the vocabulary, whatever their sentences are."""
_FLATTER = 1.3
"""Temperature of Kinetics' classifier, which is too sure of itself."""
_LABEL_SETS = 8
"""Sets of labels whose weights are kept; those of 101 labels take 0.6 MB."""


class Semantic:
    """Zero-shot scores from the actions and objects in a clip. See ZeroShot for the methods."""

    source: Source = "semantic"
    name = "semantic (actions of Kinetics-400 and ImageNet's objects, by all-MiniLM-L6-v2)"
    threshold = 0.4

    def __init__(self, sentences: Sentences, descriptions: Mapping[str, str]) -> None:
        """``descriptions`` holds sentences for labels whose name alone says too little."""
        self._sentences = sentences
        self._descriptions = descriptions
        self._weights = lru_cache(maxsize=_LABEL_SETS)(self._label_weights)

    @cached_property
    def _objects(self) -> Classifier:
        """Loaded when it is first asked: where CLIP is here, it never is."""
        return Classifier()

    @cached_property
    def _motion(self) -> MotionBackbone:
        """Loaded when a model is first at work that cannot tell Kinetics' actions itself."""
        return MotionBackbone()

    def embed(self, pixels: NDArray[np.uint8]) -> Tensor:
        """Probabilities [n, 1000] of objects."""
        return self._objects.probabilities(pixels)

    def of_clip(self, frames: Tensor, pixels: NDArray[np.uint8], actions: Tensor | None) -> Tensor:
        """Probabilities of Kinetics' actions, and then of objects: [1400]."""
        if actions is None:
            vectors = self._motion.per_clip(self._motion.per_frame(pixels)[None])
            actions = self._motion.classify(vectors)[0]
        seen = (actions.float() / _FLATTER).softmax(dim=0)
        return torch.cat([seen, frames.float().mean(dim=0)]).cpu()

    def scores(self, embedding: Tensor, labels: tuple[str, ...]) -> Tensor:
        actions, objects = self._weights(labels)
        embedding = embedding.cpu().to(actions)
        named = actions @ embedding[: len(KINETICS400)]
        # Objects account for what no action does.
        rest = (1 - named.sum()).clamp(min=0)
        return named + rest * _OBJECTS * (objects @ embedding[len(KINETICS400) :])

    def _label_weights(self, labels: tuple[str, ...]) -> tuple[Tensor, Tensor]:
        """The share of each action's probability that labels get, [labels, 400], and of each
        object's, [labels, 1000]."""
        names = [self._descriptions.get(x, _action(x)) for x in labels]
        count = len(names)
        vectors = torch.from_numpy(self._sentences.vectors([*names, *_actions(), *_objects()]))
        similar = vectors[:count] @ vectors[count:].T
        actions = torch.maximum(similar[:, : len(KINETICS400)], _related(labels))
        objects = similar[:, len(KINETICS400) :]
        return _shares(actions, _FROM, _TO), _shares(objects, _FROM_OBJECT, _TO_OBJECT)


def _shares(similar: Tensor, low: float, high: float) -> Tensor:
    """How much of each column's probability goes to each row, from similarities [rows, columns]."""
    given = ((similar.amax(dim=0) - low) / (high - low)).clamp(0, 1)
    shares: Tensor = given * (_SHARPNESS * similar).softmax(dim=0)
    return shares


def _related(labels: tuple[str, ...]) -> Tensor:
    """Similarities [labels, 400] that the vocabulary knows: 1 of the same, _NEAR of near
    relations."""
    index = {action: i for i, action in enumerate(KINETICS400)}
    related = torch.zeros(len(labels), len(index))
    for row, entry in zip(related, map(VOCABULARY.find, labels), strict=True):
        if entry:
            row[[index[action] for action in entry.near & index.keys()]] = _NEAR
            row[[index[action] for action in {entry.label} & index.keys()]] = 1
    return related


def _action(label: str) -> str:
    return f"a person {spaced(label).lower()}"


@cache
def _actions() -> list[str]:
    return [_action(label) for label in KINETICS400]


@cache
def _objects() -> list[str]:
    return [f"a photo of a {name}" for name in class_names()]
