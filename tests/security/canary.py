"""A video that nobody may open: it has a picture and a text of its own, and is watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from inotify_simple import INotify, flags
from numpy.typing import NDArray

TEXT = "canary-5d1e9c"
COLOUR = (255, 0, 255)
NAME = "canary.ts"


def made(make_video: Callable[..., Path], folder: Path) -> Path:
    """A copy of the canary in a folder."""
    source = ("-f", "lavfi", "-i", "color=magenta:s=64x48:r=10:d=2")
    texts = ("-metadata", f"service_name={TEXT}", "-metadata", f"title={TEXT}")
    whole = make_video(NAME, *source, *texts, "-c:v", "libx264", "-preset", "ultrafast")
    path = folder / NAME
    path.write_bytes(whole.read_bytes())
    return path


class Watch:
    """Sees whether files are opened or read, by whom and under which name ever."""

    def __init__(self, notify: INotify) -> None:
        self._notify = notify

    def touched(self) -> bool:
        """Whether it has happened since the last question."""
        return bool(self._notify.read(timeout=0))


@contextmanager
def watching(*paths: Path) -> Iterator[Watch]:
    with INotify() as notify:
        for path in paths:
            notify.add_watch(path, flags.OPEN | flags.ACCESS)
        yield Watch(notify)


def shows(pixels: NDArray[np.uint8]) -> bool:
    """Whether pictures [n, height, width, 3] have the canary's colour anywhere."""
    return bool((np.abs(pixels.astype(int) - COLOUR).max(axis=-1) < 40).any())
