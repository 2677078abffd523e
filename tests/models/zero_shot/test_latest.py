"""What is remembered of texts."""

from __future__ import annotations

from har.models.zero_shot.latest import latest


def test_those_asked_for_last_are_kept() -> None:
    known = dict.fromkeys("abcd", 0)
    assert list(latest(known, "a", most=3)) == ["c", "d", "a"]
    assert list(latest(known, ["d", "d", "c"], most=9)) == ["a", "b", "d", "c"]


def test_those_asked_for_now_are_kept_however_many() -> None:
    assert list(latest(dict.fromkeys("abcd", 0), "abc", most=1)) == ["a", "b", "c"]
