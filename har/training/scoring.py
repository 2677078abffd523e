"""What models say of labelled videos, through the code that serves requests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from config import Settings
from har.errors import BadOption, CheckpointError, ManifestError, MediaError
from har.media.probe import probe
from har.models import registry
from har.models.checkpoint import Checkpoint
from har.models.labels import VOCABULARY
from har.recognition import timeline
from har.recognition.recognizer import Recognizer
from har.training import manifest
from har.training.calibration import Scored
from har.training.manifest import Row
from har.training.metrics import Booleans, Floats, Integers
from har.types import UNKNOWN, Action, VideoFacts

_FOUND = 0.5
"""What rows with ``accept`` weigh together, as a share of all others."""
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
        raise _refused(video, error) from error


def _refused(video: Video, error: MediaError) -> ManifestError:
    return ManifestError(f"{video.row.file} cannot be used: {error.detail}")


@dataclass(frozen=True)
class Scores:
    """What a model says of a video."""

    logits: Floats
    """Shape [clips, labels], of the clips that requests are cut into; of a model that is held back,
    its evidence [clips, E]."""
    seconds: Floats
    """Shape [clips]: for how long each of them is what the timeline tells."""


@dataclass(frozen=True)
class Unusable:
    """A video that cannot be opened, and why."""

    row: Row
    why: str


def score(
    recognizer: Recognizer,
    videos: Sequence[Video],
    settings: Settings,
    shuffle: int | None,
    bar: tqdm[None],
    evidence: bool = False,
) -> list[Scores | Unusable]:
    """What a model says of each video, through the code that serves requests; or the ``evidence``
    that it makes its logits of.

    With ``shuffle``, a seed, the sampled frames of each clip are in random order. Raises
    ManifestError with the name of a file that cannot be used, unless its row has ``accept``: a set
    that measures what people send counts it as a failure.
    """
    pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="scoring")
    try:
        found = []
        one = partial(_scores_of, recognizer, settings, shuffle, evidence)
        for scores in pool.map(one, videos):
            found.append(scores)
            bar.update()
        return found
    finally:
        pool.shutdown(cancel_futures=True)


def _scores_of(
    recognizer: Recognizer, settings: Settings, shuffle: int | None, evidence: bool, video: Video
) -> Scores | Unusable:
    of_clips = recognizer.clip_evidence if evidence else recognizer.clip_logits
    try:
        known = probe(video.path, settings)
        logits = of_clips(known, shuffle)
    except MediaError as error:
        if not video.row.accept:
            raise _refused(video, error) from error
        return Unusable(video.row, error.detail)
    return Scores(logits, _seconds(recognizer, known, len(logits)))


def _seconds(recognizer: Recognizer, video: VideoFacts, count: int) -> Floats:
    """For how long each of a video's clips, ``count`` of them, is what its timeline tells."""
    model = recognizer.model
    stride, length = model.stride / model.fps, model.frames / model.fps
    starts = [i * stride for i in range(count - 1)] + [max(0.0, video.duration - length)]
    clips = [Action(s, min(s + length, video.duration), "", 1, model.source) for s in starts]
    owned = timeline.owned(clips, 0.0, video.duration)
    return np.array([clip.end - clip.start for clip in owned])


def longest(names: Sequence[str], seconds: Floats) -> str:
    """The name [clips] that holds for most of the seconds [clips]; the first of equals."""
    total: dict[str, float] = {}
    for name, length in zip(names, seconds.tolist(), strict=True):
        total[name] = total.get(name, 0.0) + length
    return max(total, key=lambda name: total[name])


def named(labels: Sequence[str], probabilities: Floats, threshold: float) -> list[str]:
    """The most probable label of each clip [clips, labels], UNKNOWN below the threshold."""
    best = zip(probabilities.argmax(axis=1), probabilities.max(axis=1), strict=True)
    return [labels[i] if confidence >= threshold else UNKNOWN for i, confidence in best]


