"""The temporal heads: from a clip's frame vectors to class logits."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


class BiLSTM(nn.Module):
    """Bidirectional LSTM whose states are averaged by learned attention.

    Each frame's vector is joined by its difference to the frame before, so that motion is seen even
    by a frozen backbone, and projected to ``width`` before the LSTM of 2 x ``hidden`` units.
    """

    def __init__(
        self,
        features: int,
        classes: int,
        width: int = 256,
        hidden: int = 192,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.project = nn.Sequential(
            nn.LayerNorm(2 * features),
            nn.Linear(2 * features, width),
            nn.LayerNorm(width),
            nn.GELU(),
            nn.Dropout(dropout),
        )
        self.lstm = nn.LSTM(width, hidden, batch_first=True, bidirectional=True)
        self.attention = Attention(2 * hidden)
        self.classify = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * hidden, classes))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors [B, T, features] to logits [B, classes] and attention [B, T]."""
        states, _ = self.lstm(self.project(with_motion(features)))
        pooled, weights = self.attention(states)
        return self.classify(pooled), weights


class Attention(nn.Module):
    """Additive attention pooling (Bahdanau et al. 2015, with a learned constant query)."""

    def __init__(self, size: int, hidden: int = 128) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(size, hidden), nn.Tanh(), nn.Linear(hidden, 1))

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """States [B, T, size] to their weighted mean [B, size] and the weights [B, T]."""
        weights = self.score(states).squeeze(-1).softmax(dim=1)
        return torch.einsum("bt,bts->bs", weights, states), weights


def with_motion(features: Tensor) -> Tensor:
    """Vectors [B, T, D] joined by their differences in time, zero for the first: [B, T, 2D]."""
    motion = torch.diff(features, dim=1, prepend=features[:, :1])
    return torch.cat([features, motion], dim=-1)


HEADS: dict[str, Callable[..., nn.Module]] = {"bilstm": BiLSTM}


def make_head(name: str, features: int, classes: int, **sizes: float) -> nn.Module:
    """A new head of HEADS: vectors [B, T, features] to (logits [B, classes], attention [B, T])."""
    return HEADS[name](features, classes, **sizes)
