"""Numbers and tables as reports and cards show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from har.training.intervals import Interval

NAMES = {
    "top1": "right at first (top-1)",
    "top5": "among the first five (top-5)",
    "balanced": "balanced over the classes",
    "macro_f1": "macro-F1",
    "ece": "expected calibration error",
    "auroc": "AUROC of the confidence, known against unknown",
    "aurc": "area under the risk-coverage curve",
}
"""What the numbers of har.training.evaluate.numbers() are called."""


def number(name: str, value: float) -> str:
    """A number of har.training.evaluate.numbers() as people read it."""
    return f"{value:.3f}" if name in ("ece", "auroc", "aurc", "macro_f1") else f"{value:.1%}"


def interval(name: str, intervals: Mapping[str, Interval]) -> str:
    """The interval of a number; empty where there is none."""
    if name not in intervals:
        return ""
    return f"{number(name, intervals[name].low)} to {number(name, intervals[name].high)}"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
