"""The temporal heads: shapes, attention, and the order of frames."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from har.models.heads import HEADS, all_sizes, make_head, positions, with_motion

SMALL: dict[str, dict[str, Any]] = {
    "bilstm": {"width": 8, "hidden": 8},
    "lstm": {"width": 8, "hidden": 8, "layers": 2},
    "transformer": {"width": 8, "heads": 2, "layers": 1},
}
every_head = pytest.mark.parametrize("name", HEADS)


@every_head
def test_logits_and_attention(name: str) -> None:
    head = make_head(name, features=1280, classes=10).eval()
    with torch.inference_mode():
        logits, attention = head(torch.rand(3, 16, 1280))
    assert logits.shape == (3, 10)
    assert attention.shape == (3, 16)
    assert (attention >= 0).all()
    assert attention.sum(dim=1) == pytest.approx(torch.ones(3).numpy())


@every_head
def test_clips_of_a_batch_do_not_touch_each_other(name: str) -> None:
    head = make_head(name, features=6, classes=3, **SMALL[name]).eval()
    clips = torch.rand(4, 16, 6)
    with torch.inference_mode():
        together, _ = head(clips)
        alone = torch.cat([head(clip[None])[0] for clip in clips])
    assert together.numpy() == pytest.approx(alone.numpy(), abs=1e-5)


@every_head
def test_the_order_of_frames_matters(name: str) -> None:
    torch.manual_seed(0)
    head = make_head(name, features=6, classes=3, **SMALL[name]).eval()
    clips = torch.rand(1, 16, 6)
    with torch.inference_mode():
        forwards, backwards = head(clips)[0], head(clips.flip(1))[0]
    assert (forwards - backwards).abs().max() > 1e-4


@every_head
def test_every_weight_is_learnt(name: str) -> None:
    head = make_head(name, features=6, classes=3, **SMALL[name])
    logits, _ = head(torch.rand(4, 5, 6))
    torch.autograd.backward(logits.square().sum())
    without = [n for n, p in head.named_parameters() if p.grad is None or not p.grad.any()]
    # A bias that adds the same to each frame's score changes no softmax.
    assert without == ["attention.score.2.bias"] or without == []


@every_head
def test_all_sizes_are_told(name: str) -> None:
    sizes = all_sizes(name, SMALL[name])
    assert SMALL[name].items() <= sizes.items()
    assert "dropout" in sizes
    first, second = (make_head(name, 6, 3, **given) for given in (SMALL[name], sizes))
    shapes = [{n: t.shape for n, t in head.state_dict().items()} for head in (first, second)]
    assert shapes[0] == shapes[1]
    with pytest.raises(ValueError, match=f"{name} has no size 'depth'; it has width, h"):
        all_sizes(name, {"depth": 3})


def test_a_transformer_of_sizes_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="width 9 is no multiple of twice the heads, 2"):
        make_head("transformer", 6, 3, width=9, heads=2)


def test_positions_of_width_four() -> None:
    found = positions(3, 4)
    angles = torch.tensor([[0.0, 0], [1, 0.01], [2, 0.02]])
    assert found.numpy() == pytest.approx(torch.cat([angles.sin(), angles.cos()], dim=1).numpy())


def test_motion_is_the_difference_to_the_frame_before() -> None:
    features = torch.tensor([[[1.0], [3.0], [2.0]]])
    assert with_motion(features).tolist() == [[[1, 0], [3, 2], [2, -1]]]


@every_head
def test_a_head_is_small_enough_to_ship(name: str) -> None:
    head = make_head(name, features=1280, classes=10)
    assert 4 * sum(p.numel() for p in head.parameters()) < 20e6
