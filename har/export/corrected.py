"""A result with the labels that people gave to segments in place of the models' own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from har.export.result import retold


def corrected(result: dict[str, Any], corrections: Mapping[str, str]) -> dict[str, Any]:
    """The result document with the corrections in it.

    They are labels by the positions of segments, as text, of the first model where there are two.
    The timeline is merged anew, and where the models agree is found anew.
    """
    if not corrections:
        return result
    members = [
        _corrected(member, corrections[str(i)]) if str(i) in corrections else member
        for i, member in enumerate(result["segment_predictions"])
    ]
    return retold(result, members)


def _corrected(member: dict[str, Any], label: str) -> dict[str, Any]:
    said = {key: member[key] for key in ("label", "confidence", "source")}
    return {**member, "label": label, "confidence": 1.0, "source": "person", "corrected": said}
