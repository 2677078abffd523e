"""Reports and pictures, from predictions that are made up."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from har.training import evaluate, report
from har.training import predictions as said_of
from har.training.intervals import over_seeds
from har.training.manifest import Row
from har.training.predictions import Predictions
from har.training.report import Report
from har.training.segments import SegmentScores
from har.training.sequences import Timelines

LABELS = ("BodyWeightSquats", "SitDown", "Walk")


def predictions(seed: int) -> Predictions:
    """60 known videos, of which each label is confused now and then, and 6 unknown ones."""
    rng = np.random.default_rng(seed)
    rows = [
        Row(f"clips/{LABELS[i % 3]}_{i}.mp4", LABELS[i % 3], "abc"[i % 2], f"g{i % 20}", i % 4)
        for i in range(60)
    ]
    rows += [Row(f"clips/Plank_{i}.mp4", "Plank", "a", f"p{i}", None) for i in range(6)]
    probabilities = rng.random((66, 3)) * 0.5
    probabilities[np.arange(60), np.arange(60) % 3] += 0.35
    said = tuple(LABELS[i] for i in probabilities.argmax(axis=1))
    return Predictions(tuple(rows), LABELS, probabilities, np.full(66, 0.5), said)


def made(seeds: int, shuffled: bool = False) -> Report:
    found = [predictions(seed) for seed in range(seeds)]
    runs = {f"seed-{i}": evaluate.judge(one) for i, one in enumerate(found)}
    pooled = said_of.joined(found)
    segments = SegmentScores(15, 0.9, 0.8, 0.5, 0.7, 0.65)
    spread = over_seeds([asdict(segments)])
    return Report(
        title="Cross-validation",
        told="Each video was scored by a model that has not seen its group.",
        labels=LABELS,
        runs=runs,
        pooled=evaluate.judge(pooled),
        spread=over_seeds([evaluate.numbers(one) for one in runs.values()]),
        shuffled=evaluate.dropped(pooled, pooled) if shuffled else None,
        timelines=[Timelines("two.csv", "By the one that has not.", [segments], spread)],
    )


def test_the_report_tells_all_and_links_what_is_there(tmp_path: Path) -> None:
    found = made(3, shuffled=True)
    report.write(found, tmp_path / "report")
    text = (tmp_path / "report" / "report.md").read_text()
    top1 = found.spread["top1"]
    low, high = found.pooled.intervals["top1"].low, found.pooled.intervals["top1"].high
    assert (
        f"| right at first (top-1) | {top1.mean:.1%} | {top1.deviation:.1%} | {top1.low:.1%} "
        f"| {top1.high:.1%} | {low:.1%} to {high:.1%} |"
    ) in text
    assert f"| macro-F1 | {found.spread['macro_f1'].mean:.3f} |" in text
    assert "| Squats | 20 | 20 |" in text
    assert "Plank (6)" in text
    assert f"`{found.pooled.errors[0].files[0]}`" in text
    assert "| F1@50 | 50.0% |" in text
    assert "+0.000" in text.split("Without the order of things")[1]
    for name in ("confusion.png", "reliability.png", "coverage.png", "risk.png"):
        assert f"]({name})" in text
        with Image.open(tmp_path / "report" / name) as picture:
            assert min(picture.size) >= 500
            # Something is drawn: paper alone has one colour.
            assert len(picture.convert("RGB").getcolors(1 << 24)) > 50


def test_one_run_has_no_spread(tmp_path: Path) -> None:
    text = report.markdown(made(1))
    assert "deviation" not in text
    assert "Without the order" not in text
    assert "±" not in report.summary(made(1))
    assert "±" in report.summary(made(2))


def test_json_holds_the_same_numbers(tmp_path: Path) -> None:
    found = made(2)
    report.write_json(found, tmp_path / "metrics.json")
    data = json.loads((tmp_path / "metrics.json").read_text())
    assert data["spread"]["balanced"]["mean"] == found.spread["balanced"].mean
    assert data["pooled"]["metrics"]["confusion"] == found.pooled.metrics.confusion
    assert set(data["runs"]) == {"seed-0", "seed-1"}
    assert data["timelines"][0]["scores"][0]["edit"] == 0.7
    assert len(data["pooled"]["curve"]) == 101


def test_the_summary_lists_clips_of_other_actions() -> None:
    printed = report.summary(made(1))
    assert printed.startswith("60 clips scored. Each video")
    assert "Plank, which the model does not know:\n  clips/Plank_0.mp4" in printed


def test_what_is_named_and_its_risk_are_told(tmp_path: Path) -> None:
    found = made(1)
    selection = found.pooled.selection
    assert selection is not None
    told = f"area under the risk-coverage curve               {selection.aurc:.3f}"
    assert told in report.summary(found)
    assert f"named of {selection.named} of 66 videos, {selection.precision:.1%} of them right" in (
        report.markdown(found)
    )
    report.write_json(found, tmp_path / "metrics.json")
    data = json.loads((tmp_path / "metrics.json").read_text())["pooled"]["selection"]
    assert data["aurc"] == selection.aurc
    assert len(data["curve"]) == 66


def test_no_errors_at_all() -> None:
    rows = tuple(Row(f"{i}", LABELS[i % 3], "a", f"{i}", 0) for i in range(6))
    labels = tuple(row.label for row in rows)
    perfect = Predictions(rows, LABELS, np.eye(3)[np.arange(6) % 3], np.full(6, 0.5), labels)
    found = evaluate.judge(perfect)
    spread = over_seeds([evaluate.numbers(found)])
    text = report.markdown(Report("E", "All.", LABELS, {"m": found}, found, spread, None, []))
    assert "There are none." in text
    assert found.metrics.ece == pytest.approx(0)
