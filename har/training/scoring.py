"""What models say of labelled videos, through the code that serves requests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from config import Settings
from har.errors import BadOption, CheckpointError, ManifestError, MediaError
from har.media.probe import probe
from har.recognition.recognizer import Recognizer
from har.training import manifest
from har.training.manifest import Row
from har.training.metrics import Floats, Integers
from har.types import UNKNOWN, VideoFacts

_WORKERS = 3
"""Videos at work at once: some are opened and decoded while another is scored."""


@dataclass(frozen=True)
class Video:
    """A labelled video and where it lies."""

    row: Row
    path: Path


def videos_of(rows: Iterable[Row], root: Path) -> list[Video]:
    """The videos of rows whose files are below ``root``."""
    return [Video(row, root / row.file) for row in rows]


def videos_in(folder: Path) -> list[Video]:
    """The videos of a folder, of actions that no model knows, each a group of its own.

    Raises BadOption where there are none.
    """
    if not folder.is_dir():
        raise BadOption(f"{folder.name} is not a folder of videos.")
    paths = sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    if not paths:
        raise BadOption(f"The folder {folder.name} has no videos.")
    named = [(f"{path.absolute().parent.name}/{path.name}", path) for path in paths]
    return [Video(Row(name, UNKNOWN, "unknown", name, None), path) for name, path in named]


def facts(video: Video, settings: Settings) -> VideoFacts:
    """What a video's container says. Raises ManifestError with the name of an unusable file."""
    try:
        return probe(video.path, settings)
    except MediaError as error:
        raise ManifestError(f"{video.row.file} cannot be used: {error.detail}") from error


def clip_logits(
    recognizer: Recognizer,
    videos: Sequence[Video],
    settings: Settings,
    shuffle: int | None,
    bar: tqdm[None],
) -> list[Floats]:
    """Each video's logits [clips, labels], of the clips that requests are cut into.

    With ``shuffle``, a seed, the sampled frames of each clip are in random order. Raises
    ManifestError with the name of a file that cannot be used.
    """
    pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="scoring")
    try:
        found = []
        for logits in pool.map(lambda v: _logits_of(recognizer, v, settings, shuffle), videos):
            found.append(logits)
            bar.update()
        return found
    finally:
        pool.shutdown(cancel_futures=True)


def _logits_of(
    recognizer: Recognizer, video: Video, settings: Settings, shuffle: int | None
) -> Floats:
    known = facts(video, settings)
    try:
        return recognizer.clip_logits(known, shuffle)
    except MediaError as error:
        raise ManifestError(f"{video.row.file} cannot be used: {error.detail}") from error


@dataclass(frozen=True)
class HeldBack:
    """What the models of a run say of videos of groups that they have not seen."""

    run: str
    """The name of the run's folder."""
    rows: tuple[Row, ...]
    labels: tuple[str, ...]
    folds: Integers
    """Shape [videos]: the fold that each was held back in."""
    logits: tuple[Floats, ...]
    """Each [clips, labels]."""

    @property
    def truth(self) -> Integers:
        """Shape [videos]: the index of each label, -1 for another action."""
        return truth_of(self.rows, self.labels)


def truth_of(rows: Iterable[Row], labels: Sequence[str]) -> Integers:
    """The index of each row's label, -1 for one that is not among ``labels``."""
    index = {label: i for i, label in enumerate(labels)}
    return np.array([index.get(row.label, -1) for row in rows])


def held_back(
    run: Path, videos: Sequence[Video], settings: Settings, shuffle: int | None = None
) -> HeldBack:
    """Score each video with ``run/fold-K.safetensors``, where K is the fold that holds it back.

    A video of another action without a group that is known is held back in one fold or another.
    Raises CheckpointError for a run that lacks a fold or whose models have different labels, and
    ManifestError for a file that cannot be used.
    """
    folds = np.array(manifest.held_back([video.row for video in videos]))
    logits: dict[int, Floats] = {}
    labels: set[tuple[str, ...]] = set()
    title = f"scoring {run.name}" + (", frames shuffled" if shuffle is not None else "")
    with tqdm(desc=title, total=len(videos), unit="video", leave=False, disable=None) as bar:
        for fold in np.unique(folds):
            recognizer = Recognizer.load(settings, fold_path(run, int(fold)))
            labels.add(recognizer.model.labels)
            inside = np.flatnonzero(folds == fold).tolist()
            scores = clip_logits(recognizer, [videos[i] for i in inside], settings, shuffle, bar)
            logits |= dict(zip(inside, scores, strict=True))
    if len(labels) > 1:
        raise CheckpointError(f"The models of the run {run.name} have different labels.")
    return HeldBack(
        run=run.name,
        rows=tuple(video.row for video in videos),
        labels=labels.pop(),
        folds=folds,
        logits=tuple(logits[i] for i in range(len(videos))),
    )


def fold_path(run: Path, fold: int) -> Path:
    """The checkpoint of a run that was trained without a fold. Raises CheckpointError."""
    path = run / f"fold-{fold}.safetensors"
    if not path.is_file():
        raise CheckpointError(
            f"The run {run.name} has no {path.name}. Train it with this manifest, to its end."
        )
    return path
