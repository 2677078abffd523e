"""Reads a request's options from text, for the web and the command line alike."""

from __future__ import annotations

import re
from collections.abc import Mapping

from config import Settings
from har.errors import BadLabels, BadOption
from har.models.labels import MAX_LABEL_LENGTH, VOCABULARY, is_label, parse_labels
from har.models.registry import NAMES, is_hub_name
from har.types import Options

MAX_STRIDE = 32
"""Sampled frames; a longer stride would leave gaps between clips."""
MOST_MODELS = 2


def parse_options(form: Mapping[str, str], settings: Settings) -> Options:
    """The options in a form's fields ``labels``, ``stride``, ``threshold``, ``annotate`` and
    ``model`` or ``models``.

    A field that is absent or empty leaves the default, except ``labels``: an empty list is an
    error. Raises BadOption and BadLabels.
    """
    labels = form.get("labels")
    return Options(
        labels=None if labels is None else parse_labels(labels, settings.max_labels),
        stride=_stride(form.get("stride", "")),
        threshold=_threshold(form.get("threshold", "")),
        annotate=_annotate(form.get("annotate", "")),
        models=_models(form.get("model", ""), form.get("models", "")),
    )


def parse_vocabulary(form: Mapping[str, str], settings: Settings) -> tuple[str, ...] | None:
    """The labels in the field ``labels``; None where it is absent or empty. Raises BadLabels."""
    text = form.get("labels", "")
    return parse_labels(text, settings.max_labels) if text else None


def parse_correction(form: Mapping[str, str]) -> tuple[range, str | None]:
    """The positions from ``first`` to ``last``, which is ``first`` unless it is given, and the
    ``label`` that they are to have; None where it is absent or empty.

    Raises BadOption and BadLabels.
    """
    first = _position("first", form.get("first", ""))
    last = _position("last", form.get("last") or str(first))
    if last < first:
        raise BadOption("last must not be before first.")
    label = form.get("label", "").strip()
    if label and not is_label(label):
        raise BadLabels(f"A label is printable text of at most {MAX_LABEL_LENGTH} characters.")
    return range(first, last + 1), VOCABULARY.label(label) if label else None


def _position(name: str, text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise BadOption(f"{name} must be the position of a segment, from 0 on.")
    return int(text)


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


def _models(model: str, models: str) -> tuple[str, ...]:
    """Names alone: who sends a video does not name folders of this machine."""
    if model and models:
        raise BadOption("Give model for one model or models for two, not both.")
    if not model and not models:
        return ()
    names = tuple(models.split(",")) if models else (model,)
    are_known = all(name in NAMES or is_hub_name(name) for name in names)
    if not (are_known and len(set(names)) == len(names) <= MOST_MODELS):
        raise BadOption(
            f"model must be one of {', '.join(NAMES)}, or owner/name of a TimeSformer or VideoMAE "
            "on the model hub; models one of them, or two that differ with a comma between them."
        )
    return names
