"""One report of an evaluation: Markdown with pictures for people, JSON for machines."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from har.models.labels import spaced
from har.training import naming_report, plots
from har.training.alarms import ALARM, CALM
from har.training.evaluate import Findings, Shuffled
from har.training.intervals import Spread
from har.training.selection import Selection
from har.training.sequences import Timelines
from har.training.tables import NAMES, interval, number, table

_SEGMENT_NAMES = {
    "f1_10": "F1@10",
    "f1_25": "F1@25",
    "f1_50": "F1@50",
    "edit": "edit score",
    "frame_accuracy": "frame accuracy (MoF)",
}
_FILES = 5
"""Clips that are named for each kind of error."""


@dataclass(frozen=True)
class Report:
    """All that an evaluation found."""

    title: str
    told: str
    """A sentence that says which model scored which videos."""
    labels: tuple[str, ...]
    runs: dict[str, Findings]
    """By the name of the run; one for a single checkpoint."""
    pooled: Findings
    """Of the predictions of all runs together."""
    spread: dict[str, Spread]
    """The numbers over the runs."""
    shuffled: dict[str, Shuffled] | None
    """For each class the share named right with its frames in order, and in random order."""
    timelines: list[Timelines]


def write(report: Report, folder: Path) -> None:
    """Write report.md, its pictures and metrics.json to a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    pooled = report.pooled
    plots.confusion(pooled.metrics.confusion, pooled.metrics.classes, folder / "confusion.png")
    plots.reliability(pooled.reliability, pooled.metrics.ece, folder / "reliability.png")
    plots.coverage(pooled.curve, pooled.point, folder / "coverage.png")
    if pooled.selection:
        plots.risk(pooled.selection, folder / "risk.png")
    (folder / "report.md").write_text(markdown(report), "utf-8")
    write_json(report, folder / "metrics.json")


def write_json(report: Report, path: Path) -> None:
    """Write all numbers."""
    path.write_text(json.dumps(asdict(report), indent=2) + "\n", "utf-8")


def summary(report: Report) -> str:
    """The most important numbers, as people read them on a terminal."""
    found = report.pooled.metrics
    videos = found.videos // len(report.runs)
    runs = f" by each of {len(report.runs)} runs" if len(report.runs) > 1 else ""
    lines = [f"{videos} clips scored{runs}. {report.told}", ""]
    if report.pooled.naming:
        named = naming_report.lines(report.pooled.naming, len(report.runs))
        lines = [report.told, "", *named, "", f"{videos} clips whose action the model knows{runs}:"]
    lines += [
        f"{NAMES[name]:<48} {_value(report, name)}" for name in NAMES if name in report.spread
    ]
    lines += _sentences(report.pooled)
    for kind, shares in (("class", found.per_class), ("source", found.per_source)):
        lines += ["", f"{kind:<24} clips  right"]
        for name, share in shares.items():
            lines.append(f"{name:<24} {share.videos // len(report.runs):>5} {share.top1:>6.1%}")
    for label, files in _unknown(report.pooled).items():
        lines += ["", f"{label}, which the model does not know:", *(f"  {file}" for file in files)]
    for timelines in report.timelines:
        numbers = (f"{_SEGMENT_NAMES[n]} {timelines.spread[n].mean:.1%}" for n in _SEGMENT_NAMES)
        lines += ["", f"{timelines.name}: {', '.join(numbers)}", timelines.told]
    if report.shuffled:
        lines += ["", f"{'class':<24} in order  shuffled  F1 in order  shuffled"]
        for name, lost in report.shuffled.items():
            right, f1 = lost.right, lost.f1
            lines.append(
                f"{name:<24} {right[0]:>8.1%} {right[1]:>9.1%} {f1[0]:>12.3f} {f1[1]:>9.3f}"
            )
    return "\n".join(lines)


def _unknown(found: Findings) -> dict[str, list[str]]:
    """The videos of other actions by their label, but for those that ``naming`` lists."""
    listed = {one.file for one in found.naming.said} if found.naming else set()
    rest = {
        label: [file for file in files if file not in listed]
        for label, files in found.unknown_files.items()
    }
    return {label: files for label, files in rest.items() if files}


def _sentences(found: Findings) -> list[str]:
    """What is named and how much of it is right, and what is named where nothing is done."""
    sentences = []
    if found.selection:
        sentences.append(_selection(found.selection))
    if found.background:
        background = found.background
        sentences.append(
            f"Of {background.videos} videos in which nothing is done, an action is named of "
            f"{background.false_alarms:.1%}."
        )
    if found.alarms:
        alarms = found.alarms
        sentences.append(
            f"{ALARM} is found in {alarms.found:.1%} of {alarms.videos} videos, with "
            f"{alarms.false_alarms:.1%} false alarms in {alarms.calm_videos} of {CALM}; above the "
            f"threshold, {alarms.found_surely:.1%} and {alarms.sure_false_alarms:.1%}."
        )
    return sentences


def _selection(selection: Selection) -> str:
    right = "" if selection.precision is None else f", {selection.precision:.1%} of them right"
    return (
        f"Above the threshold an action is named of {selection.named} of {selection.videos} "
        f"videos{right}; unknown actions count as wrong. A threshold that calibration chooses is "
        f"to give at least {selection.stated:.0%}."
    )


def markdown(report: Report) -> str:
    """The whole report."""
    sections = [
        f"# {report.title}\n\n{report.told}",
        _overall(report),
        _naming(report),
        _classes(report),
        _errors(report.pooled),
        _confidence(report),
        _shuffled(report),
        *(_timelines(timelines) for timelines in report.timelines),
    ]
    return "\n\n".join(section.strip() for section in sections if section) + "\n"


