"""Reads the layouts in which labelled videos come: a manifest, folders, UCF101 and HMDB51."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from har.errors import BadOption, ManifestError
from har.models.labels import VOCABULARY
from har.training.manifest import (
    Paths,
    Row,
    refuse_missing,
    refuse_repeated,
    refuse_straddling,
    with_folds,
)
from har.training.manifest import read as read_manifest

KINDS = ("manifest", "folders", "ucf101", "hmdb51")
SPLITS = (1, 2, 3)
"""The official splits of UCF101 and of HMDB51."""

Part = Literal["train", "test"]

_VIDEOS = {".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv"}


def read(
    kind: str,
    root: Path,
    *,
    manifest: Paths | None,
    split: int,
    part: Part | None,
    classes: str = "",
) -> list[Row]:
    """The labelled videos below ``root``, laid out as one of KINDS.

    ``manifest``
        The CSV file of that name, or each of several, lists them; see har.training.manifest.
    ``folders``
        Each folder holds the videos of the label that is its name, each a group of its own.
    ``ucf101``
        Soomro et al., 2012: ``UCF-101/<Class>/v_<Class>_gXX_cYY.avi`` and the lists in
        ``ucfTrainTestlist``. Videos of one class with the same gXX are a group.
    ``hmdb51``
        Kuehne et al., 2011: ``<class>/<film>_<class>_<properties>.avi`` and the lists in
        ``testTrainMulti_7030_splits``. Videos of the same film are a group. The
        official lists keep a film on one side within a class only; folds made here keep it
        together across the classes too.

    The last two have official splits: ``split`` is one of SPLITS, ``part`` the part of it to read,
    None for both. Elsewhere these two mean nothing. The lists may lie in the root, in their folder
    there or beside it, and the classes in the root or in the folder that their archive makes.
    Folds are made that keep groups together, unless a manifest has some.

    ``classes`` are the labels to read, comma-separated; videos of others need not be there, unless
    a manifest lists them. Without it all are read.

    Raises BadOption for a kind or a class that does not exist, ManifestError for what cannot be
    used.
    """
    if kind not in KINDS:
        raise BadOption(f"There is no layout '{kind}'. Choose one of {', '.join(KINDS)}.")
    if not root.is_dir():
        raise ManifestError("The root is not a folder. Name the one that the videos are below.")
    if kind == "manifest":
        if manifest is None:
            raise BadOption("Name the manifest: the CSV file that lists the labelled videos.")
        return _of_classes(read_manifest(manifest, root), classes)
    if kind == "folders":
        rows = _of_classes(_folders(root), classes)
    else:
        rows = _official(kind, root, split, part, classes)
    if len({row.label for row in rows}) < 2:
        raise ManifestError("Videos of two labels or more are needed.")
    return with_folds(rows)


@dataclass(frozen=True)
class _Listed:
    """A video in a list of an official split."""

    folder: str
    name: str
    part: Part
    label: str
    group: str


Labelled = TypeVar("Labelled", Row, _Listed)


def _of_classes(found: list[Labelled], classes: str) -> list[Labelled]:
    """Those of the labels that are named; all where none is. Raises BadOption."""
    names = classes.split(",") if classes.strip() else []
    asked = {VOCABULARY.label(name.strip()) for name in names}
    known = {one.label for one in found}
    if asked - known:
        raise BadOption(
            f"There is no class {', '.join(sorted(asked - known))}. "
            f"The classes are {', '.join(sorted(known))}."
        )
    return [one for one in found if one.label in asked] if asked else found


def _folders(root: Path) -> list[Row]:
    folders = sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not folders:
        raise ManifestError("The root holds no folders. Make one for each label, named like it.")
    return [row for folder in folders for row in _folder(folder)]


def _folder(folder: Path) -> list[Row]:
    names = sorted(p.name for p in folder.iterdir() if p.suffix.lower() in _VIDEOS and p.is_file())
    if not names:
        raise ManifestError(
            f"The folder {folder.name} holds no videos. Add some, or remove the folder."
        )
    files = [f"{folder.name}/{name}" for name in names]
    label = VOCABULARY.label(folder.name)
    return [Row(file, label, "unnamed", group=file, fold=None) for file in files]


def _official(kind: str, root: Path, split: int, part: Part | None, classes: str) -> list[Row]:
    if split not in SPLITS:
        raise ManifestError(f"There is no split {split}: the official ones are 1, 2 and 3.")
    listed = list(_ucf101(root, split) if kind == "ucf101" else _hmdb51(root, split))
    # Within a class: more than that HMDB51's lists do not promise.
    placed = [(video.name, f"{video.label}/{video.group}", video.part) for video in listed]
    refuse_straddling(placed, "list")
    listed = _of_classes(listed, classes)
    chosen = [video for video in listed if part in (None, video.part)]
    if not chosen:
        raise ManifestError(f"The lists of split {split} name no videos. Unpack them again.")
    below = _videos_below(root, chosen[0].folder)
    rows = [
        Row(f"{below}{v.folder}/{v.name}", v.label, kind.upper(), v.group, fold=None)
        for v in chosen
    ]
    refuse_repeated(rows)
    refuse_missing(rows, root)
    return rows


_UCF101_LINE = re.compile(r"(\w+)/(v_\w+_g(\d+)_c\d+\.avi)( \d+)?")


def _ucf101(root: Path, split: int) -> Iterator[_Listed]:
    parts: tuple[Part, ...] = ("train", "test")
    for part in parts:
        name = f"{part}list{split:02}.txt"
        path = _lists(root, "ucfTrainTestlist", name)[0]
        for number, line in _lines(path):
            found = _UCF101_LINE.fullmatch(line)
            if not found:
                raise ManifestError(
                    f"Line {number} of {name} is no path such as Biking/v_Biking_g01_c01.avi."
                )
            label, video, group = found[1], found[2], found[3]
            yield _Listed(label, video, part, VOCABULARY.label(label), f"{label}_g{group}")


_HMDB51_LINE = re.compile(r"([^/]+\.avi)\s+([012])")
_HMDB51_PARTS: dict[str, Part] = {"1": "train", "2": "test"}


def _hmdb51(root: Path, split: int) -> Iterator[_Listed]:
    ending = f"_test_split{split}.txt"
    for path in _lists(root, "testTrainMulti_7030_splits", f"*{ending}"):
        folder = path.name.removesuffix(ending)
        label = VOCABULARY.label("".join(word.capitalize() for word in folder.split("_")))
        for number, line in _lines(path):
            found = _HMDB51_LINE.fullmatch(line)
            if not found:
                raise ManifestError(
                    f"Line {number} of {path.name} is not a video's name and 0, 1 or 2."
                )
            if found[2] in _HMDB51_PARTS:
                part = _HMDB51_PARTS[found[2]]
                yield _Listed(folder, found[1], part, label, _film(found[1], folder))


def _film(name: str, action: str) -> str:
    """What stands before the action and the five properties and the number, as in
    ``American_History_X_sit_f_cm_np1_le_med_27.avi``; the whole name where that is not so."""
    found = re.fullmatch(
        rf"(.+)_{re.escape(action)}_[a-z]+_[a-z]+_np\d+_[a-z]+_[a-z]+_\d+", name[:-4]
    )
    return found[1] if found else name


def _lists(root: Path, folder: str, pattern: str) -> list[Path]:
    """The files of that pattern, in the first place that has any."""
    for place in (root / folder, root, root.parent / folder):
        if found := sorted(place.glob(pattern)):
            return found
    raise ManifestError(
        f"There is no {pattern} below the root. Unpack the official lists there, as {folder}."
    )


def _lines(path: Path) -> Iterable[tuple[int, str]]:
    """The lines that are not blank, with their numbers from 1."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path.name} cannot be read as text. Unpack it again.") from error
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return [(number, line) for number, line in lines if line]


def _videos_below(root: Path, folder: str) -> str:
    """What stands before a class's folder in the paths below the root."""
    for name in ("", "UCF-101/", "hmdb51_org/", "videos/"):
        if os.path.isdir(root / f"{name}{folder}"):
            return name
    raise ManifestError(
        f"There is no folder {folder} below the root. Unpack the videos there, a folder per class."
    )
