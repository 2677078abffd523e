"""Cached vectors: of the code that serves, keyed by content, refused with the file's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from config import Settings
from har.errors import ManifestError
from har.media.frames import frames
from har.media.probe import probe
from har.models import backbone
from har.models.frame_backbone import PACKAGED
from har.training.augmentation import parse
from har.training.features import Extractor, Views
from har.training.manifest import Row
from tests.training.small import bars_of

Maker = Callable[..., Path]

TURNED = parse("mirror:1@before, reverse:1@before")
DRAWN = parse("brightness:1@before, reverse:0.5@before")


@pytest.fixture(params=["i3d", pytest.param(PACKAGED, marks=pytest.mark.slow)])
def extractor(request: pytest.FixtureRequest, settings: Settings) -> Extractor:
    return Extractor(backbone.load(request.param), 8.0, 48, 16, settings)


@pytest.fixture
def clip(make_video: Maker) -> Path:
    """Twenty frames, eight a second."""
    return make_video(
        "features.mp4", "-f", "lavfi", "-i", "testsrc2=d=2.5:s=96x64", "-c:v", "libx264"
    )


def pixels(extractor: Extractor, path: Path) -> np.ndarray:
    fit = extractor.backbone.fit(extractor.size)
    (batch,) = frames(probe(path, extractor.settings), extractor.fps, fit, extractor.settings)
    return batch.pixels


def served(extractor: Extractor, shown: np.ndarray, first: int) -> np.ndarray:
    """The vectors of the clip that begins at a frame, as a request gets them."""
    clip = np.ascontiguousarray(shown[first : first + extractor.frames])
    ready = extractor.backbone.per_frame(clip)
    return extractor.backbone.per_clip(ready[None])[0].cpu().numpy()


def test_vectors_are_those_that_requests_get(extractor: Extractor, clip: Path) -> None:
    """Of the video as it is, and as the plan changes it."""
    found = replace(extractor, plan=TURNED, views=2).of(clip, "PushUps")
    assert found.labels == ("PushUps", "PushUps")
    plain = pixels(extractor, clip)
    for view, shown in enumerate((plain, plain[::-1, :, ::-1])):
        for place, first in enumerate((0, 4)):
            at = place if extractor.backbone.sees_clips else slice(first, first + 16)
            expected = served(extractor, shown, first)
            assert found.vectors[view, at] == pytest.approx(expected, abs=0.05)
    assert np.abs(found.vectors[0] - found.vectors[1]).max() > 0.1


@pytest.fixture
def motion(settings: Settings) -> Extractor:
    return Extractor(backbone.load("i3d"), 8.0, 32, 8, settings)


def test_a_video_shorter_than_a_clip_has_one(motion: Extractor, make_video: Maker) -> None:
    short = make_video(
        "short.mp4", "-f", "lavfi", "-i", "testsrc2=d=0.5:s=96x64", "-c:v", "libx264"
    )
    assert motion.of(short, "Walk").vectors.shape == (1, 1, 2, motion.backbone.features)


def test_of_a_long_video_the_first_clip_and_the_last_are_kept(
    motion: Extractor, clip: Path
) -> None:
    found = motion.of(clip, "Walk").vectors
    assert found.shape == (1, 2, 2, motion.backbone.features)
    shown = pixels(motion, clip)
    for place, first in enumerate((0, 12)):
        assert found[0, place] == pytest.approx(served(motion, shown, first), abs=0.05)


def test_the_first_view_is_the_video_and_the_others_are_draws(
    motion: Extractor, clip: Path
) -> None:
    alone = motion.of(clip, "Walk")
    several = replace(motion, plan=DRAWN, views=4).of(clip, "Walk")
    assert len(several.vectors) == len(several.labels) == 4
    assert np.array_equal(several.vectors[0], alone.vectors[0])
    for view in range(4):
        for other in range(view):
            assert not np.array_equal(several.vectors[view], several.vectors[other])


def test_the_draws_are_the_same_whenever_they_are_made(
    motion: Extractor, clip: Path, tmp_path: Path
) -> None:
    """Without the cache, under another name, and however many there are."""
    drawing = replace(motion, plan=DRAWN, views=3)
    first = drawing.of(clip, "SitDown")
    copy = tmp_path / "renamed.mp4"
    copy.write_bytes(clip.read_bytes())
    elsewhere = replace(motion.settings, data_dir=tmp_path / "elsewhere")
    again = replace(drawing, settings=elsewhere).of(copy, "SitDown")
    assert_same(again, first)
    more = replace(drawing, views=4).of(clip, "SitDown")
    assert np.array_equal(more.vectors[:3], first.vectors)
    assert more.labels[:3] == first.labels


def test_videos_have_draws_of_their_own(motion: Extractor, make_video: Maker) -> None:
    """Each is reversed in other views."""
    drawing = replace(motion, frames=16, plan=parse("reverse:0.5@before"), views=5)
    labels = {drawing.of(bars_of(make_video, i), "SitDown").labels for i in range(4)}
    assert len(labels) > 1
    assert {label for found in labels for label in found} == {"SitDown", "StandUp"}


def test_labels_follow_the_reversal(motion: Extractor, clip: Path) -> None:
    reversing = replace(motion, plan=parse("reverse:1@before"), views=2)
    found = reversing.of(clip, "SitDown")
    assert found.labels == ("SitDown", "StandUp")
    assert not np.array_equal(found.vectors[0], found.vectors[1])
    # Nothing certain can be said of a walk that goes backwards: it stays as it is.
    walk = reversing.of(clip, "Walk")
    assert walk.labels == ("Walk", "Walk")
    assert np.array_equal(walk.vectors[0], walk.vectors[1])
    doors = parse("reverse:1@before", {"OpenDoor": "CloseDoor"})
    assert replace(reversing, plan=doors).of(clip, "CloseDoor").labels == ("CloseDoor", "OpenDoor")


def assert_same(found: Views, expected: Views) -> None:
    assert np.array_equal(found.vectors, expected.vectors)
    assert found.labels == expected.labels


def test_what_is_cached_is_not_computed_again(motion: Extractor, clip: Path) -> None:
    drawing = replace(motion, plan=DRAWN, views=2)
    first = drawing.of(clip, "SitDown")
    (stored,) = (motion.settings.data_dir / "cache" / "features").iterdir()
    np.savez(stored, vectors=first.vectors + 1, labels=np.array(["Mine", "Yours"]))
    assert_same(drawing.of(clip, "SitDown"), Views(first.vectors + 1, ("Mine", "Yours")))


@pytest.mark.parametrize(
    "changed",
    [
        {"fps": 4.0},
        {"size": 40},
        {"frames": 12},
        {"views": 2},
        {"plan": parse("reverse:0.5@before")},
        {"plan": parse("reverse:1@before", {"Walk": "Run"})},
    ],
)
def test_the_cache_is_keyed_by_all_that_vectors_depend_on(
    motion: Extractor, clip: Path, tmp_path: Path, changed: dict[str, Any]
) -> None:
    cache = motion.settings.data_dir / "cache" / "features"
    first = motion.of(clip, "Walk")
    copy = tmp_path / "renamed.mp4"
    copy.write_bytes(clip.read_bytes())
    assert_same(motion.of(copy, "Walk"), first)
    assert len(list(cache.iterdir())) == 1
    replace(motion, **changed).of(clip, "Walk")
    assert len(list(cache.iterdir())) == 2
    motion.of(clip, "SitDown")
    assert len(list(cache.iterdir())) == 3


def test_the_cache_is_keyed_by_the_weights(extractor: Extractor, clip: Path) -> None:
    first = extractor.of(clip, "Walk")
    state = extractor.backbone.network.state_dict()
    changed = {name: tensor * 0.9 if "weight" in name else tensor for name, tensor in state.items()}
    other = replace(extractor, backbone=backbone.load(extractor.backbone.name, changed))
    assert not np.array_equal(other.of(clip, "Walk").vectors, first.vectors)


def test_rows_keep_their_order_and_their_labels(motion: Extractor, make_video: Maker) -> None:
    paths = [bars_of(make_video, i) for i in range(3)]
    rows = [
        Row(path.name, label, "s", "g", 0)
        for path, label in zip(paths, ("SitDown", "Walk", "StandUp"), strict=True)
    ]
    reversing = replace(motion, plan=parse("reverse:1@before"), views=2)
    found = reversing.all(paths[0].parent, rows)
    assert [views.labels[0] for views in found] == ["SitDown", "Walk", "StandUp"]
    assert [views.labels[1] for views in found] == ["StandUp", "Walk", "SitDown"]
    for path, row, views in zip(paths, rows, found, strict=True):
        assert_same(views, reversing.of(path, row.label))


def test_a_file_that_is_no_video_is_named(motion: Extractor, tmp_path: Path, clip: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"not a video")
    (tmp_path / "fine.mp4").write_bytes(clip.read_bytes())
    rows = [Row(name, "Walk", "s", "g", 0) for name in ("fine.mp4", "broken.mp4")]
    with pytest.raises(ManifestError, match=r"^broken\.mp4 cannot be used: Send a video") as caught:
        motion.all(tmp_path, rows)
    assert str(tmp_path) not in caught.value.detail
