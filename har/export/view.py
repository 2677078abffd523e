"""Which part of a result is exported: the page's filter, as an address carries it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from har.errors import BadOption
from har.models.labels import MAX_LABEL_LENGTH, VOCABULARY
from har.options import parse_fraction
from har.types import UNKNOWN, Action, Source

Result = dict[str, Any]
"""What ``har.export.result.document`` makes."""

What = Literal["timeline", "segments"]

MEMBERS: dict[What, str] = {"timeline": "timeline", "segments": "segment_predictions"}
"""The member of a result that holds what a View wants."""


@dataclass(frozen=True)
class View:
    """A filter; without arguments, the whole timeline."""

    what: What = "timeline"
    """The timeline's actions, or the scored clips, which overlap."""
    minimum: float = 0.0
    """Confidence, 0..1, below which nothing is exported."""
    labels: frozenset[str] = frozenset()
    """The only ones wanted; all where empty."""
    sources: frozenset[str] = frozenset()
    """The only models wanted; all where empty."""
    model: str = ""
    """Of two that were compared, the one whose actions are wanted; the first where empty."""

    def holds(self, member: Mapping[str, Any]) -> bool:
        """Whether an action or a clip passes the filter."""
        return (
            member["confidence"] >= self.minimum
            and (not self.labels or member["label"] in self.labels)
            and (not self.sources or member["source"] in self.sources)
        )


def parse_view(query: Mapping[str, Sequence[str]]) -> View:
    """The view in a query's ``what``, ``min``, ``label``, ``source`` and ``model``, of which label
    and source may come several times.

    What is absent or empty leaves the default, except a label or a source. Other names are left
    alone, since the page's address has more in it. Raises BadOption.
    """
    return View(
        what=_what(_single(query, "what")),
        minimum=parse_fraction("min", _single(query, "min") or "0"),
        labels=frozenset(name for text in query.get("label", ()) for name in _label(text)),
        sources=frozenset(_source(text) for text in query.get("source", ())),
        model=_single(query, "model"),
    )


def wanted(result: Result, view: View) -> list[dict[str, Any]]:
    """The actions or clips of a result that pass the filter, in their order.

    Raises BadOption for a model that was not asked.
    """
    found = found_by(result, view.model)
    return [member for member in found[MEMBERS[view.what]] if view.holds(member)]


def found_by(result: Result, model: str) -> Result:
    """The part of a result that has what a model found; without a name, the first. Raises BadOption
    for a model that was not asked."""
    if not model:
        return result
    # Results of an earlier version name no model.
    parts = [part for part in (result, result.get("comparison")) if part]
    asked = {part["model"]: part for part in parts if "model" in part}
    if model not in asked:
        raise BadOption(f"model must be one that was asked here: {', '.join(asked)}.")
    return asked[model]


def actions(result: Result, view: View) -> list[Action]:
    """wanted(), as Actions."""
    return [
        Action(m["start"], m["end"], m["label"], m["confidence"], m["source"])
        for m in wanted(result, view)
    ]


def named_actions(result: Result, view: View) -> list[Action]:
    """actions() without Unknown, unless the view asks for it by its name."""
    keep = UNKNOWN in view.labels
    return [action for action in actions(result, view) if keep or action.label != UNKNOWN]


def _single(query: Mapping[str, Sequence[str]], name: str) -> str:
    values = query.get(name, ())
    if len(values) > 1:
        raise BadOption(f"{name} may be given once only.")
    return values[0] if values else ""


def _what(text: str) -> What:
    if text not in ("", *MEMBERS):
        raise BadOption("what must be timeline or segments.")
    return "segments" if text == "segments" else "timeline"


def _label(text: str) -> tuple[str, str]:
    """A label as it is asked for, and as the vocabulary has it: earlier results have others."""
    if not 1 <= len(text) <= MAX_LABEL_LENGTH:
        raise BadOption(
            f"label must have 1 to {MAX_LABEL_LENGTH} characters; for several labels give it "
            "several times."
        )
    return text, VOCABULARY.label(text)


def _source(text: str) -> str:
    if text not in get_args(Source):
        raise BadOption(f"source must be one of {', '.join(get_args(Source))}.")
    return text
