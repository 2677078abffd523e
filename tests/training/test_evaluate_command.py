"""Evaluation end to end, on a miniature of the real data."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from har.media.probe import probe
from har.recognition import timeline
from har.recognition.recognizer import Recognizer
from har.training import calibration, evaluate, manifest, scoring, sequences
from har.training.calibration import Calibration
from har.training.scoring import HeldBack
from har.training.segments import Span
from har.training.sequences import Untrimmed
from har.types import UNKNOWN, Options
from tests.training.conftest import DATA, LEARNT, Mini, har

Scores = NDArray[np.float32]


def served(mini: Mini, checkpoint: Path, files: Sequence[str]) -> list[Scores]:
    """What requests get for some files: probabilities [clips, labels] of each."""
    recognizer = Recognizer.load(mini.settings, checkpoint)
    return [recognizer.clip_scores(probe(mini.root / file, mini.settings)) for file in files]


@pytest.fixture(scope="module")
def model(mini_run: Path) -> Path:
    """The calibrated checkpoint of the run."""
    return mini_run / "final.safetensors"


def test_a_checkpoint_is_measured_as_it_is_served(
    mini: Mini, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "numbers.json"
    options = [*mini.options, "--checkpoint", str(model), "--json", str(out), "--fold", "1"]
    assert har(mini, "evaluate", *options) == 0
    found = json.loads(out.read_text())["pooled"]
    rows = [row for row in manifest.read(mini.manifest, mini.root) if row.fold == 1]
    scores = served(mini, model, [row.file for row in rows])
    right = [
        LEARNT[s.mean(axis=0).argmax()] == row.label for s, row in zip(scores, rows, strict=True)
    ]
    assert found["metrics"]["videos"] == len(rows) == 6
    assert found["metrics"]["top1"] == pytest.approx(np.mean(right))
    assert set(found["metrics"]["per_class"]) == set(LEARNT)
    assert found["unknown"] == 0
    surest = max(s.mean(axis=0).max() for s in scores)
    answered = [point["threshold"] for point in found["curve"] if point["coverage"]]
    assert max(answered) == pytest.approx(surest, abs=0.01)
    printed = capsys.readouterr().out
    assert "6 clips scored" in printed
    assert "(final.safetensors), as requests are" in printed


@pytest.fixture(scope="module")
def crossed(
    mini: Mini, mini_run: Path, samples: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The report of a cross-validation with all that can be measured."""
    folder = tmp_path_factory.mktemp("crossed")
    (folder / "others").mkdir()
    (folder / "others" / "arms.mp4").symlink_to(samples / "real" / "arm_wrestling.mp4")
    with (folder / "two.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        row = next(r for r in manifest.read(mini.manifest, mini.root) if r.label == "Walk")
        writer.writerows([["file", "start", "end", "label"], [row.file, 0, 2, "Walk"]])
    options = ["--folds", str(mini_run), "--unknown", str(folder / "others"), "--shuffle"]
    options += ["--sequences", str(folder / "two.csv"), "--joined", "1"]
    assert har(mini, "evaluate", *mini.options, *options, "--report", str(folder / "out")) == 0
    return folder / "out"


def test_cross_validation_asks_the_model_that_has_not_seen_the_group(
    mini: Mini, mini_run: Path, mini_held: HeldBack, crossed: Path
) -> None:
    rows = manifest.read(mini.manifest, mini.root)
    assert list(mini_held.rows) == rows
    assert mini_held.folds.tolist() == manifest.held_back(rows)
    assert mini_held.accepted.any(axis=1).tolist() == [row.fold is not None for row in rows]
    inside = np.flatnonzero(mini_held.folds == 3)[:2]
    scores = served(mini, mini_run / "fold-3.safetensors", [rows[i].file for i in inside])
    for i, expected in zip(inside, scores, strict=True):
        found = Calibration(1, 1, 0, 0.5).probabilities([mini_held.scores[i].logits])[0]
        assert found == pytest.approx(expected.mean(axis=0), abs=1e-5)
    reported = json.loads((crossed / "metrics.json").read_text())["runs"]["seed-0"]
    assert reported["metrics"]["videos"] == 12
    assert reported["unknown_files"] == {
        "StandStill": [row.file for row in rows if row.fold is None],
        "Unknown": ["others/arms.mp4"],
    }
    assert 0 <= reported["auroc"] <= 1


def test_the_confidence_of_a_fold_is_calibrated_on_the_others(mini_held: HeldBack) -> None:
    found = evaluate.of_folds(mini_held, evaluate.calibrations(mini_held))
    for fold, other in ((1, 3), (3, 1)):
        inside, others = (np.flatnonzero(mini_held.folds == f) for f in (fold, other))
        clips = mini_held.scored.clips
        weights = np.ones(len(others))
        fitted = calibration.fit([clips[i] for i in others], mini_held.accepted[others], weights)
        expected = Calibration(*fitted, 0).probabilities([clips[i] for i in inside])
        assert np.array_equal(found.probabilities[inside], expected)


def test_people_of_several_folds_are_scored_by_each_model_without_their_clips(
    mini: Mini, mini_run: Path
) -> None:
    row = next(r for r in manifest.read(mini.manifest, mini.root) if r.label == "Walk")
    video = scoring.videos_of([row], mini.root)[0]
    walk = Untrimmed(video, (Span(0, 1, "Walk"),), (1, 3))
    found = sequences.of_runs("two.csv", [mini_run], [walk], mini.settings)
    assert len(found.scores) == 2
    assert found.told.startswith("1 of the 1 videos show people of several folds")


def test_the_report_holds_all_that_was_asked_for(crossed: Path) -> None:
    assert sorted(p.name for p in crossed.iterdir()) == [
        "confusion.png",
        "coverage.png",
        "metrics.json",
        "reliability.png",
        "report.md",
        "risk.png",
    ]
    text = (crossed / "report.md").read_text()
    for title in ("Overall", "Per class", "Per source", "The most frequent errors"):
        assert f"## {title}" in text
    assert "## Without the order of things" in text
    assert "## Timelines: two.csv" in text
    assert "## Timelines: joined from 5 clips\n\n1 videos. Each video was scored by" in text
    assert "Standing still (2), Unknown (1)" in text
    assert str(crossed.parent) not in text
    found = json.loads((crossed / "metrics.json").read_text())
    assert set(found["shuffled"]) == {"all", *LEARNT}
    joined = found["timelines"][1]["scores"][0]
    assert joined["videos"] == 1
    assert 0 <= joined["f1_50"] <= joined["f1_25"] <= joined["f1_10"] <= 1


def test_frames_in_random_order_are_other_clips(
    mini: Mini, mini_run: Path, mini_held: HeldBack
) -> None:
    known = [i for i, row in enumerate(mini_held.rows) if row.label == "PushUps"][::2]
    videos = scoring.videos_of([mini_held.rows[i] for i in known], mini.root)
    shuffled = scoring.held_back(mini_run, videos, mini.settings, 0)
    again = scoring.held_back(mini_run, videos, mini.settings, 0)
    for i, clips, same in zip(known, shuffled.scores, again.scores, strict=True):
        assert abs(clips.logits - mini_held.scores[i].logits).max() > 0.01
        assert np.array_equal(clips.logits, same.logits)


@pytest.fixture(scope="module")
def wild(
    mini: Mini, model: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], str, str]:
    """What is found in four real clips that come with the names that are right, two manifests of
    them: metrics.json, report.md, and what is printed."""
    root = tmp_path_factory.mktemp("wild")
    (root / "wild").symlink_to(DATA / "wild")
    (root / "clips").symlink_to(DATA / "clips")
    (root / "bad.mp4").write_bytes(b"not a video")
    (root / "wild.csv").write_text(
        "file,label,accept,dataset,source\n"
        "wild/yoga_210a976f.mp4,yoga,yoga|stretching leg|stretching arm,kinetics,some/place\n"
        "wild/HorseRace_9c109efb.avi,HorseRace,HorseRace|HorseRiding,ucf101,some/place\n"
        "wild/squat_4bde9719.mp4,squat,squat|push up,other,some/place\n"
        "bad.mp4,yoga,yoga,other,some/place\n"
    )
    with mini.manifest.open(newline="") as file:
        pushups = next(row for row in csv.DictReader(file) if row["label"] == "PushUps")
    (root / "more.csv").write_text(f"file,label\n{pushups['file']},push up\n")
    manifests = [str(root / "wild.csv"), str(root / "more.csv")]
    options = ["--checkpoint", str(model), "--report", str(root / "out"), "--root", str(root)]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert har(mini, "evaluate", "--manifest", *manifests, *options) == 0
    numbers = json.loads((root / "out" / "metrics.json").read_text())
    return numbers, (root / "out" / "report.md").read_text(), printed.getvalue()


