"""Small random networks of the real classes, saved by the libraries that load them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from transformers import (
    TimesformerConfig,
    TimesformerForVideoClassification,
    VideoMAEConfig,
    VideoMAEForVideoClassification,
    VideoMAEVideoProcessor,
)

from har.models import registry
from har.models.clip_networks import residual
from har.types import Source

SIDE = 224
LABELS = ("abseiling", "air drumming", "push up", "riding a bike", "yoga")
KNOWN_AS = ("Abseiling", "AirDrumming", "PushUps", "Biking", "Yoga")
"""What the vocabulary calls them."""
RESIDUAL: tuple[Source, ...] = ("r3d_18", "mc3_18", "r2plus1d_18")
ATTENTION: tuple[Source, ...] = ("timesformer", "videomae")

_SURE = 10.0
"""Factor that makes the labels of random weights differ in probability."""
_SIZES = {
    "image_size": SIDE,
    "patch_size": 56,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "id2label": dict(enumerate(LABELS)),
    "label2id": {label: i for i, label in enumerate(LABELS)},
}


def save_residual(source: Source) -> Path:
    """In torch's cache, as torchvision's own download leaves it."""
    torch.manual_seed(0)
    state = residual.empty(source).state_dict()
    state["fc.weight"] *= _SURE
    path = registry.torchvision_file(source)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path)
    return path


@contextmanager
def torch_home(folder: Path, *sources: Source) -> Iterator[None]:
    """Has torch's cache, here and in children, be a folder with these networks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCH_HOME", str(folder))
        for source in sources:
            save_residual(source)
        yield


def save_attention(source: Source, folder: Path) -> Path:
    """In a folder, as save_pretrained() writes it; each with the file of another generation of
    transformers for its preprocessing."""
    torch.manual_seed(0)
    if source == "timesformer":
        network = TimesformerForVideoClassification(TimesformerConfig(**_SIZES, num_frames=8))
        told = {
            "crop_size": {"height": SIDE, "width": SIDE},
            "do_center_crop": True,
            "do_normalize": True,
            "do_resize": True,
            "feature_extractor_type": "VideoMAEFeatureExtractor",
            "image_mean": [0.45, 0.45, 0.45],
            "image_std": [0.225, 0.225, 0.225],
            "resample": 2,
            "size": {"shortest_edge": SIDE},
        }
        folder.mkdir(parents=True)
        (folder / "preprocessor_config.json").write_text(json.dumps(told))
    else:
        network = VideoMAEForVideoClassification(VideoMAEConfig(**_SIZES, num_frames=16))
        VideoMAEVideoProcessor().save_pretrained(folder)
    with torch.no_grad():
        network.classifier.weight *= _SURE / 2
    network.save_pretrained(folder)
    return folder
