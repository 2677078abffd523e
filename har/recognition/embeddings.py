"""The file of a video's embeddings, from which its clips can be scored anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save

from har.types import Embeddings

FILES = FILE, COMPARED = "embeddings.safetensors", "embeddings.compared.safetensors"
"""Of the clips of the first model, and of those of the other where two are compared."""


def write(embeddings: Embeddings, path: Path) -> None:
    """Raises OSError where the file cannot be written."""
    tensors: dict[str, NDArray[Any]] = {
        "positions": np.array(list(embeddings.vectors), np.int32),
        "vectors": np.array(list(embeddings.vectors.values()), np.float16),
    }
    metadata = {"source": embeddings.source, "name": embeddings.name}
    # Not by save_file: its error is none of the system's.
    path.write_bytes(save(tensors, metadata))


def read(path: Path) -> Embeddings:
    """What was written. Raises FileNotFoundError, and SafetensorError for another file."""
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
        positions = file.get_tensor("positions").tolist()
        vectors = dict(zip(positions, file.get_tensor("vectors"), strict=True))
    return Embeddings(metadata["source"], metadata["name"], vectors)
