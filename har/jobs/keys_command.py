"""The command ``keys``. What is heavy is imported when it runs."""

from __future__ import annotations

import argparse
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy as sa

    from config import Settings


def add_keys(parser: argparse.ArgumentParser) -> None:
    """Add what can be done with keys."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="make a key and print it, this once")
    add.add_argument("name", metavar="NAME", help="whose it is: letters, digits, dots, hyphens")
    add.add_argument(
        "--rate", help="most videos that may be sent with it, such as 10/minute, in the place of "
        "HAR_RATE_LIMIT",
    )  # fmt: skip
    actions.add_parser("list", help="tell the names of all keys, their rates and their age")
    remove = actions.add_parser("remove", help="have a key be good for nothing any more")
    remove.add_argument("name", metavar="NAME")


def run_keys(arguments: argparse.Namespace, settings: Settings) -> int:
    """Raises BadOption, NotFound and what har.jobs.database.connect() does."""
    from har.jobs import keys

    with _database(settings) as engine:
        if arguments.action == "add":
            print(keys.add(engine, arguments.name, arguments.rate))
            print("har: Keep it: it is not shown again.", file=sys.stderr)
        elif arguments.action == "remove":
            keys.remove(engine, arguments.name)
        else:
            _list(engine)
    return 0


def _list(engine: sa.Engine) -> None:
    """A line for each: name, rate, day."""
    from datetime import UTC, datetime

    from har.jobs import keys

    for key in keys.all_of(engine):
        made = datetime.fromtimestamp(key.created, UTC).date()
        print(f"{key.name}\t{key.rate or '-'}\t{made}")


@contextmanager
def _database(settings: Settings) -> Iterator[sa.Engine]:
    from har.jobs.database import connect

    engine = connect(settings)
    try:
        yield engine
    finally:
        engine.dispose()
