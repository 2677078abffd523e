"""Reads a manifest: the list of labelled videos, and the folds that split them."""

from __future__ import annotations

import csv
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from har.errors import ManifestError
from har.models.labels import VOCABULARY

FOLDS = 4
"""Folds that are made where a manifest has none."""


UNNAMED = "unnamed"
"""The source of a row that names none."""

Paths = Path | Sequence[Path]
"""A manifest, or several that are read as one."""


@dataclass(frozen=True)
class Row:
    """A labelled video."""

    file: str
    """Its path below the manifest's root."""
    label: str
    source: str
    """Where it comes from, for numbers per source."""
    group: str
    """Joins videos of the same people, scene or footage; never on both sides of a split."""
    fold: int | None
    """None: an example of an action that is not to be learnt, or of people of several folds; see
    trained_on()."""
    accept: tuple[str, ...] = ()
    """Labels that are right for it as well."""

    @property
    def right(self) -> frozenset[str]:
        """Every label that is right for it."""
        return frozenset((self.label, *self.accept))

    @property
    def is_background(self) -> bool:
        """Whether nothing is done in it."""
        return VOCABULARY.is_background(self.label)


def read(paths: Paths, root: Path) -> list[Row]:
    """The rows of CSV files with the columns ``file,label`` and perhaps ``source,group,fold`` and
    ``accept``: further names that are right for the video, separated by ``|``.

    Where there is a column ``dataset``, it is the source. A video without a group is a group of its
    own; where no file has a column ``fold``, folds are made that keep groups together. Raises
    ManifestError, with the names of the files at fault.
    """
    rows, has_folds = [], False
    for path in [paths] if isinstance(paths, Path) else paths:
        found, with_fold = _parsed(path)
        rows += found
        has_folds = has_folds or with_fold
    refuse_repeated(rows)
    refuse_missing(rows, root)
    if not has_folds:
        return with_folds(rows)
    refuse_straddling([(row.file, row.group, row.fold) for row in known(rows)], "fold")
    _refuse_half_known(rows)
    return rows


def known(rows: Iterable[Row]) -> list[Row]:
    """The rows to learn from: those with a fold."""
    return [row for row in rows if row.fold is not None]


def with_folds(rows: Sequence[Row], folds: int = FOLDS) -> list[Row]:
    """The rows with folds of our own: each group, the largest first, goes where its labels are
    rarest."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.group].append(row)
    held: list[Counter[str]] = [Counter() for _ in range(folds)]
    chosen = {}
    for group, members in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        labels = {row.label for row in members}
        fold = min(
            range(folds), key=lambda f: (sum(held[f][label] for label in labels), held[f].total())
        )
        held[fold].update(row.label for row in members)
        chosen[group] = fold
    return [replace(row, fold=chosen[row.group]) for row in rows]


def trained_on(rows: Sequence[Row], fold: int) -> list[bool]:
    """For each row whether the model that holds back a fold is trained on it.

    It is not trained on the rows of the fold, nor on others of their groups. A group without a
    fold, though labels of it are learnt, shows people of its whole source: it is trained on where
    nothing of that source is held back. Other groups without a fold take turns.
    """
    return [fold not in folds for folds in folds_without(rows)]


def held_back(rows: Sequence[Row]) -> list[int]:
    """For each row a fold in which it is not trained on, the lowest; see trained_on()."""
    return [min(folds) for folds in folds_without(rows)]


def measurable(rows: Sequence[Row]) -> list[bool]:
    """For each row whether a model has seen none of its people: of a group that shows people of
    several folds, every fold's model has seen some."""
    return [len(folds) == 1 for folds in folds_without(rows)]


def folds_without(rows: Sequence[Row]) -> list[frozenset[int]]:
    """For each row the folds in which it is not trained on; see trained_on()."""
    of_group: dict[str, set[int]] = defaultdict(set)
    of_source: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        if row.fold is not None:
            of_group[row.group].add(row.fold)
            of_source[row.source].add(row.fold)
    folds = sorted(set().union(*of_group.values()))
    learnt = {row.label for row in known(rows)}
    others = [row for row in rows if row.group not in of_group]
    for row in others:
        if row.label in learnt:
            of_group[row.group] |= of_source.get(row.source, set())
    groups = sorted(group for group in {row.group for row in others} if not of_group[group])
    for turn, group in enumerate(groups):
        of_group[group] = {folds[turn % len(folds)]}
    return [frozenset(of_group[row.group] if row.fold is None else {row.fold}) for row in rows]


