"""Sentences as vectors: all-MiniLM-L6-v2, whose weights come inside a package."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har.models import npz
from har.models.zero_shot.latest import latest
from har.models.zero_shot.minilm import Encoder

_log = logging.getLogger(__name__)


class Sentences:
    """Embeds sentences, and remembers in a file those it has seen of late. Threads may share one.

    The file saves the seconds that loading the network takes to every process after the first.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._known = _read(cache)
        self._lock = threading.Lock()

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors [len(texts), 384]."""
        with self._lock:
            new = [text for text in dict.fromkeys(texts) if text not in self._known]
            if new:
                known = self._known | dict(zip(new, _encoder().vectors(new), strict=True))
                self._known = latest(known, texts)
                try:
                    self._write()
                except OSError as error:
                    # The file saves time, and nothing else needs it.
                    _log.warning("sentences are not kept: %s", error.strerror)
            return np.stack([self._known[text] for text in texts])

    def _write(self) -> None:
        texts, vectors = np.array(list(self._known)), np.stack(list(self._known.values()))
        npz.write(self._cache, texts=texts, vectors=vectors)


@cache
def _encoder() -> Encoder:
    return Encoder()


def _read(cache: Path) -> dict[str, NDArray[np.float32]]:
    if not cache.exists():
        return {}
    with np.load(cache) as stored:
        return dict(zip(stored["texts"].tolist(), stored["vectors"], strict=True))
