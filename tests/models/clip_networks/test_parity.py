"""What we make of a video's pixels is what the libraries' own preprocessing makes of them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.models import get_model_weights
from transformers import VideoMAEImageProcessor

from config import Settings
from har.media.ffmpeg import executable
from har.media.probe import probe
from har.models import precision
from har.models.clip_networks.network import ClipNetwork
from har.recognition.recognizer import Recognizer
from har.types import VideoFacts
from tests.models.clip_networks import saved

Maker = Callable[..., Path]


def named(home: Path, source: str) -> str:
    return str(home / source) if source in saved.ATTENTION else source


def whole_pictures(video: VideoFacts, model: ClipNetwork, settings: Settings) -> Tensor:
    """The frames of the first clip at the video's own size, [T, 3, height, width]."""
    raw = subprocess.run(
        [
            executable(settings), "-v", "error", "-nostdin", "-copyts", "-i", str(video.path),
            "-vf", f"fps={model.fps}:start_time={video.start},format=rgb24", "-f", "rawvideo", "-",
        ],
        capture_output=True,
        check=True,
    ).stdout  # fmt: skip
    pixels = np.frombuffer(raw, np.uint8).reshape(-1, video.height, video.width, 3)
    assert len(pixels) >= model.frames, "a whole clip"
    return torch.from_numpy(pixels[: model.frames].copy()).permute(0, 3, 1, 2)


def by_the_library(source: str, home: Path, frames: Tensor, model: ClipNetwork) -> Tensor:
    """Probabilities [1, labels], by the library's own preprocessing and its own call."""
    network: Any = model.network.network
    with torch.inference_mode(), precision.autocast():
        if source in saved.RESIDUAL:
            transforms = get_model_weights(source).DEFAULT.transforms()
            logits = network(transforms(frames)[None])
        else:
            processor: Any = VideoMAEImageProcessor()
            if source == "timesformer":
                processor = VideoMAEImageProcessor.from_pretrained(home / source)
            logits = network(**processor(list(frames), return_tensors="pt")).logits
    return logits.float().softmax(dim=-1)


def apart(source: str, home: Path, path: Path, settings: Settings) -> float:
    """The largest difference of a probability in the first clip."""
    recognizer = Recognizer.load(settings, model=named(home, source))
    model = recognizer.model
    assert isinstance(model, ClipNetwork)
    video = probe(path, settings)
    theirs = by_the_library(source, home, whole_pictures(video, model, settings), model)
    assert theirs.max() > 2 * theirs.min(), "the labels are told apart"
    return float(np.abs(recognizer.clip_scores(video)[0] - theirs.numpy()[0]).max())


@pytest.mark.parametrize(
    ("source", "size", "seconds", "tolerance"),
    [
        ("r3d_18", "342x256", 2, 0.004),
        pytest.param("mc3_18", "342x256", 2, 0.004, marks=pytest.mark.slow),
        pytest.param("r2plus1d_18", "342x256", 2, 0.004, marks=pytest.mark.slow),
        ("timesformer", "298x224", 9, 1e-5),
        ("videomae", "298x224", 9, 1e-5),
    ],
)
def test_pictures_that_need_no_scaling_give_the_same(
    here: Path,
    source: str,
    size: str,
    seconds: int,
    tolerance: float,
    make_video: Maker,
    settings: Settings,
) -> None:
    """torchvision rounds the means of 2 x 2 pixels, and we do not."""
    path = make_video(
        f"exact-{size}.mkv", "-f", "lavfi", "-i", f"testsrc2=d={seconds}:r=15:s={size}",
        "-pix_fmt", "rgb24", "-c:v", "ffv1",
    )  # fmt: skip
    assert apart(source, here, path, settings) < tolerance


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("r3d_18", "exercise_1080p.mp4"),
        pytest.param("mc3_18", "exercise_1080p.mp4", marks=pytest.mark.slow),
        pytest.param("r2plus1d_18", "exercise_1080p.mp4", marks=pytest.mark.slow),
        pytest.param("videomae", "exercise_1080p.mp4", marks=pytest.mark.slow),
        ("timesformer", "gymnastics.mp4"),
    ],
)
def test_real_videos_give_nearly_the_same(
    here: Path, source: str, name: str, samples: Path, settings: Settings
) -> None:
    """ffmpeg averages the pixels that it makes one of; torchvision skips some."""
    assert apart(source, here, samples / "real" / name, settings) < 0.02
