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
from har.models.backbone import Backbone
from har.training.features import Extractor

Maker = Callable[..., Path]


@pytest.fixture
def extractor(settings: Settings) -> Extractor:
    return Extractor(Backbone(), 8.0, 224, settings)


@pytest.fixture
def clip(make_video: Maker) -> Path:
    return make_video(
        "features.mp4", "-f", "lavfi", "-i", "testsrc2=d=1:s=96x64", "-c:v", "libx264"
    )


def test_vectors_are_those_of_frames_and_of_their_mirror_images(
    extractor: Extractor, clip: Path, settings: Settings
) -> None:
    (batch,) = frames(probe(clip, settings), 8.0, 224, settings)
    found = extractor.of(clip)
    assert found.shape == (2, 8, 1280)
    expected = extractor.backbone.embed(batch.pixels).cpu().numpy()
    assert found[0] == pytest.approx(expected, rel=1e-3, abs=1e-3)
    mirrored = extractor.backbone.embed(batch.pixels[:, :, ::-1].copy()).cpu().numpy()
    assert found[1] == pytest.approx(mirrored, rel=1e-3, abs=1e-3)
    assert np.abs(found[0] - found[1]).max() > 0.1


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
    assert replace(extractor, fps=4.0).of(clip).shape == (2, 4, 1280)
    assert len(list(cache.iterdir())) == 2


def test_a_file_that_is_no_video_is_named(extractor: Extractor, tmp_path: Path, clip: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"not a video")
    (tmp_path / "fine.mp4").write_bytes(clip.read_bytes())
    with pytest.raises(ManifestError, match=r"^broken\.mp4 cannot be used: Send a video") as caught:
        extractor.all(tmp_path, ["fine.mp4", "broken.mp4"])
    assert str(tmp_path) not in caught.value.detail
