"""The command ``models``. What is heavy is imported when it runs."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config import Settings


def add_models(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--fetch",
        metavar="NAME",
        help="download a model's weights from where they are offered",
    )
    parser.add_argument(
        "--time", action="store_true", help="measure how long each takes for a clip on this machine"
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the option of commands that recognise."""
    parser.add_argument(
        "--model",
        default="",
        metavar="NAME",
        help="one of `har models`, or the file of one trained here; HAR_MODEL's without it",
    )


def run_models(arguments: argparse.Namespace, settings: Settings) -> int:
    """Raises what har.models.fetching.fetch() does, and CheckpointError."""
    # Without Xet it is one plain download; read when the hub's client is imported.
    os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
    if arguments.fetch:
        from har.models.fetching import fetch

        fetch(settings, arguments.fetch)
        print(f"The weights of {arguments.fetch} are here.", file=sys.stderr)
        return 0
    from har.models import listing

    print(listing.table(settings, timed=arguments.time))
    return 0
