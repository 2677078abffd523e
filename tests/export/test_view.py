"""Which part of a result is exported."""

from __future__ import annotations

import pytest

from har.errors import BadOption
from har.export.view import View, actions, named_actions, parse_view
from tests.export.results import action, clip, result

RESULT = result(
    action(0, 4, "Walk", 0.6),
    action(4, 6, "Unknown", 0.3, "clip"),
    action(6, 9, "Yoga", 0.599, "clip"),
    action(9, 12, "Walk", 0.8, "semantic"),
    clips=(clip(0, "Walk"), clip(1, "Yoga")),
)


def starts(**view: object) -> list[float]:
    return [a.start for a in actions(RESULT, View(**view))]  # type: ignore[arg-type]


def test_filters() -> None:
    assert starts() == [0, 4, 6, 9]
    assert starts(what="segments") == [0, 1]
    assert starts(minimum=0.6) == [0, 9], "the least is enough"
    assert starts(labels=frozenset(["Walk", "Unknown"])) == [0, 4, 9]
    assert starts(sources=frozenset(["clip", "semantic"])) == [4, 6, 9]
    assert starts(minimum=0.7, labels=frozenset(["Yoga"])) == []


def test_unknown_is_left_out_unless_asked_for() -> None:
    assert [a.start for a in named_actions(RESULT, View())] == [0, 6, 9]
    asked = View(labels=frozenset(["Unknown"]))
    assert [a.label for a in named_actions(RESULT, asked)] == ["Unknown"]


def test_parses_a_query() -> None:
    query = {
        "what": ["segments"],
        "min": ["0.6"],
        "label": ["Walk", "Tai Chi", "Walk"],
        "source": ["bilstm", "clip"],
        "t": ["83.2"],
    }
    labels, sources = frozenset(["Walk", "Tai Chi", "TaiChi"]), frozenset(["bilstm", "clip"])
    assert parse_view(query) == View("segments", 0.6, labels, sources)


@pytest.mark.parametrize("query", [{}, {"what": [""], "min": [""]}, {"what": ["timeline"]}])
def test_everything_without_a_filter(query: dict[str, list[str]]) -> None:
    assert parse_view(query) == View()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("what", ["clips"]),
        ("what", ["timeline", "segments"]),
        ("min", ["-0.1"]),
        ("min", ["1.1"]),
        ("min", ["nan"]),
        ("min", ["much"]),
        ("min", ["0.1", "0.2"]),
        ("label", [""]),
        ("label", ["a" * 101]),
        ("source", ["Bilstm"]),
        ("source", [""]),
        ("model", ["bilstm", "r3d_18"]),
    ],
)
def test_refuses_nonsense(name: str, values: list[str]) -> None:
    with pytest.raises(BadOption) as refused:
        parse_view({name: values})
    assert refused.value.detail.startswith(name)
    assert refused.value.detail.endswith(".")
