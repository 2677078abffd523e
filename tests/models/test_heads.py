"""The temporal heads: shapes, attention, and the order of frames."""

from __future__ import annotations

import pytest
import torch

from har.models.heads import make_head, with_motion


def test_logits_and_attention_of_the_default_head() -> None:
    head = make_head("bilstm", features=1280, classes=10).eval()
    with torch.inference_mode():
        logits, attention = head(torch.rand(3, 16, 1280))
    assert logits.shape == (3, 10)
    assert attention.shape == (3, 16)
    assert (attention >= 0).all()
    assert attention.sum(dim=1) == pytest.approx(torch.ones(3).numpy())


def test_clips_of_a_batch_do_not_touch_each_other() -> None:
    head = make_head("bilstm", features=6, classes=3, width=8, hidden=8).eval()
    clips = torch.rand(4, 16, 6)
    with torch.inference_mode():
        together, _ = head(clips)
        alone = torch.cat([head(clip[None])[0] for clip in clips])
    assert together.numpy() == pytest.approx(alone.numpy(), abs=1e-5)


def test_the_order_of_frames_matters() -> None:
    torch.manual_seed(0)
    head = make_head("bilstm", features=6, classes=3, width=8, hidden=8).eval()
    clips = torch.rand(1, 16, 6)
    with torch.inference_mode():
        forwards, backwards = head(clips)[0], head(clips.flip(1))[0]
    assert (forwards - backwards).abs().max() > 1e-4


def test_motion_is_the_difference_to_the_frame_before() -> None:
    features = torch.tensor([[[1.0], [3.0], [2.0]]])
    assert with_motion(features).tolist() == [[[1, 0], [3, 2], [2, -1]]]


def test_the_default_head_is_small_enough_to_ship() -> None:
    head = make_head("bilstm", features=1280, classes=10)
    assert 4 * sum(p.numel() for p in head.parameters()) < 20e6