def test_what_is_said_of_real_clips_is_held_against_the_names_that_are_right(
    mini: Mini, model: Path, wild: tuple[dict[str, Any], str, str]
) -> None:
    naming = wild[0]["pooled"]["naming"]
    said = {one["file"]: one for one in naming["said"]}
    assert naming["videos"] == len(said) == 4
    assert said["bad.mp4"]["outcome"] == "unusable"
    assert naming["unusable"] == 1 / 4
    assert set(naming["per_source"]) == {"kinetics", "ucf101", "other"}
    recognizer = Recognizer.load(mini.settings, model)
    threshold = recognizer.model.threshold
    for file in ("wild/yoga_210a976f.mp4", "wild/squat_4bde9719.mp4"):
        video = probe(DATA / file, mini.settings)
        scores = recognizer.clip_scores(video)
        best = np.argsort(-scores.mean(axis=0))
        assert [label for label, _ in said[file]["top5"]] == [LEARNT[i] for i in best]
        report = recognizer.recognise(video, Options(threshold=0.0, annotate=False), lambda _: None)
        held: Counter[str] = Counter()
        for moment in timeline.owned(report.segments, video.start, video.end):
            label = moment.label if moment.confidence >= threshold else UNKNOWN
            held[label] += moment.end - moment.start
        assert said[file]["said"] == held.most_common(1)[0][0]


