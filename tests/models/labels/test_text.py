"""Names of actions."""

from __future__ import annotations

from pathlib import Path

import pytest

from har.errors import BadLabels, ConfigError
from har.models.labels import UCF101, parse_labels, read_label_map, spaced


def test_ucf101_has_its_classes() -> None:
    assert len(set(UCF101)) == 101
    assert list(UCF101) == sorted(UCF101, key=str.lower)


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("SitDown", "Sitting down"),
        ("YoYo", "Playing with a yo-yo"),
        ("Archery", "Archery"),
        ("DogWagging", "Dog Wagging"),
        ("playing_with_kittens", "playing with kittens"),
        ("juggling three balls", "juggling three balls"),
    ],
)
def test_spaced(label: str, words: str) -> None:
    assert spaced(label) == words


def test_parse_labels_keeps_order_and_drops_repeats() -> None:
    assert parse_labels(" Surfing, wet kittens ,Surfing", 5) == ("Surfing", "wet kittens")


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("push up,PushUps,Push-ups", ("PushUps",)),
        ("playing tennis, TENNIS SWING", ("PlayingTennis", "TennisSwing")),
        ("Wet Kittens,wet kittens", ("Wet Kittens",)),
        ('"wet, cold kittens",Surfing', ("wet, cold kittens", "Surfing")),
        ('"say ""hello""", Surfing', ('say "hello"', "Surfing")),
        ("rock 'n' roll", ("rock 'n' roll",)),
    ],
)
def test_each_action_counts_once(text: str, labels: tuple[str, ...]) -> None:
    assert parse_labels(text, 5) == labels


def test_a_quote_that_is_not_closed_is_told() -> None:
    with pytest.raises(BadLabels, match="A quote is not closed"):
        parse_labels('"wet, kittens', 5)


@pytest.mark.parametrize("text", ["", " ", ",", "a,,b", "a,", "a" * 101, "a\x00b", "a\nb"])
def test_labels_that_cannot_be_used(text: str) -> None:
    with pytest.raises(BadLabels):
        parse_labels(text, 500)


def test_too_many_labels() -> None:
    text = ",".join(f"label {i}" for i in range(501))
    with pytest.raises(BadLabels, match="501"):
        parse_labels(text, 500)
    assert len(parse_labels(text, 501)) == 501


def test_label_map(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text('{"Fire": "a person who juggles fire"}')
    assert read_label_map(path) == {"Fire": "a person who juggles fire"}


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', "\xff"])
def test_label_map_that_cannot_be_used(content: str, tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigError):
        read_label_map(path)


def test_label_map_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        read_label_map(tmp_path / "none.json")
