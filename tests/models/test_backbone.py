"""The backbone: real weights, one vector per frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from timm.data.imagenet_info import ImageNetInfo

from config import Settings
from har.errors import CheckpointError
from har.media.frames import frames
from har.media.probe import probe
from har.models.backbone import Backbone


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return Backbone()


def test_it_sees_a_gymnasium(backbone: Backbone, samples: Path, settings: Settings) -> None:
    """With weights mapped wrongly, or colours swapped, this would be noise."""
    batch = next(frames(probe(samples / "real/gymnastics.mp4", settings), 8, 224, settings))
    scores = backbone.classify(backbone.embed(batch.pixels)).softmax(1).mean(0)
    names = [ImageNetInfo().index_to_description(int(i)) for i in scores.topk(3).indices]
    assert "parallel bars, bars" in names


def test_a_frames_vector_does_not_depend_on_its_batch(backbone: Backbone) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 224, 224, 3), np.uint8)
    together = backbone.embed(pixels)
    alone = torch.cat([backbone.embed(pixels[i : i + 1]) for i in range(5)])
    assert together.shape == (5, backbone.features)
    assert torch.nn.functional.cosine_similarity(together, alone).min() > 0.995


def test_unknown_backbone() -> None:
    with pytest.raises(CheckpointError, match="no_such_network"):
        Backbone("no_such_network")