def test_a_clip_of_another_action_counts_among_the_names_and_as_unknown(
    wild: tuple[dict[str, Any], str, str],
) -> None:
    numbers, text, printed = wild
    # Yoga, a squat for which push-ups are right as well, and the clip of push-ups itself.
    assert numbers["pooled"]["metrics"]["classes"] == ["BodyWeightSquats", "PushUps", "Yoga"]
    assert numbers["pooled"]["unknown_files"] == {"HorseRace": ["wild/HorseRace_9c109efb.avi"]}
    assert "4 videos that come with all names that are right" in printed
    assert "3 clips whose action the model knows" in printed
    assert "bad.mp4 (Yoga): Send a video" in printed
    assert "## Names that are right" in text
    assert "| `bad.mp4` | Yoga | could not be opened | Send a video" in text


def test_labels_that_the_model_does_not_know_are_listed(
    mini: Mini, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with mini.manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))
    still = [row for row in rows if row["label"] == "StandStill"]
    few = tmp_path / "few.csv"
    with few.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows([*still, rows[-1]])
    options = ["--manifest", str(few), "--root", str(mini.root), "--checkpoint", str(model)]
    assert har(mini, "evaluate", *options) == 0
    printed = capsys.readouterr().out
    assert "1 clips scored" in printed
    assert "StandStill, which the model does not know" in printed
    assert all(row["file"] in printed for row in still)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--fold", "7"], "no videos of fold 7"),
        (["--checkpoint", "none.safetensors"], "none.safetensors is not there"),
        (["--folds", "nowhere"], "The run nowhere has no fold-1.safetensors"),
        (["--folds", "a/seed", "b/seed"], "the same name"),
        (["--unknown", "nowhere"], "nowhere is not a folder"),
        (["--unknown", "empty"], "empty has no videos"),
        (["--joined", "-1"], "--joined must be 0 or more"),
        (["--sequences", "none.csv"], "none.csv cannot be read"),
        (["--data", "folders", "--root", "empty"], "folder"),
    ],
)
def test_bad_options(
    mini: Mini,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    assert har(mini, "evaluate", *mini.options, *options) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


def test_a_broken_file_is_named(
    mini: Mini, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"not a video")
    (tmp_path / "list.csv").write_text("file,label\nbad.mp4,Walk\n")
    options = ["--manifest", str(tmp_path / "list.csv"), "--root", str(tmp_path)]
    assert har(mini, "evaluate", *options, "--checkpoint", str(model)) == 2
    assert "bad.mp4 cannot be used: Send a video" in capsys.readouterr().err
