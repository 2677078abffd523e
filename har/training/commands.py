"""The commands ``train`` and ``evaluate``. What is heavy is imported when they run."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from har.errors import BadOption

if TYPE_CHECKING:
    from config import Settings
    from har.models.checkpoint import Checkpoint


def add_train(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``train``."""
    _add_manifest(parser)
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("logs/best_model.safetensors"),
        metavar="FILE",
        help="the checkpoint to write; its model-card.md is written beside it",
    )
    parser.add_argument("--epochs", type=int, metavar="N", help="times each video is shown")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of all that is random")


def add_evaluate(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``evaluate``."""
    _add_manifest(parser)
    parser.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="the model; without it, the default one"
    )
    parser.add_argument("--fold", type=int, metavar="K", help="only the videos of this fold")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers here as well")


def _add_manifest(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--manifest",
        type=Path,
        required=True,
        metavar="CSV",
        help="the labelled videos: file,label and perhaps source,group,fold",
    )
    parser.add_argument(
        "--root", type=Path, required=True, metavar="DIR", help="the folder its files are below"
    )


def run_train(arguments: argparse.Namespace, settings: Settings) -> int:
    """Train, and write the checkpoint and its card."""
    if arguments.epochs is not None and arguments.epochs < 1:
        raise BadOption("--epochs must be 1 or more.")

    from har.models import backbone, precision
    from har.training import build, card, dataset, features, manifest
    from har.training.loop import Recipe

    rows = manifest.read(arguments.manifest, arguments.root)
    precision.tune(settings.threads)
    recipe = Recipe() if arguments.epochs is None else replace(Recipe(), epochs=arguments.epochs)
    network = backbone.Backbone()
    extractor = features.Extractor(network, build.FPS, build.SIZE, settings)
    vectors = extractor.all(arguments.root, [row.file for row in rows])
    model = build.build(dataset.assemble(rows, vectors), network.name, recipe, arguments.seed)
    model.save(arguments.out)
    card.write(model, arguments.out.with_name("model-card.md"))
    print(_summary(model))
    return 0


def _summary(model: Checkpoint) -> str:
    found, point = model.metrics["metrics"], model.metrics["point"]
    return (
        f"held back: top-1 {found['top1']:.1%}, balanced {found['balanced']:.1%}, "
        f"calibration error {found['ece']:.3f}; at the threshold {point['threshold']:.2f} "
        f"it answers for {point['coverage']:.0%}, {point['accuracy']:.0%} of them right"
    )


def run_evaluate(arguments: argparse.Namespace, settings: Settings) -> int:
    """Measure, print, and write JSON where asked."""
    from har.recognition.recognizer import Recognizer
    from har.training import manifest
    from har.training.evaluate import evaluate, report

    rows = manifest.read(arguments.manifest, arguments.root)
    if arguments.fold is not None:
        rows = [row for row in rows if row.fold == arguments.fold]
    if not rows:
        raise BadOption(f"The manifest has no videos of fold {arguments.fold}.")
    recognizer = Recognizer.load(settings, arguments.checkpoint)
    found = evaluate(recognizer, rows, arguments.root, settings)
    if arguments.json:
        arguments.json.write_text(json.dumps(asdict(found), indent=2) + "\n", "utf-8")
    print(report(found))
    return 0