def _overall(report: Report) -> str:
    head = ["", "mean", *_seed_columns(report), "95% interval over groups"]
    rows = [
        [
            NAMES[name],
            number(name, report.spread[name].mean),
            *_seed_cells(report, name),
            interval(name, report.pooled.intervals),
        ]
        for name in NAMES
        if name in report.spread
    ]
    return (
        f"## Overall\n\n{table(head, rows)}\n\nA video's prediction is the mean over its clips. "
        "The intervals are of a bootstrap that draws groups (the same people, scene or footage), "
        "not videos."
    )


def _naming(report: Report) -> str:
    found = report.pooled.naming
    return naming_report.section(found, len(report.runs)) if found else ""


def _classes(report: Report) -> str:
    found, runs = report.pooled, len(report.runs)
    classes = [
        [
            spaced(name),
            str(share.videos // runs),
            str(found.groups[name]),
            f"{share.top1:.1%}",
            *_seed_cells(report, f"class {name}"),
            interval(f"class {name}", found.intervals),
        ]
        for name, share in found.metrics.per_class.items()
    ]
    head = ["class", "videos", "groups", "right", *_seed_columns(report), "95% interval"]
    sources = [
        [
            name,
            str(share.videos // runs),
            f"{share.top1:.1%}",
            *_seed_cells(report, f"source {name}"),
        ]
        for name, share in found.metrics.per_source.items()
    ]
    source_head = ["source", "videos", "right", *_seed_columns(report)]
    return (
        f"## Per class\n\n{table(head, classes)}\n\nThe interval of a class with few groups says "
        f"little: it cannot know the people that were never met.\n\n"
        f"![Confusion matrix](confusion.png)\n\n"
        f"## Per source\n\n{table(source_head, sources)}"
    )


def _errors(found: Findings) -> str:
    if not found.errors:
        return "## The most frequent errors\n\nThere are none."
    rows = []
    for error in found.errors:
        more = f" and {len(error.files) - _FILES} more" if len(error.files) > _FILES else ""
        names = ", ".join(f"`{file}`" for file in error.files[:_FILES]) + more
        said = spaced(error.predicted) + (" (near)" if error.near else "")
        rows.append([spaced(error.truth), said, str(error.videos), names])
    head = ["what it was", "what was said", "times", "clips, those it was surest of first"]
    return f"## The most frequent errors\n\n{table(head, rows)}"


def _confidence(report: Report) -> str:
    found = report.pooled
    point = found.point
    text = (
        f"## How sure it is\n\nAt the threshold of {point.threshold:.2f} it answers for "
        f"{point.coverage:.1%} of the known videos, and {point.accuracy:.1%} of these answers are "
        "right."
    )
    if found.auroc is not None:
        files = ", ".join(
            f"{spaced(label)} ({len(files)})" for label, files in found.unknown_files.items()
        )
        text += (
            f" Of the videos of actions it does not know, {files}, it wrongly answers for "
            f"{point.accepted_unknown:.1%}."
        )
    told = "\n\n".join([text, *_sentences(found)])
    risk = "\n\n![Risk-coverage curve](risk.png)" if found.selection else ""
    return (
        f"{told}\n\n![Reliability diagram](reliability.png)\n\n"
        f"![Coverage-accuracy curve](coverage.png){risk}"
    )


def _shuffled(report: Report) -> str:
    if not report.shuffled:
        return ""
    rows = []
    for name, found in report.shuffled.items():
        right, f1 = (f"{x:.1%}" for x in found.right), (f"{x:.3f}" for x in found.f1)
        rows.append([spaced(name), *right, *f1, f"{found.f1[1] - found.f1[0]:+.3f}"])
    head = ["class", "right, in order", "shuffled", "F1, in order", "shuffled", "difference"]
    return (
        "## Without the order of things\n\nThe frames of each clip in their order, and in random "
        "order. A class that is said of every shuffled clip is named right more often; its F1 "
        f"tells what it loses.\n\n{table(head, rows)}"
    )


def _timelines(found: Timelines) -> str:
    many = len(found.scores) > 1
    head = ["", "mean", *(["lowest", "highest"] if many else [])]
    rows = []
    for name, words in _SEGMENT_NAMES.items():
        spread = found.spread[name]
        values = [spread.mean, *([spread.low, spread.high] if many else [])]
        rows.append([words, *(f"{value:.1%}" for value in values)])
    return (
        f"## Timelines: {found.name}\n\n{found.scores[0].videos} videos. {found.told} Compared is "
        "the served timeline with the trained model's most probable label for every clip, the "
        "zero-shot model left out. F1 and edit score as in Lea et al. 2017, F1 over the segments "
        f"of all videos, the edit score as the mean over videos.\n\n{table(head, rows)}"
    )


def _seed_columns(report: Report) -> list[str]:
    return ["deviation", "lowest", "highest"] if len(report.runs) > 1 else []


def _seed_cells(report: Report, name: str) -> list[str]:
    if len(report.runs) == 1:
        return []
    spread = report.spread[name]
    return [number(name, value) for value in (spread.deviation, spread.low, spread.high)]


def _value(report: Report, name: str) -> str:
    spread = report.spread[name]
    text = number(name, spread.mean)
    if len(report.runs) > 1:
        text += f" ± {number(name, spread.deviation)} over the runs"
    between = interval(name, report.pooled.intervals)
    return text + (f", 95% interval {between}" if between else "")
