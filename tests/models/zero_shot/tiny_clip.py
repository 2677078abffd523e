"""A CLIP of a few kilobytes with random weights, saved by the library that loads it."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizer

IMAGE_SIZE = 32
TEXT_LENGTH = 48
_TOWER = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4}


def save_tiny_clip(folder: Path, *, processor: bool = True) -> Path:
    folder.mkdir(parents=True)
    tokenizer = _tokenizer(folder)
    config = CLIPConfig(
        text_config={
            **_TOWER,
            "num_hidden_layers": 2,
            "vocab_size": len(tokenizer),
            "max_position_embeddings": TEXT_LENGTH,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        },
        vision_config={
            **_TOWER,
            "num_hidden_layers": 2,
            "image_size": IMAGE_SIZE,
            "patch_size": 8,
        },
        projection_dim=24,
    )
    torch.manual_seed(0)
    CLIPModel(config).save_pretrained(folder)
    if processor:
        size = {"height": IMAGE_SIZE, "width": IMAGE_SIZE}
        CLIPImageProcessor(size={"shortest_edge": IMAGE_SIZE}, crop_size=size).save_pretrained(
            folder
        )
    return folder


def _tokenizer(folder: Path) -> CLIPTokenizer:
    """Byte-pair encoding of letters and digits, and of the few pairs that are merged."""
    merges = ["t h", "th e</w>", "i n", "in g</w>"]
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    pieces = [*letters, *(f"{x}</w>" for x in letters), *("".join(m.split()) for m in merges)]
    pieces += ["<|startoftext|>", "<|endoftext|>"]
    vocab = folder / "vocab.json"
    vocab.write_text(json.dumps({piece: i for i, piece in enumerate(pieces)}))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]))
    tokenizer = CLIPTokenizer.from_pretrained(folder, model_max_length=TEXT_LENGTH)
    tokenizer.save_pretrained(folder)
    return tokenizer
