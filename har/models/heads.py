"""The temporal heads: from a clip's frame vectors to class logits."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn


class LSTM(nn.Module):
    """LSTM that reads forwards only, whose states are averaged by learned attention.

    Vectors are projected to ``width``; ``layers`` LSTMs of ``hidden`` units are on top of each
    other.
    """

    bidirectional = False

    def __init__(
        self,
        features: int,
        classes: int,
        width: int = 256,
        hidden: int = 192,
        layers: int = 1,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.project = Projection(features, width, dropout)
        self.lstm = nn.LSTM(
            width,
            hidden,
            layers,
            batch_first=True,
            dropout=dropout if layers > 1 else 0.0,
            bidirectional=self.bidirectional,
        )
        states = 2 * hidden if self.bidirectional else hidden
        self.attention = Attention(states)
        self.classify = nn.Sequential(nn.Dropout(dropout), nn.Linear(states, classes))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors [B, T, features] to logits [B, classes] and attention [B, T]."""
        states, _ = self.lstm(self.project(features))
        pooled, weights = self.attention(states)
        return self.classify(pooled), weights


class BiLSTM(LSTM):
    """LSTM that reads a clip forwards and backwards, with ``hidden`` units each way."""

    bidirectional = True


class Attention(nn.Module):
    """Additive attention pooling (Bahdanau et al. 2015, with a learned constant query)."""

    def __init__(self, size: int, hidden: int = 128) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(size, hidden), nn.Tanh(), nn.Linear(hidden, 1))

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """States [B, T, size] to their weighted mean [B, size] and the weights [B, T]."""
        weights = self.score(states).squeeze(-1).softmax(dim=1)
        return torch.einsum("bt,bts->bs", weights, states), weights


class Projection(nn.Module):
    """Vectors, each number standardised and joined by its difference to the step before, to a
    narrower ``width``.

    Without the standardising, by the mean and variance that training met, the few numbers of a
    backbone that are large would drown the rest.
    """

    def __init__(self, features: int, width: int, dropout: float) -> None:
        super().__init__()
        self.standardise = nn.BatchNorm1d(features, affine=False)
        self.narrow = nn.Sequential(
            nn.Linear(2 * features, width), nn.LayerNorm(width), nn.GELU(), nn.Dropout(dropout)
        )

    def forward(self, features: Tensor) -> Tensor:
        """[B, T, features] to [B, T, width]."""
        standard = self.standardise(features.flatten(0, 1)).view_as(features)
        narrow: Tensor = self.narrow(with_motion(standard))
        return narrow


def with_motion(features: Tensor) -> Tensor:
    """Vectors [B, T, D] joined by their differences in time, zero for the first: [B, T, 2D]."""
    motion = torch.diff(features, dim=1, prepend=features[:, :1])
    return torch.cat([features, motion], dim=-1)


class Transformer(nn.Module):
    """Transformer encoder (Vaswani et al. 2017), its outputs averaged by learned attention.

    The projected vectors get sinusoidal positions and go through ``layers`` of self-attention with
    ``heads`` heads each; ``width`` must be a multiple of twice their number. Normalisation comes
    before each block (Xiong et al. 2020). Raises ValueError for sizes that do not fit each other.
    """

    def __init__(
        self,
        features: int,
        classes: int,
        width: int = 256,
        heads: int = 4,
        layers: int = 2,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        if heads < 1 or layers < 1 or width % (2 * heads):
            raise ValueError(f"width {width} is no multiple of twice the heads, {heads}")
        self.project = Projection(features, width, dropout)
        layer = nn.TransformerEncoderLayer(
            width, heads, 2 * width, dropout, "gelu", batch_first=True, norm_first=True
        )
        # Nested tensors are for padded batches, and are not there for norm_first.
        self.encode = nn.TransformerEncoder(
            layer, layers, nn.LayerNorm(width), enable_nested_tensor=False
        )
        self.attention = Attention(width)
        self.classify = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, classes))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors [B, T, features] to logits [B, classes] and attention [B, T]."""
        projected = self.project(features)
        states = self.encode(projected + positions(*projected.shape[1:]).to(projected))
        pooled, weights = self.attention(states)
        return self.classify(pooled), weights


def positions(frames: int, width: int) -> Tensor:
    """Sinusoidal encodings of the places 0, 1, ... (Vaswani et al. 2017): [frames, width].

    Sines of wavelengths from 2 pi to 20000 pi fill the first half of the channels, cosines the
    second; ``width`` is even.
    """
    rates = 10000 ** (-torch.arange(0, width, 2) / width)
    angles = torch.arange(frames)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)


HEADS: dict[str, Callable[..., nn.Module]] = {
    "bilstm": BiLSTM,
    "lstm": LSTM,
    "transformer": Transformer,
}


def all_sizes(name: str, sizes: Mapping[str, float]) -> dict[str, float]:
    """The sizes of a head, those not given at their defaults. Raises ValueError for unknown ones.

    A checkpoint holds all of them, so that it stays what it is where a default changes.
    """
    parameters = inspect.signature(HEADS[name]).parameters.values()
    known = {p.name: p.default for p in parameters if p.default is not p.empty}
    unknown = sorted(set(sizes) - set(known))
    if unknown:
        raise ValueError(f"{name} has no size '{unknown[0]}'; it has {', '.join(known)}")
    return known | dict(sizes)


def make_head(name: str, features: int, classes: int, **sizes: float) -> nn.Module:
    """A new head of HEADS: vectors [B, T, features] to (logits [B, classes], attention [B, T])."""
    return HEADS[name](features, classes, **sizes)
