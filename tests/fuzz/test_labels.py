"""Whatever is sent as labels, or lies in a label map, is used as it is or refused by its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from har.errors import BadLabels, ConfigError
from har.models.labels import MAX_LABEL_LENGTH, parse_labels, read_label_map, spaced
from tests.fuzz.inputs import JSON, LABELS

MOST = 5
NESTED = b"[" * 100_000


@given(st.text() | st.lists(st.text(max_size=8), max_size=MOST + 2).map(",".join))
@example("a,\nb")
@example("x" * MAX_LABEL_LENGTH + ",y")
def test_labels_are_usable_or_refused(text: str) -> None:
    try:
        labels = parse_labels(text, MOST)
    except BadLabels:
        return
    assert 1 <= len(labels) == len(set(labels)) <= MOST
    for label in labels:
        assert label == label.strip()
        assert label.isprintable()
        assert 1 <= len(label) <= MAX_LABEL_LENGTH
    assert labels == parse_labels(",".join(labels), MOST)
    assert all(part.strip() in labels for part in text.split(","))


@given(st.lists(LABELS, min_size=1, max_size=MOST), st.sampled_from([",", " ,", ", ", " , "]))
def test_good_labels_are_all_taken_in_their_order(labels: list[str], comma: str) -> None:
    assert parse_labels(comma.join(labels), MOST) == tuple(dict.fromkeys(labels))


@given(st.text() | st.from_regex(r"[A-Z][a-z]+([A-Z][a-z]+)*", fullmatch=True))
def test_spaced_changes_nothing_but_spaces(label: str) -> None:
    def bare(text: str) -> str:
        return text.replace(" ", "").replace("_", "")

    assert bare(spaced(label)) == bare(label)


@given(st.dictionaries(LABELS | st.text(), st.text() | JSON, max_size=3))
def test_a_label_map_is_read_as_it_is_or_refused(
    tmp_path_factory: Any, entries: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "map.json"
    path.write_text(json.dumps(entries), "utf-8")
    sound = all(is_sound(label, sentence) for label, sentence in entries.items())
    try:
        assert read_label_map(path) == entries
        assert sound
    except ConfigError:
        assert not sound


def is_sound(label: str, sentence: object) -> bool:
    """Whether an entry of a label map can be shown, and embedded."""
    return (
        isinstance(sentence, str)
        and sentence.isprintable()
        and label.isprintable()
        and 1 <= len(label) <= MAX_LABEL_LENGTH
        and label == label.strip()
    )


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
@example(NESTED)
@example(b"9" * 10_000)
@example(b'{"a": "\\ud800"}')
def test_a_file_that_is_no_label_map_is_refused(tmp_path_factory: Any, content: bytes) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(content)
    try:
        entries = read_label_map(path)
    except ConfigError:
        return
    assert all(is_sound(label, sentence) for label, sentence in entries.items())
