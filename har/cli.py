"""The command line. Each command imports what it needs when it runs, so that help comes at once."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import config
from har import __version__
from har.errors import BadLabels, FileMissing, HarError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from har.types import Options, Progress

Command = Callable[[argparse.Namespace, config.Settings], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 2 bad input, 130 stopped by Ctrl-C."""
    arguments = _parser().parse_args(argv)
    run: Command = arguments.run
    try:
        return run(arguments, config.load())
    except HarError as error:
        print(f"har: {error.title}: {error.detail}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("har: stopped", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    from har.jobs.keys_command import add_keys, run_keys
    from har.live.command import add_live, run_live
    from har.models.models_command import add_models, run_models
    from har.training.calibrate_command import add_calibrate, run_calibrate
    from har.training.evaluate_command import add_evaluate, run_evaluate
    from har.training.train_command import add_train, run_train

    parser = argparse.ArgumentParser(
        prog="har", description="Tells what people do in a video, and when."
    )
    parser.add_argument("--version", action="version", version=f"har {__version__}")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Command, help: str) -> argparse.ArgumentParser:
        subparser = subparsers.add_parser(name, help=help, description=help)
        subparser.set_defaults(run=run)
        return subparser

    _add_predict(add("predict", _predict, "Recognise the actions in a video file or link."))
    add_live(add("live", run_live, "Recognise actions while they happen; JSON lines."))
    add("serve", _serve, "Start the web service and its worker.")
    add("worker", _worker, "Start a worker alone.")
    add("migrate", _migrate, "Bring the database of HAR_DATABASE_URL up to this version.")
    add_keys(add("keys", run_keys, "Make, list and remove the keys of those who send videos."))
    add_train(add("train", run_train, "Train a model and write its checkpoint."))
    add_evaluate(add("evaluate", run_evaluate, "Measure a checkpoint on labelled clips."))
    add_calibrate(
        add("calibrate", run_calibrate, "Fit a checkpoint's confidence on held-back clips.")
    )
    add_models(add("models", run_models, "List the models that can be chosen, or fetch one."))
    _add_labels(add("labels", _labels, "List the actions that have a name, or search them."))
    add("doctor", _doctor, "Check what this machine has and lacks.")
    return parser


def _add_predict(parser: argparse.ArgumentParser) -> None:
    from har.models.models_command import add_model

    parser.add_argument("source", metavar="SOURCE", help="a video file, or an http(s) link")
    add_model(parser)
    parser.add_argument(
        "--models", metavar="A,B", help="two names of `har models`, to compare what they find"
    )
    parser.add_argument("--labels", help="comma-separated names for the zero-shot model")
    parser.add_argument("--stride", type=int, help="sampled frames between clips, 1 to 32")
    parser.add_argument(
        "--threshold", type=float, help="trained confidence below which zero-shot is asked, 0 to 1"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("out"), metavar="DIR", help="folder of what is written"
    )
    parser.add_argument("--no-annotate", action="store_true", help="make no annotated video")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here as well")


def _predict(arguments: argparse.Namespace, settings: config.Settings) -> int:
    source = _source(arguments.source)
    options = _options(arguments, settings)

    from har.export.result import document
    from har.recognition.pipeline import ANNOTATED, process
    from har.recognition.recognizer import Recognizer

    main, *others = options.models or (arguments.model,)
    recognizer = Recognizer.load(settings, model=main)
    shared = recognizer.zero_shot
    compared = [Recognizer.load(settings, model=name, zero_shot=shared) for name in others]
    arguments.out.mkdir(parents=True, exist_ok=True)
    with _progress_bar() as progress:
        report = process(
            source,
            arguments.out,
            recognizer,
            options,
            settings,
            progress,
            compared=compared[0] if compared else None,
        )
    result = document(
        report,
        id=report.video.path.stem,
        origin="url" if isinstance(source, str) else "file",
        labels=options.labels,
        video_url=str(report.video.path),
        annotated_url=str(arguments.out / ANNOTATED) if options.annotate else None,
    )
    text = json.dumps(result, indent=2)
    if arguments.json:
        arguments.json.write_text(text + "\n", "utf-8")
    print(text)
    return 0


def _source(text: str) -> Path | str:
    """A link as it is, a file as a path. Raises FileMissing."""
    if "://" in text:
        return text
    if not Path(text).is_file():
        raise FileMissing(f"There is no file {text}.")
    return Path(text)


def _options(arguments: argparse.Namespace, settings: config.Settings) -> Options:
    from har.options import parse_options

    form = {
        "labels": arguments.labels,
        "stride": arguments.stride,
        "threshold": arguments.threshold,
        "annotate": "0" if arguments.no_annotate else "1",
        # That one may be more than a name, and is no option of requests.
        "model": arguments.model if arguments.models else None,
        "models": arguments.models,
    }
    given = {key: str(value) for key, value in form.items() if value is not None}
    return parse_options(given, settings)


@contextmanager
def _progress_bar() -> Iterator[Progress]:
    """A bar on standard error where that is a terminal."""
    from tqdm import tqdm

    with tqdm(total=100, disable=None, bar_format="{desc:10} {bar} {n:3.0f}% {elapsed}") as bar:

        def show(phase: str, fraction: float) -> None:
            bar.set_description_str(phase, refresh=False)
            bar.n = 100 * fraction
            bar.refresh()

        yield show


def _serve(arguments: argparse.Namespace, settings: config.Settings) -> int:
    from har.serve import serve

    return serve(settings)


def _worker(arguments: argparse.Namespace, settings: config.Settings) -> int:
    from har.jobs.worker import main as work

    return work(settings)


def _migrate(arguments: argparse.Namespace, settings: config.Settings) -> int:
    from har.jobs.database import migrate

    migrate(settings)
    print("The database is of this version.")
    return 0


def _add_labels(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "text", metavar="TEXT", nargs="?", default="", help="a part of a name; all without it"
    )


def _labels(arguments: argparse.Namespace, settings: config.Settings) -> int:
    from har.models.labels import VOCABULARY

    found = VOCABULARY.search(arguments.text)
    if not found:
        raise BadLabels(f"No action is called '{arguments.text}'. 'har labels' lists all.")
    for entry in found:
        others = ", ".join(name for name in entry.names if name not in (entry.label, entry.words))
        near = f"; near: {', '.join(sorted(entry.near))}" if entry.near else ""
        print(f"{entry.label}: {entry.words} ({others}{near})")
    return 0


def _doctor(arguments: argparse.Namespace, settings: config.Settings) -> int:
    from har.doctor import main as examine

    return examine(settings)