def refuse_repeated(rows: Sequence[Row]) -> None:
    """Raise ManifestError for files that are listed more than once."""
    counts = Counter(row.file for row in rows)
    _refuse([file for file, count in counts.items() if count > 1], "listed more than once")


def refuse_missing(rows: Sequence[Row], root: Path) -> None:
    """Raise ManifestError for files that are not there, or not below the root."""
    _refuse([row.file for row in rows if not _is_below(root, row.file)], "not below the root")


def _is_below(root: Path, file: str) -> bool:
    leads_out = Path(file).is_absolute() or ".." in Path(file).parts
    # Unlike Path's, this takes a name that no file can have for one that is not there.
    return not leads_out and os.path.isfile(root / file)


def refuse_straddling(placed: Sequence[tuple[str, str, object]], side: str) -> None:
    """Raise ManifestError for files of groups that are on two sides of a split or more.

    ``placed`` holds each file with its group and where it is: in which "fold", in which "list".
    """
    sides = defaultdict(set)
    for _, group, place in placed:
        sides[group].add(place)
    straddling = dict.fromkeys(file for file, group, _ in placed if len(sides[group]) > 1)
    _refuse(list(straddling), f"of a group that has videos in more than one {side}")


def _parsed(path: Path) -> tuple[list[Row], bool]:
    """The rows of a file, and whether it has a column ``fold``."""
    try:
        # Spreadsheets begin UTF-8 with a mark.
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = set(reader.fieldnames or ())
            missing = {"file", "label"} - columns
            if missing:
                raise ManifestError(
                    f"{path.name} lacks the column {' and '.join(sorted(missing))}."
                )
            rows = [_row(f"Line {reader.line_num} of {path.name}", cells) for cells in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{path.name} cannot be read as a CSV file.") from error
    if not rows:
        raise ManifestError(f"{path.name} lists no videos.")
    return rows, "fold" in columns


def _row(line: str, cells: dict[str, str | None]) -> Row:
    text = {name: (value or "").strip() for name, value in cells.items() if isinstance(name, str)}
    if not text["file"] or not text["label"]:
        raise ManifestError(f"{line} has no file or no label.")
    fold = text.get("fold", "")
    if fold and not re.fullmatch("[0-9]{1,9}", fold):
        raise ManifestError(f"{text['file']} has the fold '{fold}'; folds are whole numbers.")
    return Row(
        file=text["file"],
        label=VOCABULARY.label(text["label"]),
        source=text.get("dataset") or text.get("source") or UNNAMED,
        group=text.get("group") or text["file"],
        fold=int(fold) if fold else None,
        accept=_accepted(text["file"], text.get("accept", "")),
    )


def _accepted(file: str, text: str) -> tuple[str, ...]:
    """The labels of names that are separated by ``|``, each once."""
    names = [name.strip() for name in text.split("|") if name.strip()]
    unknown = [name for name in names if VOCABULARY.find(name) is None]
    if unknown:
        raise ManifestError(
            f"{file} accepts '{unknown[0]}', which is no action of the vocabulary; `har labels` "
            "lists them."
        )
    return tuple(dict.fromkeys(map(VOCABULARY.label, names)))


def _refuse_half_known(rows: Sequence[Row]) -> None:
    """Raise ManifestError for rows without a fold whose label is learnt, though nothing tells whose
    people they show: neither their group nor a source."""
    labels = {row.label for row in known(rows)}
    groups = {row.group for row in known(rows)}
    half = [
        row.file
        for row in rows
        if row.fold is None
        and row.label in labels
        and row.group not in groups
        and row.source == UNNAMED
    ]
    _refuse(half, "without a fold or a source, though others of the label have a fold")


def _refuse(files: Sequence[str], why: str) -> None:
    if files:
        more = f" and {len(files) - 5} more" if len(files) > 5 else ""
        raise ManifestError(f"{', '.join(files[:5])}{more}: {why}.")