@dataclass(frozen=True)
class HeldBack:
    """What the models of a run say of videos of groups that they have not seen."""

    run: str
    """The name of the run's folder."""
    rows: tuple[Row, ...]
    labels: tuple[str, ...]
    learnt: tuple[str, ...] | None
    """The labels of the head, where it is joined to Kinetics' classifier."""
    folds: Integers
    """Shape [videos]: the fold that each was held back in."""
    scores: tuple[Scores, ...]
    unusable: tuple[Unusable, ...]
    """Videos that could not be opened; they are not among the rows."""

    @property
    def accepted(self) -> Booleans:
        """Shape [videos, labels]: see accepted_of()."""
        return accepted_of(self.rows, self.labels)

    @property
    def scored(self) -> Scored:
        """The logits, and what is right."""
        return Scored(
            clips=[scores.logits for scores in self.scores],
            accepted=self.accepted,
            background=background_of(self.labels),
            groups=[row.group for row in self.rows],
            weights=_weights(self.rows),
            learnt=self.learnt,
        )


def _weights(rows: Sequence[Row]) -> Floats:
    """How much rows count in a calibration, [rows].

    Those with ``accept`` are as people find videos: few, and together they count as much as half
    of the others, which show few actions.
    """
    found = np.array([bool(row.accept) for row in rows])
    if not found.any() or found.all():
        return np.ones(len(rows))
    return np.where(found, _FOUND * (~found).sum() / found.sum(), 1.0)


def accepted_of(rows: Sequence[Row], labels: Sequence[str]) -> Booleans:
    """Which labels are right for each row, [rows, labels]; none for another action.

    For a row of which nothing is done, they are all that are background.
    """
    background = background_of(labels)
    index = {label: i for i, label in enumerate(labels)}
    found = np.zeros((len(rows), len(labels)), bool)
    for accepted, row in zip(found, rows, strict=True):
        accepted[[index[label] for label in row.right & index.keys()]] = True
        if row.is_background:
            accepted |= background
    return found


def background_of(labels: Sequence[str]) -> Booleans:
    """Which labels mean that nothing is done, [labels]."""
    return np.array([VOCABULARY.is_background(label) for label in labels])


def held_back(
    run: Path, videos: Sequence[Video], settings: Settings, shuffle: int | None = None
) -> HeldBack:
    """Score each video with ``run/fold-K.safetensors``, where K is the fold that holds it back.

    A video of another action without a group that is known is held back in one fold or another;
    videos of whose people every fold's model has seen some are left out. Raises CheckpointError for
    a run that lacks a fold or whose models have different labels, and ManifestError for a file that
    cannot be used.
    """
    rows = [video.row for video in videos]
    at = np.flatnonzero(manifest.measurable(rows)).tolist()
    folds = np.array(manifest.held_back(rows))[at]
    videos = [videos[i] for i in at]
    found: dict[int, Scores | Unusable] = {}
    labels: set[tuple[str, ...]] = set()
    learnt: tuple[str, ...] | None = None
    title = f"scoring {run.name}" + (", frames shuffled" if shuffle is not None else "")
    with tqdm(desc=title, total=len(videos), unit="video", leave=False, disable=None) as bar:
        for fold in np.unique(folds):
            model = registry.read(fold_path(run, int(fold)))
            recognizer = Recognizer(model.at_work(run.name), settings)
            labels.add(model.labels)
            learnt = model.learnt if isinstance(model, Checkpoint) and model.gate else None
            inside = np.flatnonzero(folds == fold).tolist()
            scores = score(
                recognizer, [videos[i] for i in inside], settings, shuffle, bar, evidence=True
            )
            found |= dict(zip(inside, scores, strict=True))
    if len(labels) > 1:
        raise CheckpointError(f"The models of the run {run.name} have different labels.")
    usable = {i: scores for i, scores in sorted(found.items()) if isinstance(scores, Scores)}
    return HeldBack(
        run=run.name,
        rows=tuple(videos[i].row for i in usable),
        labels=labels.pop(),
        learnt=learnt,
        folds=folds[list(usable)],
        scores=tuple(usable.values()),
        unusable=tuple(one for one in found.values() if isinstance(one, Unusable)),
    )


def fold_path(run: Path, fold: int) -> Path:
    """The checkpoint of a run that was trained without a fold. Raises CheckpointError."""
    path = run / f"fold-{fold}.safetensors"
    if not path.is_file():
        raise CheckpointError(
            f"The run {run.name} has no {path.name}. Train it with this manifest, to its end."
        )
    return path
