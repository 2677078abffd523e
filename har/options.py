"""Reads a request's options from text, for the web and the command line alike."""

from __future__ import annotations

import re
from collections.abc import Mapping

from config import Settings
from har.errors import BadOption
from har.models.labels import parse_labels
from har.types import Options

MAX_STRIDE = 16
"""Sampled frames; a longer stride would leave gaps between clips."""


def parse_options(form: Mapping[str, str], settings: Settings) -> Options:
    """The options in a form's fields ``labels``, ``stride``, ``threshold`` and ``annotate``.

    A field that is absent or empty leaves the default, except ``labels``: an empty list is an
    error. Raises BadOption and BadLabels.
    """
    labels = form.get("labels")
    return Options(
        labels=None if labels is None else parse_labels(labels, settings.max_labels),
        stride=_stride(form.get("stride", "")),
        threshold=_threshold(form.get("threshold", "")),
        annotate=_annotate(form.get("annotate", "")),
    )


def _stride(text: str) -> int | None:
    if not text:
        return None
    # Of a number of thousands of digits int() makes none.
    if not re.fullmatch("[0-9]{1,2}", text) or not 1 <= int(text) <= MAX_STRIDE:
        raise BadOption(f"stride must be a whole number of frames from 1 to {MAX_STRIDE}.")
    return int(text)


def _threshold(text: str) -> float | None:
    return parse_fraction("threshold", text) if text else None


def parse_fraction(name: str, text: str) -> float:
    """The number from 0 to 1 that an option or a parameter is. Raises BadOption."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise BadOption(f"{name} must be a number from 0 to 1.")
    return value


def _annotate(text: str) -> bool:
    if text not in ("", "0", "1"):
        raise BadOption("annotate must be 0 or 1.")
    return text != "0"
