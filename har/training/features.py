"""The backbone's vectors of a manifest's clips, computed once by the code that serves requests."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from config import Settings
from har.errors import ManifestError, MediaError
from har.media.frames import frames
from har.media.probe import probe
from har.models import precision
from har.models.backbone import Backbone

_WORKERS = 2
"""Videos at work at once: one decodes while another is embedded."""

Features = NDArray[np.float16]
"""Shape [2, n, D]: the vectors of a video's n sampled frames, as they are and mirrored."""


@dataclass(frozen=True)
class Extractor:
    """Videos to vectors, through a cache keyed by content, backbone and preprocessing."""

    backbone: Backbone
    fps: float
    size: int
    settings: Settings

    def all(self, root: Path, files: Sequence[str]) -> list[Features]:
        """The vectors of files below ``root``, in their order.

        Raises ManifestError, with the file's name, for one that is no usable video.
        """
        pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="features")
        try:
            found = pool.map(lambda file: self._named(root, file), files)
            return list(tqdm(found, "features", len(files), unit="clip", leave=False, disable=None))
        finally:
            pool.shutdown(cancel_futures=True)

    def of(self, path: Path) -> Features:
        """The vectors of one video. Raises MediaError."""
        cached = self._folder / f"{self._key(path)}.npy"
        if cached.exists():
            return _read(cached)
        features = self._computed(path)
        _write(cached, features)
        return features

    def _named(self, root: Path, file: str) -> Features:
        try:
            return self.of(root / file)
        except MediaError as error:
            raise ManifestError(f"{file} cannot be used: {error.detail}") from error

    def _computed(self, path: Path) -> Features:
        batches = []
        for batch in frames(probe(path, self.settings), self.fps, self.size, self.settings):
            mirrored = np.ascontiguousarray(batch.pixels[:, :, ::-1])
            pair = [self.backbone.embed(pixels) for pixels in (batch.pixels, mirrored)]
            batches.append(np.stack([vectors.cpu().numpy() for vectors in pair]))
        return np.concatenate(batches, axis=1).astype(np.float16)

    @property
    def _folder(self) -> Path:
        return self.settings.data_dir / "cache" / "features"

    def _key(self, path: Path) -> str:
        number = "bfloat16" if precision.has_bfloat16() else "float32"
        text = f"{self.backbone.name} {number} {self.fps:g} fps {self.size} squashed"
        digest = hashlib.sha256(text.encode())
        digest.update(path.read_bytes())
        return digest.hexdigest()


def _read(path: Path) -> Features:
    features: Features = np.load(path, allow_pickle=False)
    return features


def _write(path: Path, features: Features) -> None:
    """Write whole or not at all: another run may read the cache at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        np.save(file, features, allow_pickle=False)
    os.replace(partial, path)
