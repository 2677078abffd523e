"""The classifier of pictures: what it says of a real one, and that it is timm's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from config import Settings
from har.media.frames import frames
from har.media.probe import probe
from har.models.frame_backbone import PACKAGED, FrameBackbone
from har.models.imagenet import Classifier, class_names
from tests.imports import slow_imports


@pytest.fixture(scope="module")
def pictures(samples: Path) -> np.ndarray:
    """Frames of a gymnast, [n, 224, 224, 3]."""
    return next(
        frames(probe(samples / "real/gymnastics.mp4", Settings()), 8, 224, Settings())
    ).pixels


def test_it_sees_a_gymnasium(pictures: np.ndarray) -> None:
    """With weights mapped wrongly, or colours swapped, this would be noise."""
    seen = Classifier().probabilities(pictures).mean(0)
    assert "parallel bars" in [class_names()[int(i)] for i in seen.topk(3).indices]


def test_its_names_are_those_of_timm() -> None:
    from timm.data import ImageNetInfo

    described = ImageNetInfo().label_descriptions()
    assert class_names() == [words.split(",")[0] for words in described]


def test_it_gives_what_timms_network_gives(pictures: np.ndarray) -> None:
    backbone = FrameBackbone(PACKAGED)
    with torch.inference_mode():
        logits = backbone.network.cnn.get_classifier()(backbone.per_frame(pictures))
    seen = Classifier().probabilities(pictures)
    torch.testing.assert_close(seen, logits.softmax(1), rtol=0, atol=1e-3)


def test_it_does_without_timm_itself() -> None:
    """To import timm takes longer than all else that a worker does before it is ready."""
    code = "import har.recognition.recognizer, har.models.imagenet as i; i.Classifier(); "
    assert slow_imports(code + "i.class_names()") == set()
