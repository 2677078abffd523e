"""Networks of transformers from a local folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers.utils import logging


def whole(kind: Any, folder: str | Path) -> Any:
    """A network of a class of transformers', from safetensors only; None where the folder lacks
    some of its weights, which transformers would fill with random numbers.

    Raises whatever transformers raises for files that it cannot read.
    """
    logging.disable_progress_bar()
    network, report = kind.from_pretrained(
        folder,
        local_files_only=True,
        use_safetensors=True,
        dtype=torch.float32,
        output_loading_info=True,
    )
    return None if report["missing_keys"] or report["mismatched_keys"] else network
