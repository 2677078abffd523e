"""A table of comma-separated values (RFC 4180), for spreadsheets and data frames."""

from __future__ import annotations

import csv
import io
from typing import Any

from har.captions import visible
from har.export.view import Result, View, wanted

_ACTION = ("start", "end", "label", "confidence", "source")
_CLIP = (*_ACTION, "reason", "trained_label", "trained_confidence")

_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet takes for the beginning of a formula, wide forms included."""


def write(result: Result, view: View) -> str:
    """A header, and a row for each action or clip, with times on the video's own clock.

    A text that a spreadsheet would run as a formula has an apostrophe before it.
    """
    columns = _ACTION if view.what == "timeline" else _CLIP
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(columns)
    for member in wanted(result, view):
        row = {**member, **_trained(member)}
        table.writerow(_cell(row[column]) for column in columns)
    return text.getvalue()


def _trained(member: dict[str, Any]) -> dict[str, Any]:
    """What the trained model had said, where it is not the label."""
    trained = member.get("trained", {})
    return {f"trained_{name}": trained.get(name) for name in ("label", "confidence")}


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = visible(value)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
