"""The backbones: real weights, and the same vectors whatever else is in the batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from config import Settings
from har.errors import CheckpointError
from har.media.frames import frames
from har.media.probe import probe
from har.models import backbone, precision
from har.models.backbone import Backbone
from har.models.frame_backbone import PACKAGED, FrameBackbone
from har.models.i3d import EARLY_CHANNELS
from har.models.motion_backbone import MotionBackbone

every_backbone = pytest.mark.parametrize("loaded", ["i3d", PACKAGED], indirect=True)


@pytest.fixture(scope="module")
def loaded(request: pytest.FixtureRequest) -> Backbone:
    return backbone.load(request.param)


@pytest.fixture
def pixels(samples: Path, settings: Settings) -> np.ndarray:
    """Two seconds of a real video."""
    video = probe(samples / "real/arm_wrestling.mp4", settings)
    return next(frames(video, 8, 224, settings, batch=16)).pixels


@every_backbone
def test_a_clip_has_vectors_in_steps(loaded: Backbone, pixels: np.ndarray) -> None:
    vectors = loaded.per_clip(loaded.per_frame(pixels)[None])
    assert vectors.shape == (1, 4 if loaded.sees_clips else 16, loaded.features)
    assert vectors.dtype == torch.float32


@every_backbone
def test_a_clips_vectors_do_not_depend_on_its_batch(loaded: Backbone, pixels: np.ndarray) -> None:
    ready = loaded.per_frame(pixels)
    clips = torch.stack([ready, ready.flip(0), ready.roll(5, 0)])
    together = loaded.per_clip(clips)
    alone = torch.cat([loaded.per_clip(clip[None]) for clip in clips])
    assert torch.nn.functional.cosine_similarity(together, alone, dim=-1).min() > 0.995


@every_backbone
def test_the_network_that_is_fine_tuned_is_the_one_that_serves(
    loaded: Backbone, pixels: np.ndarray
) -> None:
    loaded = backbone.load(loaded.name, loaded.network.state_dict())
    served = loaded.per_clip(loaded.per_frame(pixels)[None])
    with precision.autocast():
        trained = loaded.network(torch.from_numpy(pixels)[None])
    assert trained.requires_grad
    torch.testing.assert_close(trained.detach().float(), served)


@every_backbone
def test_weights_of_ones_own_are_used(loaded: Backbone, pixels: np.ndarray) -> None:
    state = {name: tensor.clone() for name, tensor in loaded.network.state_dict().items()}
    same = backbone.load(loaded.name, state)
    with torch.inference_mode(), precision.autocast():
        first = loaded.network(torch.from_numpy(pixels)[None]).float()
    torch.testing.assert_close(same.per_clip(same.per_frame(pixels)[None]), first)
    biased = {name: tensor + 0.1 * name.endswith("bias") for name, tensor in state.items()}
    other = backbone.load(loaded.name, biased)
    assert not torch.allclose(other.per_clip(other.per_frame(pixels)[None]), first, rtol=0.05)


@pytest.fixture(scope="module")
def motion() -> MotionBackbone:
    """I3D with the weights of its package, as requests get it."""
    return MotionBackbone()


@pytest.mark.parametrize("frames", [32, 16, 13, 3])
def test_kinetics_actions_are_read_from_vectors_as_from_the_whole_network(
    motion: MotionBackbone, pixels: np.ndarray, frames: int
) -> None:
    """A step of the late map is eight frames, and in vectors it is there twice. With weights of
    its own, the backbone is not computed in integers: those are in test_i3d_int8."""
    motion = MotionBackbone(motion.network.state_dict())
    clip = torch.from_numpy(np.concatenate([pixels, pixels[::-1]])[:frames])
    vectors = motion.per_clip(motion.per_frame(clip.numpy())[None])
    assert vectors.shape == (1, -(-frames // 4), motion.features)
    with torch.inference_mode(), precision.autocast():
        whole = motion.network.i3d(clip.permute(3, 0, 1, 2)[None] / 127.5 - 1)
    torch.testing.assert_close(motion.classify(vectors), whole.float(), atol=0.1, rtol=0.02)


def test_vectors_tell_in_which_part_of_the_picture_something_moves(motion: MotionBackbone) -> None:
    shape = (16, 192, 256, 3)
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    still = parts(motion, np.full(shape, 127, np.uint8))
    for row, column in np.ndindex(2, 2):
        clip = np.full(shape, 127, np.uint8)
        quarter = np.s_[:, row * 96 : (row + 1) * 96, column * 128 : (column + 1) * 128]
        clip[quarter] = noise[quarter]
        changed = (parts(motion, clip) - still).norm(dim=0)
        assert np.unravel_index(int(changed.argmax()), (2, 2)) == (row, column)


def parts(motion: MotionBackbone, clip: np.ndarray) -> torch.Tensor:
    """The early map's mean over a clip's steps, [channels, 2, 2]."""
    vectors = motion.per_clip(motion.per_frame(clip)[None])[0]
    return vectors[:, : 4 * EARLY_CHANNELS].mean(0).view(EARLY_CHANNELS, 2, 2)


@pytest.mark.parametrize(
    ("sides", "shape"),
    [((1920, 1080), (192, 342)), ((1080, 1920), (342, 192)), ((4, 3), (192, 256)),
     ((5, 1), (192, 384))],
)  # fmt: skip
def test_motion_is_seen_in_the_whole_picture_at_its_own_shape(
    sides: tuple[int, int], shape: tuple[int, int]
) -> None:
    assert MotionBackbone.fit(192).shape(*sides) == shape
    assert FrameBackbone.fit(192).shape(*sides) == (192, 192)


def test_unknown_backbone() -> None:
    with pytest.raises(CheckpointError, match="no_such_network"):
        backbone.load("no_such_network")
    with pytest.raises(CheckpointError, match=r"no_such_network: neither i3d nor one of timm's"):
        backbone.normalisation("no_such_network")
