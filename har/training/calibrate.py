"""Calibrates the model that was trained on all folds by what the folds' models held back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

from config import Settings
from har.errors import CheckpointError
from har.models import registry
from har.models.checkpoint import Checkpoint
from har.models.checkpoint_file import CheckpointBase
from har.models.clip_checkpoint import ClipCheckpoint
from har.training import calibration, evaluate, naming, predictions, scoring
from har.training.intervals import over_seeds
from har.training.manifest import Row
from har.training.metrics import calibration_error, is_right
from har.training.predictions import Predictions
from har.training.scoring import HeldBack, Video

Model = TypeVar("Model", bound=CheckpointBase)


def calibrate(
    run: Path, rows: Sequence[Row], root: Path, settings: Settings, unknown: Sequence[Video] = ()
) -> Checkpoint | ClipCheckpoint:
    """``run/final.safetensors``, calibrated by ``run/fold-*.safetensors``; nothing is written.

    ``unknown`` are videos of other actions, which count as the rows without a fold do.
    Raises CheckpointError and ManifestError.
    """
    videos = [*scoring.videos_of(rows, root), *unknown]
    model = registry.read(run / "final.safetensors")
    return calibrated(model, [scoring.held_back(run, videos, settings)])


def calibrated(model: Model, runs: Sequence[HeldBack]) -> Model:
    """The model, calibrated by the held-back scores of all runs.

    Its metrics are the Findings (see har.training.evaluate) of predictions that were each
    calibrated without their own fold, pooled over the runs; ``spread``, their numbers over the
    runs; ``found``, what was said of the videos with ``accept``, which are in none of the other
    numbers unless there are no others; and ``in_sample_ece``, the error of the calibration that the
    model gets on the very scores it was fitted on. Raises CheckpointError for a model with other
    labels than the runs.
    """
    for held in runs:
        if held.labels != model.labels:
            raise CheckpointError(f"The run {held.run} has other labels than the model.")
    scored = calibration.joined([held.scored for held in runs])
    found = calibration.calibrate(scored)
    everything = [evaluate.of_folds(held, evaluate.calibrations(held)) for held in runs]
    honest = [_measured(run) for run in everything]
    known = scored.accepted.any(axis=1)
    probabilities = found.probabilities(scored.clips)[known]
    right = is_right(probabilities, scored.accepted[known])
    spread = over_seeds([evaluate.numbers(evaluate.judge(run)) for run in honest])
    if isinstance(model, Checkpoint) and found.joint:
        model = replace(model, gate=found.joint.gate)
    return replace(
        model,
        temperature=found.temperature,
        skew=found.skew,
        bias=found.bias,
        threshold=found.threshold,
        metrics={
            **asdict(evaluate.judge(predictions.joined(honest))),
            "spread": {name: asdict(numbers) for name, numbers in spread.items()},
            "found": _found(predictions.joined(everything)),
            "in_sample_ece": calibration_error(probabilities.max(axis=1), right),
            "runs": len(runs),
        },
    )


def _measured(run: Predictions) -> Predictions:
    """Those of videos without ``accept``; all where each has it."""
    return run if run.is_found.all() else run.only(~run.is_found)


def _found(honest: Predictions) -> dict[str, Any] | None:
    """What was said of videos with ``accept``; None where there are none."""
    naming_ = naming.judge(honest)
    if naming_ is None:
        return None
    named = honest.only(honest.is_found)
    error = calibration_error(named.confidence, named.is_named_right)
    return {**asdict(naming_), "ece": error}


def summary(model: CheckpointBase) -> str:
    """What a calibration found, as people read it on a terminal."""
    found = model.metrics
    told = (
        f"temperature {model.temperature:.3f}, skew {model.skew:.3f}, bias {model.bias:+.3f}, "
        f"threshold {model.threshold:.2f}\n"
        f"calibration error {found['spread']['ece']['mean']:.3f} on folds that it was not fitted "
        f"on, {found['in_sample_ece']:.3f} on those it was\n"
        f"above the threshold: {found['point']['coverage']:.1%} of the known videos, "
        f"{found['point']['accuracy']:.1%} of them right"
    )
    selection = found["selection"]
    if selection and selection["precision"] is not None:
        told += (
            f"\nof what is named, unknown actions counted as wrong, {selection['precision']:.1%} "
            f"is right; at least {selection['stated']:.0%} was asked"
        )
    if found["unknown"]:
        told += (
            f"; {found['point']['accepted_unknown']:.1%} of the unknown ones\n"
            f"AUROC, known against unknown: {found['spread']['auroc']['mean']:.3f}"
        )
    if found.get("found"):
        naming_ = found["found"]
        told += (
            f"\nof {naming_['videos'] // found['runs']} videos as people find them: "
            f"{naming_['top1']:.1%} right at first, {naming_['top5']:.1%} among the first five, "
            f"{naming_['named_wrong']:.1%} wrongly named; calibration error {naming_['ece']:.3f}"
        )
    return told
