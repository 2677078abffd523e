"""The vocabulary: every action once, with all the names that it goes by.

``actions.csv`` has a row for each action: its label in the style of UCF101, the words that people
read, its names in Kinetics-400, UCF101 and HMDB51, what else people call it, and the labels of its
near relations, which somebody could well accept for the same clip. Background is what a camera sees
while nobody does anything; it is never shown as an action.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from har.errors import ConfigError

DATASETS = ("kinetics400", "ucf101", "hmdb51")
FILE = Path(__file__).with_name("actions.csv")

_COLUMNS = ("label", "words", *DATASETS, "aliases", "near", "background")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An action and its names."""

    label: str
    words: str
    datasets: Mapping[str, str] = field(default_factory=dict)
    """Its name in each of DATASETS that has it."""
    aliases: tuple[str, ...] = ()
    near: frozenset[str] = frozenset()
    """Labels of its near relations."""
    background: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that leads to it, each once."""
        names = self.label, self.words, *self.datasets.values(), *self.aliases
        return tuple(dict.fromkeys(names))


class Vocabulary:
    """Entries by their names, whatever the case, spaces and signs that a name is written with."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Raises ConfigError where two entries claim a name, or one is near to a label that there
        is not."""
        self.entries = {entry.label: entry for entry in entries}
        self._labels: dict[str, str] = {}
        for entry in self.entries.values():
            self._add(entry)
        for entry in self.entries.values():
            if unknown := sorted(entry.near - self.entries.keys()):
                raise ConfigError(f"{entry.label} is near to {unknown[0]}, which is no label.")

    def _add(self, entry: Entry) -> None:
        for name in entry.names:
            claimed = self._labels.setdefault(_key(name), entry.label)
            if claimed != entry.label:
                raise ConfigError(f"Both {claimed} and {entry.label} are called '{name}'.")

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries.values())

    def find(self, name: str) -> Entry | None:
        """The entry that goes by a name, in the singular or the plural."""
        key = _key(name)
        for form in (key, key.removesuffix("s"), f"{key}s"):
            if label := self._labels.get(form):
                return self.entries[label]
        return None

    def label(self, name: str) -> str:
        """The label of the action that goes by a name; of an unknown one the name itself."""
        entry = self.find(name)
        return entry.label if entry else name

    def labels(self, names: Iterable[str]) -> tuple[str, ...]:
        """The labels of a network's names; the names themselves where two mean the same."""
        names = tuple(names)
        labels = tuple(map(self.label, names))
        return labels if len(set(labels)) == len(set(names)) else names

    def is_background(self, name: str) -> bool:
        """Whether a name means that nobody does anything."""
        entry = self.find(name)
        return entry is not None and entry.background

    def are_near(self, one: str, other: str) -> bool:
        """Whether two names mean near relations, or the same."""
        entry, label = self.find(one), self.label(other)
        return self.label(one) == label or (entry is not None and label in entry.near)

    def search(self, text: str) -> list[Entry]:
        """The entries with a name that contains a text, in their order."""
        key = _key(text)
        return [entry for entry in self if any(key in _key(name) for name in entry.names)]

    @cached_property
    def datasets(self) -> dict[str, tuple[str, ...]]:
        """The labels of each of DATASETS, in the order of its own names."""
        return {dataset: self._labels_of(dataset) for dataset in DATASETS}

    def _labels_of(self, dataset: str) -> tuple[str, ...]:
        # Kinetics' own order puts capitals where small letters would be.
        found = {e.datasets[dataset]: e.label for e in self if dataset in e.datasets}
        return tuple(found[name] for name in sorted(found, key=str.lower))


def read(path: Path) -> Vocabulary:
    """The vocabulary of a CSV file with the columns of ``actions.csv``.

    Raises ConfigError, with the line, for a file that is none, a label that comes twice, a name
    that two actions claim, and a near relation that there is not.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (OSError, ValueError, csv.Error):
        raise ConfigError(f"The labels of {path.name} cannot be read as CSV.") from None
    entries: dict[str, Entry] = {}
    for line, row in enumerate(rows, 2):
        if tuple(row) != _COLUMNS or None in row.values():
            raise ConfigError(f"{path.name}, line {line}: the columns are {','.join(_COLUMNS)}.")
        entry = _entry(row)
        if entry.label in entries:
            raise ConfigError(f"{path.name}, line {line}: the label {entry.label} comes twice.")
        entries[entry.label] = entry
    return Vocabulary(entries.values())


def _entry(row: Mapping[str, str]) -> Entry:
    return Entry(
        label=row["label"],
        words=row["words"],
        datasets={dataset: row[dataset] for dataset in DATASETS if row[dataset]},
        aliases=_parts(row["aliases"]),
        near=frozenset(_parts(row["near"])),
        background=row["background"] == "1",
    )


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|") if part.strip())


def _key(name: str) -> str:
    """What is left of a name without its case, spaces and signs."""
    return "".join(filter(str.isalnum, name.casefold()))


VOCABULARY = read(FILE)
