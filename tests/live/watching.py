"""Runs ``python -m har live`` as its users do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import config


@contextmanager
def live(
    source: object,
    folder: Path,
    environment: dict[str, str],
    output: int | None = None,
    options: tuple[str, ...] = (),
) -> Iterator[subprocess.Popen[bytes]]:
    """The command, which writes to ``out`` and ``err`` of a folder."""
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "har", "live", str(source), *options],
            stdout=out if output is None else output,
            stderr=err,
            cwd=config.ROOT,
            env=environment,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def lines(folder: Path) -> list[dict[str, object]]:
    """What was written so far, in whole lines."""
    text = (folder / "out").read_text()
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]
