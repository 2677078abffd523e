"""The pictures of a report, as PNG files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from har.models.labels import spaced
from har.training.calibration import Point
from har.training.metrics import BINS, OTHERS, Bin
from har.training.selection import Selection

_DPI = 120
_BLUE, _GREY = "#2b6cb0", "#8a8f98"


def confusion(counts: Sequence[Sequence[int]], labels: Sequence[str], out: Path) -> None:
    """A confusion matrix with the classes of the videos in rows and what was said in columns: the
    classes, then all other labels.

    Colours are shares of the row, numbers are videos.
    """
    table = np.array(counts)
    if not table[:, -1].any():
        table = table[:, :-1]
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    side = 3 + 0.55 * len(labels)
    figure = Figure((side + 1, side), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    names = [*(spaced(label) for label in labels), OTHERS]
    columns = names[: table.shape[1]]
    axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(labels)), names[:-1])
    axes.set(xlabel="What was said", ylabel="What it was", title="Confusion matrix, in videos")
    for (row, column), count in np.ndenumerate(table):
        if count:
            colour = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=colour, fontsize=9)
    figure.colorbar(image, label="Share of the row", shrink=0.8)
    figure.savefig(out, dpi=_DPI)


def reliability(bins: Sequence[Bin], ece: float, out: Path) -> None:
    """A reliability diagram: how often the model is right, by how sure it is."""
    figure = Figure((6, 6.5), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    confidence = [b.confidence for b in bins]
    above.plot([0, 1], [0, 1], "--", color=_GREY, label="perfectly calibrated")
    above.plot(confidence, [b.accuracy for b in bins], "o-", color=_BLUE, label="this model")
    above.set(ylabel="Share named right", title="Reliability diagram", ylim=(-0.02, 1.02))
    above.text(0.97, 0.04, f"expected calibration error {ece:.3f}", ha="right")
    above.legend(loc="upper left")
    below.bar(confidence, [b.share for b in bins], width=0.8 / BINS, color=_BLUE)
    below.set(xlabel="Confidence", ylabel="Share of\nthe videos", xlim=(-0.02, 1.02))
    _with_grid(above, below)
    figure.savefig(out, dpi=_DPI)


def coverage(curve: Sequence[Point], point: Point, out: Path) -> None:
    """The coverage-accuracy curve, with the threshold in force."""
    figure = Figure((6.5, 5), layout="constrained")
    axes = figure.subplots()
    answered = [p for p in curve if p.coverage]
    covered = [p.coverage for p in answered]
    axes.plot(covered, [p.accuracy for p in answered], color=_BLUE, label="answers that are right")
    unknown = [p.accepted_unknown for p in answered]
    axes.plot(covered, unknown, ":", color=_GREY, label="unknown actions answered for")
    axes.plot(point.coverage, point.accuracy, "o", color=_BLUE)
    axes.annotate(
        f"threshold {point.threshold:.2f}",
        (point.coverage, point.accuracy),
        xytext=(0, 10),
        textcoords="offset points",
        ha="center",
    )
    axes.set(
        xlabel="Coverage: share of the known videos that are answered for",
        ylabel="Share",
        title="Coverage-accuracy curve",
        xlim=(0, 1.02),
        ylim=(-0.02, 1.08),
    )
    axes.legend(loc="center left")
    _with_grid(axes)
    figure.savefig(out, dpi=_DPI)


def risk(selection: Selection, out: Path) -> None:
    """The risk-coverage curve, with the threshold in force and the stated precision."""
    figure = Figure((6.5, 5), layout="constrained")
    axes = figure.subplots()
    covered = [point.coverage for point in selection.curve]
    risks = [point.risk for point in selection.curve]
    axes.plot(covered, risks, color=_BLUE, label="names that are wrong")
    allowed = 1 - selection.stated
    axes.axhline(allowed, ls=":", color=_GREY, label=f"stated precision {selection.stated:.0%}")
    if selection.precision is not None:
        at = selection.named / selection.videos, 1 - selection.precision
        axes.plot(*at, "o", color=_BLUE, label="at the threshold")
    axes.text(0.97, 0.04, f"area {selection.aurc:.3f}", ha="right", transform=axes.transAxes)
    axes.set(
        xlabel="Coverage: share of the videos that are named, the surest first",
        ylabel="Risk: share of the names that are wrong",
        title="Risk-coverage curve",
        xlim=(0, 1.02),
        ylim=(-0.02, 1.02),
    )
    axes.legend(loc="upper left")
    _with_grid(axes)
    figure.savefig(out, dpi=_DPI)


def _with_grid(*all_axes: Axes) -> None:
    for axes in all_axes:
        axes.grid(alpha=0.3)
        axes.set_axisbelow(True)
