"""The command ``train``. What is heavy is imported when it runs."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from har.errors import BadOption
from har.training import values

if TYPE_CHECKING:
    from config import Settings
    from har.training.manifest import Row
    from har.training.recipe import Places, Recipe
    from har.training.runs import Run
    from har.training.scoring import Video


def add_train(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``train``: its own, and one for each value of a recipe."""
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="a TOML file that sets what the options below do, by their names with _ for -; "
        "options go before it",
    )
    parser.add_argument(
        "--run",
        dest="folder",
        type=Path,
        metavar="DIR",
        help="the folder of checkpoints, logs and what --resume needs "
        "(default: a new one in logs/runs)",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="DIR",
        help="go on with the run in this folder, to the weights that it would have had",
    )
    values.add_options(parser)


def run_train(arguments: argparse.Namespace, settings: Settings) -> int:
    """Train, calibrate, and write the checkpoint and its card."""
    if arguments.resume and arguments.folder:
        raise BadOption("--resume names the folder of the run; leave out --run.")
    recipe, places = _asked(arguments, settings)
    rows = _rows(places)

    from har.models import precision
    from har.training import dataset, loop, runs

    _check(recipe, settings)
    dataset.learnt(rows)
    calibrating = _calibrating(places, rows)
    unknown = _unknown(places)
    precision.tune(settings.threads)
    loop.make_repeatable()
    if arguments.resume:
        run = runs.resume(arguments.resume, recipe, places, rows)
        _warn(run)
    else:
        folder = arguments.folder or Path("logs", "runs", time.strftime("%Y-%m-%d-%H%M%S"))
        run = runs.create(folder, recipe, places, rows)
    try:
        with run.alone():
            return _trained(run, recipe, places, rows, calibrating, unknown, settings)
    except KeyboardInterrupt:
        print(f"har: stopped; go on with: har train --resume {run.folder}", file=sys.stderr)
        return 130


def _asked(arguments: argparse.Namespace, settings: Settings) -> tuple[Recipe, Places]:
    """The recipe of the run, the file and the options, later ones before earlier ones, and all
    before what a model to fine-tune has by default."""
    sources = []
    if arguments.resume:
        from har.training import runs

        sources.append(runs.begun_with(arguments.resume))
    if arguments.config:
        sources.append(values.read(arguments.config))
    asked = values.merged(*sources, values.given(arguments))
    if not asked.get("model"):
        return values.resolved(asked)
    from har.training import fine_tuning

    return values.resolved(fine_tuning.own(settings, asked), asked)


def _check(recipe: Recipe, settings: Settings) -> None:
    """Find out before anything is written whether there is what the recipe names, and whether its
    sizes make a network. Raises BadOption, CheckpointError and ModelMissing."""
    from har.training import augmentation, fine_tuning

    augmentation.parse(recipe.augment)
    if recipe.from_scratch and not recipe.model:
        raise BadOption("--from-scratch is for a network that is named with --model.")
    if recipe.actions:
        _check_actions(recipe)
    if recipe.model:
        fine_tuning.begin(recipe, settings)
    else:
        _check_head(recipe)


def _check_actions(recipe: Recipe) -> None:
    """Kinetics' classifier reads what the backbone learnt with it, and the exemplars of a head come
    from cached vectors."""
    from har.models import backbone
    from har.training import augmentation, material

    if recipe.model or recipe.finetune or recipe.backbone != backbone.MOTION:
        raise BadOption("--actions is for a head on i3d that is not fine-tuned.")
    plan = augmentation.parse(recipe.augment)
    if material.needs_pixels(recipe, plan, sees_clips=True):
        raise BadOption("--actions needs cached vectors; see --augment and --sampling.")


def _check_head(recipe: Recipe) -> None:
    import torch

    from har.models import backbone
    from har.models.heads import all_sizes, make_head

    backbone.normalisation(recipe.backbone)
    try:
        sizes = all_sizes(recipe.head, recipe.sizes)
        with torch.device("meta"):
            make_head(recipe.head, 1, 2, **sizes)
    except (TypeError, ValueError, RuntimeError) as error:
        raise BadOption(f"sizes make no {recipe.head}: {error}.") from error


def _rows(places: Places) -> list[Row]:
    from har.training import layouts

    if not places.root:
        raise BadOption("Name the folder that the videos are below, with --root.")
    names = [name.strip() for name in places.manifest.split(",") if name.strip()]
    return layouts.read(
        places.data,
        Path(places.root),
        manifest=[Path(name) for name in names] or None,
        split=places.split,
        part="train",
        classes=places.classes,
    )


def _calibrating(places: Places, rows: list[Row]) -> list[Row]:
    """The videos that calibrate and are not learnt, spread over the folds of ``rows``.

    Raises ManifestError, also for a video that is among the rows.
    """
    from har.training import manifest

    if not places.calibration:
        return []
    found = manifest.read(Path(places.calibration), Path(places.root))
    manifest.refuse_repeated([*rows, *found])
    folds = sorted({row.fold for row in rows if row.fold is not None})
    placed = manifest.with_folds(found, len(folds))
    return [replace(row, fold=folds[row.fold or 0]) for row in placed]


def _unknown(places: Places) -> list[Video]:
    from har.training.scoring import videos_in

    return videos_in(Path(places.unknown)) if places.unknown else []


def _warn(run: Run) -> None:
    differing = run.other_machine()
    if differing:
        print(
            f"har: the run was begun with {', '.join(differing)}: its weights will not be the "
            "same to the last digit",
            file=sys.stderr,
        )


def _trained(
    run: Run,
    recipe: Recipe,
    places: Places,
    rows: list[Row],
    calibrating: list[Row],
    unknown: list[Video],
    settings: Settings,
) -> int:
    from har.training import build, calibrate, card, material

    root, out = Path(places.root), Path(places.out)
    build.build(run, material.prepare(recipe, rows, root, settings), recipe)
    held_out = [*rows, *calibrating]
    model = calibrate.calibrate(
        run.folder, held_out, root, replace(settings, clip_model="off"), unknown
    )
    model.save(run.checkpoint(build.FINAL))
    model.save(out)
    card.write(model, out.with_name("model-card.md"))
    print(calibrate.summary(model))
    return 0
