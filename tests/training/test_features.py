"""Cached vectors: of the code that serves, keyed by content, refused with the file's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from config import Settings
from har.errors import ManifestError
from har.media.frames import frames
from har.media.probe import probe
from har.models import backbone
from har.models.frame_backbone import PACKAGED
from har.training.features import Extractor

Maker = Callable[..., Path]


@pytest.fixture(params=["i3d", pytest.param(PACKAGED, marks=pytest.mark.slow)])
def extractor(request: pytest.FixtureRequest, settings: Settings) -> Extractor:
    return Extractor(backbone.load(request.param), 8.0, 224, 16, settings)


@pytest.fixture
def clip(make_video: Maker) -> Path:
    return make_video(
        "features.mp4", "-f", "lavfi", "-i", "testsrc2=d=2.5:s=96x64", "-c:v", "libx264"
    )


def served(extractor: Extractor, pixels: np.ndarray, first: int) -> np.ndarray:
    """The vectors of the clip that begins at a frame, as a request gets them."""
    ready = extractor.backbone.per_frame(np.ascontiguousarray(pixels[first : first + 16]))
    return extractor.backbone.per_clip(ready[None])[0].cpu().numpy()


def kept(extractor: Extractor, features: np.ndarray, view: int, first: int) -> np.ndarray:
    """The cached vectors of that clip."""
    if extractor.backbone.sees_clips:
        return features[view, first // 4]
    return features[view, first : first + 16]


def test_vectors_are_those_that_requests_get(
    extractor: Extractor, clip: Path, settings: Settings
) -> None:
    (batch,) = frames(probe(clip, settings), 8.0, 224, settings)
    found = extractor.of(clip)
    views = {0: batch.pixels, 1: batch.pixels[:, :, ::-1]}
    views |= {2: views[0][::-1], 3: views[1][::-1]}
    for view, pixels in views.items():
        for first in (0, 4):
            expected = served(extractor, pixels, first)
            assert kept(extractor, found, view, first) == pytest.approx(expected, abs=0.05)
    assert np.abs(found[0] - found[1]).max() > 0.1
    assert np.abs(found[0] - found[2]).max() > 0.1


def test_a_video_shorter_than_a_clip_has_one(settings: Settings, make_video: Maker) -> None:
    short = make_video(
        "short.mp4", "-f", "lavfi", "-i", "testsrc2=d=0.5:s=96x64", "-c:v", "libx264"
    )
    motion = Extractor(backbone.load("i3d"), 8.0, 224, 16, settings, views=1)
    assert motion.of(short).shape == (1, 1, 4, motion.backbone.features)


def test_the_cache_is_keyed_by_content_and_rate(
    extractor: Extractor, clip: Path, settings: Settings, tmp_path: Path
) -> None:
    cache = settings.data_dir / "cache" / "features"
    first = extractor.of(clip)
    copy = tmp_path / "renamed.mp4"
    copy.write_bytes(clip.read_bytes())
    assert np.array_equal(extractor.of(copy), first)
    (stored,) = cache.iterdir()
    assert np.array_equal(np.load(stored), first)
    assert replace(extractor, fps=4.0).of(clip).shape[1] < first.shape[1]
    assert len(list(cache.iterdir())) == 2


def test_the_cache_is_keyed_by_the_weights(
    extractor: Extractor, clip: Path, settings: Settings
) -> None:
    first = extractor.of(clip)
    state = extractor.backbone.network.state_dict()
    changed = {name: tensor * 0.9 if "weight" in name else tensor for name, tensor in state.items()}
    other = replace(extractor, backbone=backbone.load(extractor.backbone.name, changed))
    assert not np.array_equal(other.of(clip), first)


def test_a_file_that_is_no_video_is_named(extractor: Extractor, tmp_path: Path, clip: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"not a video")
    (tmp_path / "fine.mp4").write_bytes(clip.read_bytes())
    with pytest.raises(ManifestError, match=r"^broken\.mp4 cannot be used: Send a video") as caught:
        extractor.all(tmp_path, ["fine.mp4", "broken.mp4"])
    assert str(tmp_path) not in caught.value.detail
