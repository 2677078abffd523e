"""The command ``calibrate``. What is heavy is imported when it runs."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from har.training import video_options

if TYPE_CHECKING:
    from config import Settings


def add_calibrate(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``calibrate``."""
    video_options.add(parser)
    parser.add_argument(
        "--folds",
        type=Path,
        nargs="+",
        required=True,
        metavar="DIR",
        help="the folders of one training run or several that differ by their seed",
    )
    parser.add_argument(
        "--checkpoint",
        type=Path,
        required=True,
        metavar="FILE",
        help="the model to calibrate, which is written anew with its card",
    )


def run_calibrate(arguments: argparse.Namespace, settings: Settings) -> int:
    """Fit temperature, bias and threshold on held-back videos, and write them to the checkpoint."""
    rows = video_options.rows(arguments, "train")

    from har.models import registry
    from har.training import calibrate, card, scoring

    settings = replace(settings, clip_model="off")
    videos = scoring.videos_of(rows, arguments.root)
    if arguments.unknown:
        videos += scoring.videos_in(arguments.unknown)
    model = registry.read(arguments.checkpoint)
    held = [scoring.held_back(run, videos, settings) for run in arguments.folds]
    model = calibrate.calibrated(model, held)
    model.save(arguments.checkpoint)
    card.write(model, arguments.checkpoint.with_name("model-card.md"))
    print(calibrate.summary(model))
    return 0
