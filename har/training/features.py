"""The backbone's vectors of a manifest's videos, computed once by the code that serves requests."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
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
from har.models import npz
from har.models.backbone import Backbone
from har.models.i3d import EARLY_FRAMES
from har.recognition.clips import pad, windows
from har.training.augmentation import Plan
from har.training.manifest import Row

_WORKERS = 2
"""Videos at work at once: one decodes while another is embedded."""

_STARTS = EARLY_FRAMES
"""Sampled frames between the clips that are kept of a video, where the backbone needs whole clips:
as many as a step of it stands for."""
_MOST = 2
"""Clips that are kept of a view of a video, where the backbone needs whole clips."""


@dataclass(frozen=True)
class Views:
    """A video as it is, and then as augmentation changes it."""

    vectors: NDArray[np.float16]
    """Shape [V, n, D] for n frames where the backbone sees each frame alone: any of them make a
    clip. [V, clips, steps, D] where it sees motion."""
    labels: tuple[str, ...]
    """What each of the views shows."""


@dataclass(frozen=True)
class Extractor:
    """Videos to vectors, through a cache keyed by content, backbone and preprocessing."""

    backbone: Backbone
    fps: float
    size: int
    """See Backbone.fit()."""
    frames: int
    """Sampled frames in a clip."""
    settings: Settings
    plan: Plan = field(default_factory=Plan)
    """What changes a video before clips are cut from it."""
    views: int = 1
    """How many views there are, the video as it is among them."""

    def all(self, root: Path, rows: Sequence[Row]) -> list[Views]:
        """The vectors of rows whose files are below ``root``, in their order.

        Raises ManifestError, with the file's name, for one that is no usable video.
        """
        pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="features")
        try:
            found = pool.map(lambda row: self._named(root, row), rows)
            return list(tqdm(found, "features", len(rows), unit="clip", leave=False, disable=None))
        finally:
            pool.shutdown(cancel_futures=True)

    def of(self, path: Path, label: str) -> Views:
        """The vectors of one video, which shows ``label``. Raises MediaError."""
        cached = self._folder / f"{self._key(path, label)}.npz"
        if cached.exists():
            return _read(cached)
        views = self._computed(path, label)
        npz.write(cached, vectors=views.vectors, labels=np.array(views.labels))
        return views

    def _named(self, root: Path, row: Row) -> Views:
        try:
            return self.of(root / row.file, row.label)
        except MediaError as error:
            raise ManifestError(f"{row.file} cannot be used: {error.detail}") from error

    def _computed(self, path: Path, label: str) -> Views:
        fit = self.backbone.fit(self.size)
        batches = frames(probe(path, self.settings), self.fps, fit, self.settings)
        pixels = np.concatenate([batch.pixels for batch in batches])
        shown = [(pixels, label)]
        content = zlib.crc32(path.read_bytes())
        for view in range(1, self.views):
            # The same whenever it is asked for, and other than another video's.
            rng = np.random.default_rng((view, content))
            shown.append(self.plan.before(pixels, label, rng))
        vectors = np.stack([self._vectors(np.ascontiguousarray(view)) for view, _ in shown])
        return Views(vectors, tuple(label for _, label in shown))

    def _vectors(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        """[n, D] or [clips, steps, D] of one view."""
        parts = np.array_split(pixels, range(32, len(pixels), 32))
        ready = torch.cat([self.backbone.per_frame(part) for part in parts])
        vectors = self._of_clips(ready) if self.backbone.sees_clips else ready
        return vectors.cpu().numpy().astype(np.float16)

    def _of_clips(self, ready: Tensor) -> Tensor:
        ready = pad(ready, self.frames)
        starts = windows(len(ready), self.frames, _STARTS)
        at = np.linspace(0, len(starts) - 1, min(_MOST, len(starts))).round().astype(int)
        clips = [ready[starts[i] : starts[i] + self.frames] for i in at]
        return torch.cat([self.backbone.per_clip(clip[None]) for clip in clips])

    @property
    def _folder(self) -> Path:
        return self.settings.data_dir / "cache" / "features"

    @cached_property
    def _preprocessing(self) -> bytes:
        """What a video's vectors depend on beside its bytes."""
        number = self.backbone.number_format
        length = f"clips of {self.frames}" if self.backbone.sees_clips else "frames"
        plan = f"{self.plan} {self.views} views"
        text = f"{number} {self.fps:g} fps {self.backbone.fit(self.size)} {length} {_MOST} {plan}"
        digest = hashlib.sha256(f"{self.backbone.name} {text}".encode())
        for tensor in self.backbone.network.state_dict().values():
            digest.update(tensor.cpu().numpy().tobytes())
        return digest.digest()

    def _key(self, path: Path, label: str) -> str:
        digest = hashlib.sha256(self._preprocessing + label.encode())
        digest.update(path.read_bytes())
        return digest.hexdigest()


def _read(path: Path) -> Views:
    with np.load(path, allow_pickle=False) as file:
        return Views(file["vectors"], tuple(file["labels"].tolist()))
