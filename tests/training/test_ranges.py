"""The recipe of the highest values with which I3D is computed in integers."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from config import Settings
from har.media.frames import frames
from har.media.probe import probe
from har.models import i3d_int8, i3d_weights
from har.models.clip_networks import inflated
from har.models.i3d import I3D
from har.models.motion_backbone import MotionBackbone
from har.training import ranges

SIZE = 64
"""Of the pictures; smaller than the recipe's, so that it is quicker."""


@pytest.mark.heavy
def test_the_middle_clips_typical_values_are_written(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = inflated.geometry(SIZE)
    monkeypatch.setattr(inflated, "geometry", lambda: seen)
    videos = [samples / "real" / name for name in ("gymnastics.mp4", "arm_wrestling.mp4")]
    network = i3d_weights.pretrained()
    with torch.inference_mode():
        each = [i3d_int8.highest(network, middle(video)) for video in videos]
    written = tmp_path / "highest.json"
    monkeypatch.setattr(i3d_int8, "HIGHEST", written)
    monkeypatch.setattr(sys, "argv", ["ranges", *map(str, videos)])
    ranges.main()
    found = json.loads(written.read_text("utf-8"))
    assert found["clips"] == 2
    for name, value in found["highest"].items():
        assert value == pytest.approx(np.median([clip[name] for clip in each]), abs=1e-3)


def middle(video: Path) -> torch.Tensor:
    settings, fit = Settings(), MotionBackbone.fit(SIZE)
    batches = frames(probe(video, settings), 12.5, fit, settings)
    pixels = torch.from_numpy(np.concatenate([batch.pixels for batch in batches]))
    first = (len(pixels) - 32) // 2
    return pixels[first : first + 32].permute(3, 0, 1, 2)[None] / 127.5 - 1


def test_the_shipped_ones_are_of_every_map() -> None:
    shipped = json.loads(i3d_int8.HIGHEST.read_text("utf-8"))
    with torch.inference_mode():
        every = i3d_int8.highest(I3D(), torch.zeros(1, 3, 1, 32, 32))
    assert shipped["highest"].keys() == every.keys()
    assert min(shipped["highest"].values()) > 0
