"""Probes many files at a few milliseconds each, with the same code and limits as ever."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from config import ROOT, Settings
from har.media import child, decoder
from har.media.probe import limits

_RUNNER = Path(__file__).with_name("many_probes.py")


def answers(files: Sequence[Path], settings: Settings) -> dict[str, Any]:
    """What the probe's process says of each of the files of a folder, by its name.

    Fails where the process ends or stays away, naming the file.
    """
    argv = [sys.executable, str(_RUNNER), limits(settings), *map(str, files)]
    found: dict[str, Any] = {}
    with child.start(
        argv,
        reads=[files[0].parent, _RUNNER],
        env={"PYTHONPATH": str(ROOT)},
        memory=decoder.memory(settings),
        patience=settings.stall_seconds,
    ) as running:
        try:
            for line in running.stdout:
                name, answer = json.loads(line)
                found[name] = answer
            running.wait(10)
        except Exception as error:
            culprit = next((f.name for f in files if f.name not in found), "?")
            raise AssertionError(f"{culprit}: {error!r} {running.stderr()}") from error
    return found
