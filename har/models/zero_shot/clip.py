"""CLIP: pictures and sentences as vectors of one space (Radford et al., 2021, arXiv 2103.00020)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import CLIPImageProcessor, CLIPModel, CLIPTokenizer

from har.errors import CheckpointError
from har.models import precision
from har.models.labels import spaced
from har.models.pretrained import whole
from har.models.zero_shot.background import NEUTRAL, beside
from har.models.zero_shot.latest import latest
from har.types import Source

_LABEL_SETS = 8
"""Sets of labels whose text vectors are kept together; 500 labels of ViT-B/32 take 1 MB."""


class ClipZeroShot:
    """Zero-shot scores of a CLIP that lies in a local folder. See ZeroShot for the methods.

    ``descriptions`` holds sentences for labels whose name alone says too little. Weights are read
    from safetensors only. Raises CheckpointError where the folder's weights are not all of a CLIP,
    and whatever transformers raises for files that it cannot read.
    """

    source: Source = "clip"
    threshold = 0.3
    """Chosen, not measured: no CLIP was at hand to calibrate on actions. The scores are its softmax
    with the temperature it was trained with, which Minderer et al. (2021, arXiv 2106.07998) found
    near calibration on ImageNet; over a hundred names, 0.3 is thirty times chance."""

    def __init__(self, folder: str, name: str, descriptions: Mapping[str, str]) -> None:
        self.name = name
        self._descriptions = descriptions
        model = _load_model(folder)
        self._scale: float = model.logit_scale.exp().item()
        self._text_length: int = model.config.text_config.max_position_embeddings
        self._tokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
        self._preprocess = _image_processor(folder, model.config.vision_config.image_size)
        self._model = model.eval().to(precision.device)
        self._known: dict[str, Tensor] = {}
        self._lock = threading.Lock()
        self._text = lru_cache(maxsize=_LABEL_SETS)(self._vectors)

    @torch.inference_mode()
    def embed(self, pixels: NDArray[np.uint8]) -> Tensor:
        images = torch.from_numpy(pixels).to(precision.device).permute(0, 3, 1, 2)
        batch = self._preprocess(
            images=images, return_tensors="pt", input_data_format="channels_first"
        )
        with precision.autocast():
            vectors = self._model.get_image_features(pixel_values=batch["pixel_values"])
        return _unit(vectors.pooler_output)

    def of_clip(self, frames: Tensor, pixels: NDArray[np.uint8], actions: Tensor | None) -> Tensor:
        """The mean of the frames' vectors."""
        return frames.mean(dim=0)

    @torch.inference_mode()
    def scores(self, embedding: Tensor, labels: tuple[str, ...]) -> Tensor:
        similarity = self._text(beside(labels)) @ _unit(embedding.to(precision.device))
        return (self._scale * similarity).softmax(dim=0).cpu()[: len(labels)]

    def _vectors(self, labels: tuple[str, ...]) -> Tensor:
        """Unit vectors [len(labels), E] of the labels' sentences; those of new ones are made."""
        with self._lock:
            new = [label for label in dict.fromkeys(labels) if label not in self._known]
            if new:
                known = self._known | dict(zip(new, self._embed_labels(new), strict=True))
                self._known = latest(known, labels)
            return torch.stack([self._known[label] for label in labels])

    def _embed_labels(self, labels: list[str]) -> Tensor:
        """Unit vectors [len(labels), E] of the labels' sentences."""
        tokens = self._tokenizer(
            [self._sentence(label) for label in labels],
            padding="longest",  # The full 77 tokens would take eight times as long.
            truncation=True,
            max_length=self._text_length,
            return_tensors="pt",
        )
        with precision.autocast():
            vectors = self._model.get_text_features(**tokens.to(precision.device))
        return _unit(vectors.pooler_output)

    def _sentence(self, label: str) -> str:
        if label in NEUTRAL:
            return label
        known = self._descriptions.get(label)
        return known or f"a video of a person doing {spaced(label).lower()}"


def _unit(vectors: Tensor) -> Tensor:
    return torch.nn.functional.normalize(vectors.float(), dim=-1)


def _load_model(folder: str) -> Any:
    model = whole(CLIPModel, folder)
    if model is None:
        raise CheckpointError("The weights are not those of a CLIP model.")
    return model


def _image_processor(folder: str, size: int) -> Any:
    """The model's own resizing and normalisation; CLIP's usual ones where it comes with none."""
    if (Path(folder) / "preprocessor_config.json").is_file():
        return CLIPImageProcessor.from_pretrained(folder, local_files_only=True)
    return CLIPImageProcessor(
        size={"shortest_edge": size}, crop_size={"height": size, "width": size}
    )
