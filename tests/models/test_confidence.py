"""Probabilities of a softmax as logits of their own."""

from __future__ import annotations

import torch

from har.models import confidence


def test_a_sigmoid_of_log_odds_is_the_softmax() -> None:
    torch.manual_seed(0)
    scores = 5 * torch.randn(20, 400)
    odds = confidence.log_odds(scores)
    assert torch.allclose(odds.sigmoid(), scores.softmax(dim=1), atol=1e-6)
    plain = confidence.calibrated(odds, temperature=1.0, skew=1.0, bias=0.0)
    assert torch.allclose(plain, scores.softmax(dim=1), atol=1e-6)


def test_log_odds_are_finite_and_in_order_where_a_network_is_certain() -> None:
    odds = confidence.log_odds(torch.tensor([[1e4, 0.0, -50.0], [0.0, 0.0, 0.0]]))
    assert odds.isfinite().all()
    assert odds[0].argsort(descending=True).tolist() == [0, 1, 2]
    assert torch.allclose(odds[1].sigmoid(), torch.full((3,), 1 / 3))
