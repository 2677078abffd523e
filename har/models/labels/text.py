"""Labels as people write them, and as they read them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable
from pathlib import Path

from har.errors import BadLabels, ConfigError
from har.models.labels.vocabulary import VOCABULARY

MAX_LABEL_LENGTH = 100

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def spaced(label: str) -> str:
    """A label as people read it: ``SitDown`` is "Sitting down"; one that the vocabulary does not
    have keeps its words, ``DogWagging`` as "Dog Wagging"."""
    entry = VOCABULARY.entries.get(label)
    if entry:
        return entry.words
    return label if " " in label else _WORD_START.sub(" ", label.replace("_", " "))


def parse_labels(text: str, most: int) -> tuple[str, ...]:
    """The labels of a comma-separated list, in order, each action once.

    A name of the vocabulary becomes its label; of others, those that differ in case alone count
    once. Quotes keep a comma, as in CSV: ``"wash, rinse and repeat",cooking``. Raises BadLabels for
    an empty list or name, for more than ``most``, and for names that are too long or hold control
    characters.
    """
    names = [part.strip() for part in _parts(text)]
    if "" in names:
        raise BadLabels("A label is empty. Separate labels with single commas: Juggling,Surfing.")
    if not all(is_label(name) for name in names):
        raise BadLabels(f"Labels are printable text of at most {MAX_LABEL_LENGTH} characters each.")
    labels = each_once(names)
    if len(labels) > most:
        raise BadLabels(f"There are {len(labels)} labels; {most} are allowed.")
    return labels


def each_once(names: Iterable[str]) -> tuple[str, ...]:
    """The labels that some names mean, the first of those that mean the same."""
    labels: dict[str, str] = {}
    for label in map(VOCABULARY.label, names):
        labels.setdefault(label.casefold(), label)
    return tuple(labels.values())


def _parts(text: str) -> list[str]:
    if not text.isprintable():
        raise BadLabels("Labels are printable text, in one line.")
    try:
        [row] = csv.reader([text], skipinitialspace=True, strict=True)
    except csv.Error:
        raise BadLabels('A quote is not closed. Write "one, two",three.') from None
    return row or [""]


def read_label_map(path: Path) -> dict[str, str]:
    """Labels and the sentences that describe them, from an ``extended_label_map.json``.

    Raises ConfigError for anything but a JSON object of printable texts, with names as
    parse_labels() takes them.
    """
    try:
        entries = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        raise ConfigError("The file that HAR_LABEL_MAP names cannot be read as JSON.") from None
    if not isinstance(entries, dict) or not all(
        is_label(name) and isinstance(text, str) and text.isprintable()
        for name, text in entries.items()
    ):
        raise ConfigError('The label map must look like {"Label": "a sentence", ...}.')
    return entries


def is_label(text: str) -> bool:
    """Whether a text can be a label: printable, not too long, with no space around it."""
    return 1 <= len(text.strip()) == len(text) <= MAX_LABEL_LENGTH and text.isprintable()
