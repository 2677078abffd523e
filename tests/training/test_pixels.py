"""Clips of pixels: sampled and augmented as said, and the same whoever decodes them when."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from config import Settings
from har.errors import ManifestError
from har.training import augmentation, pixels
from har.training.manifest import Row
from har.training.pixels import Videos
from har.types import Fit

LABELS = ("PushUps", "SitDown", "StandUp")
ROWS = (
    Row("a.mkv", "SitDown", "s", "g1", 0),
    Row("b.mkv", "PushUps", "s", "g2", 1),
    Row("c.mkv", "Plank", "s", "g3", None),
)


@pytest.fixture
def videos(make_video: Callable[..., Path], tmp_path: Path, settings: Settings) -> Videos:
    """Three videos of 24 frames; a pixel's value tells the frame (times 8) and the half (0, 4)."""
    picture = "color=black:s=16x16:r=8:d=3,format=gbrp,geq=r='8*N+4*gt(X,7)':g=0:b=0"
    video = make_video("levels.mkv", "-f", "lavfi", "-i", picture, "-c:v", "ffv1")
    for row in ROWS:
        shutil.copy(video, tmp_path / row.file)
    return Videos(
        rows=ROWS,
        root=tmp_path,
        labels=LABELS,
        fps=8.0,
        fit=Fit(16),
        frames=6,
        step=2,
        sampling="uniform",
        plan=augmentation.Plan(),
        seed=3,
        settings=settings,
    )


def numbers(clip: torch.Tensor) -> list[int]:
    """The frames that a clip shows, told by its left half."""
    assert clip.shape == (6, 16, 16, 3)
    assert clip.dtype == torch.uint8
    return (clip[:, 0, 1, 0] / 8).round().int().tolist()


def test_clips_to_validate_with_are_the_middle_and_never_change(videos: Videos) -> None:
    plan = augmentation.parse("reverse:1@before,mirror:1@after")
    clip, target = replace(videos, plan=plan).clip(0, None)
    assert numbers(clip) == [6, 8, 10, 12, 14, 16]
    assert clip[0, 0, 15, 0] == clip[0, 0, 0, 0] + 4
    assert target.tolist() == [0, 1, 0]


def test_sampling(videos: Videos) -> None:
    starts = {numbers(videos.clip(0, epoch)[0])[0] for epoch in range(8)}
    assert len(starts) > 3
    clip, _ = replace(videos, sampling="equidistant").clip(0, 0)
    assert numbers(clip) == [0, 5, 9, 14, 18, 23]


def test_augmentation_before_and_after_sampling(videos: Videos) -> None:
    backwards = replace(videos, plan=augmentation.parse("reverse:1@before"))
    clip, target = backwards.clip(0, 0)
    assert torch.diff(torch.tensor(numbers(clip))).tolist() == [-2] * 5
    assert target.tolist() == [0, 0, 1]
    slow = replace(videos, plan=augmentation.parse("interpolate:1@before"))
    clip, _ = slow.clip(0, 0)
    assert torch.diff(torch.tensor(numbers(clip))).tolist() == [1] * 5
    mirrored = replace(videos, plan=augmentation.parse("mirror:1@after"))
    clip, target = mirrored.clip(0, 0)
    assert clip[0, 0, 0, 0] == clip[0, 0, 15, 0] + 4
    assert target.tolist() == [0, 1, 0]


def test_what_is_not_to_be_learnt_has_no_target(videos: Videos) -> None:
    assert videos.clip(2, 0)[1].tolist() == [0, 0, 0]
    # A reversed SitDown is none of the labels where StandUp is not among them.
    plan = augmentation.parse("reverse:1@after")
    without = replace(videos, plan=plan, labels=("PushUps", "SitDown"))
    assert without.clip(0, 0)[1].tolist() == [0, 0]


def test_batches_are_those_clips_whatever_the_order_and_the_threads(
    videos: Videos, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = augmentation.parse("reverse:0.5@before,crop:0.5@after,brightness:0.5@after")
    videos = replace(videos, plan=plan)
    found = list(videos.batches([[2, 0], [1]], epoch=5))
    assert [clips.shape[0] for clips, _ in found] == [2, 1]
    for index, (clip, target) in zip(
        [2, 0, 1],
        [(c, t) for clips, targets in found for c, t in zip(clips, targets, strict=True)],
        strict=True,
    ):
        alone, its_target = videos.clip(index, 5)
        assert torch.equal(clip, alone)
        assert torch.equal(target, its_target)
    monkeypatch.setattr(pixels, "_WORKERS", 1)
    for (clips, targets), (others, their) in zip(
        found, videos.batches([[2, 0], [1]], epoch=5), strict=True
    ):
        assert torch.equal(clips, others)
        assert torch.equal(targets, their)


def test_another_epoch_or_seed_gives_other_clips(videos: Videos) -> None:
    def clips(videos: Videos, first: int) -> torch.Tensor:
        return torch.stack([videos.clip(0, epoch)[0] for epoch in range(first, first + 4)])

    assert torch.equal(clips(videos, 0), clips(videos, 0))
    assert not torch.equal(clips(videos, 0), clips(videos, 4))
    assert not torch.equal(clips(videos, 0), clips(replace(videos, seed=4), 0))


def test_no_more_than_a_few_clips_are_made_ahead(
    videos: Videos, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    class Watched(Videos):
        def clip(self, index: int, epoch: int | None) -> tuple[torch.Tensor, torch.Tensor]:
            asked.append(index)
            return super().clip(index, epoch)

    monkeypatch.setattr(pixels, "_AHEAD", 2)
    many = Watched(**vars(replace(videos, rows=ROWS * 10)))
    made = many.batches([[index] for index in range(30)], epoch=0)
    next(made)
    made.close()
    assert 1 <= len(asked) <= 3
    assert not [t for t in threading.enumerate() if t.name.startswith("pixels")]


def test_a_file_that_is_no_video_is_named(videos: Videos, tmp_path: Path) -> None:
    (tmp_path / "b.mkv").write_bytes(b"not a video")
    with pytest.raises(ManifestError, match=r"^b\.mkv cannot be used: Send a video") as caught:
        list(videos.batches([[0, 1, 2]], epoch=0))
    assert str(tmp_path) not in caught.value.detail
    assert not [t for t in threading.enumerate() if t.name.startswith("pixels")]
