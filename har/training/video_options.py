"""The options with which ``evaluate`` and ``calibrate`` are told of labelled videos."""

from __future__ import annotations

import argparse
from pathlib import Path

from har.errors import BadOption
from har.training import layouts
from har.training.layouts import KINDS, SPLITS, Part
from har.training.manifest import Row


def add(parser: argparse.ArgumentParser) -> None:
    """Add them."""
    parser.add_argument(
        "--data",
        choices=KINDS,
        default=KINDS[0],
        help="how the labels are given (default: %(default)s)",
    )
    parser.add_argument(
        "--manifest",
        type=Path,
        nargs="+",
        metavar="CSV",
        help="the labelled videos, in one file or several: file,label and perhaps source,group,"
        "fold and accept, the further names that are right for a video, separated by |",
    )
    parser.add_argument(
        "--root", type=Path, required=True, metavar="DIR", help="the folder its files are below"
    )
    parser.add_argument(
        "--classes",
        default="",
        metavar="LABEL,...",
        help="only the videos of these labels, comma-separated",
    )
    parser.add_argument(
        "--split", type=int, choices=SPLITS, default=1, help="official split of ucf101 and hmdb51"
    )
    parser.add_argument(
        "--unknown", type=Path, metavar="DIR", help="videos of actions that the model does not know"
    )


def rows(arguments: argparse.Namespace, part: Part) -> list[Row]:
    """The labelled videos. Raises BadOption and ManifestError."""
    found = layouts.read(
        arguments.data,
        arguments.root,
        manifest=arguments.manifest,
        split=arguments.split,
        part=part,
        classes=arguments.classes,
    )
    if all(row.fold is None for row in found):
        raise BadOption("None of the labelled videos has a fold: there is nothing to measure.")
    return found
