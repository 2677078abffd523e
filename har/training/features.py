"""The backbone's vectors of a manifest's videos, computed once by the code that serves requests."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from config import Settings
from har.errors import ManifestError, MediaError
from har.media.frames import frames
from har.media.probe import probe
from har.models import precision
from har.models.backbone import Backbone
from har.models.i3d import EARLY_FRAMES
from har.recognition.clips import pad, windows

_WORKERS = 2
"""Videos at work at once: one decodes while another is embedded."""

_STARTS = EARLY_FRAMES
"""Sampled frames between the clips that are kept of a video, where the backbone needs whole clips:
as many as a step of it stands for."""
_TOGETHER = 4
"""Clips that go through the backbone at once."""

VIEWS = 4
"""As it is, mirrored, reversed in time, and both: bit 0 is the mirror, bit 1 the reversal."""

Features = NDArray[np.float16]
"""The vectors of a video in its views. [V, n, D] for n frames where the backbone sees each frame
alone: any of them make a clip. [V, clips, steps, D] where it sees motion."""


@dataclass(frozen=True)
class Extractor:
    """Videos to vectors, through a cache keyed by content, backbone and preprocessing."""

    backbone: Backbone
    fps: float
    size: int
    frames: int
    """Sampled frames in a clip."""
    settings: Settings
    views: int = VIEWS
    """The first so many of the views."""

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
        batches = frames(probe(path, self.settings), self.fps, self.size, self.settings)
        pixels = np.concatenate([batch.pixels for batch in batches])
        views: list[Features] = []
        for view in range(self.views):
            if view & 2 and not self.backbone.sees_clips:
                views.append(views[view & 1][::-1])
            else:
                seen = pixels[:, :, ::-1] if view & 1 else pixels
                seen = seen[::-1] if view & 2 else seen
                views.append(self._vectors(np.ascontiguousarray(seen)))
        return np.stack(views)

    def _vectors(self, pixels: NDArray[np.uint8]) -> Features:
        """[n, D] or [clips, steps, D] of one view."""
        parts = np.array_split(pixels, range(32, len(pixels), 32))
        ready = torch.cat([self.backbone.per_frame(part) for part in parts])
        vectors = self._of_clips(ready) if self.backbone.sees_clips else ready
        return vectors.cpu().numpy().astype(np.float16)

    def _of_clips(self, ready: Tensor) -> Tensor:
        ready = pad(ready, self.frames)
        starts = windows(len(ready), self.frames, _STARTS)
        clips = [ready[first : first + self.frames] for first in starts]
        groups = [clips[i : i + _TOGETHER] for i in range(0, len(clips), _TOGETHER)]
        return torch.cat([self.backbone.per_clip(torch.stack(group)) for group in groups])

    @property
    def _folder(self) -> Path:
        return self.settings.data_dir / "cache" / "features"

    @cached_property
    def _preprocessing(self) -> bytes:
        """What a video's vectors depend on beside its bytes."""
        number = "bfloat16" if precision.has_bfloat16() else "float32"
        length = f"clips of {self.frames}" if self.backbone.sees_clips else "frames"
        text = f"{number} {self.fps:g} fps {self.size} squashed {length} {self.views} views"
        digest = hashlib.sha256(f"{self.backbone.name} {text}".encode())
        for tensor in self.backbone.network.state_dict().values():
            digest.update(tensor.cpu().numpy().tobytes())
        return digest.digest()

    def _key(self, path: Path) -> str:
        digest = hashlib.sha256(self._preprocessing)
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
