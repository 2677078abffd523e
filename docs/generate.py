"""Writes the parts of docs/ that are made from code and measurements: ``make docs``."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))

import config  # noqa: E402  (the repository is no installed package)


def settings() -> str:
    """docs/settings.md, from config.py."""
    rows = [
        f"| `{config.variable(f.name)}` | {_default(f.default)} | {f.metadata['unit']} "
        f"| {f.metadata['help']} |"
        for f in dataclasses.fields(config.Settings)
    ]
    head = "| variable | default | unit | what it is |\n|---|---|---|---|\n"
    intro = (
        "# Settings\n\nEnvironment variables, checked at start; one that is misspelt or out of "
        "range is told by name.\nMade from `config.py` by `make docs`.\n\n"
    )
    return intro + head + "\n".join(rows) + "\n"


def _default(value: Any) -> str:
    if isinstance(value, Path):
        value = value.relative_to(config.ROOT)
    if isinstance(value, bool):
        value = int(value)
    return f"`{value}`" if value != "" else ""


def performance() -> str:
    """docs/performance.md, from benchmarks/results.json."""
    results = json.loads((DOCS.parent / "benchmarks" / "results.json").read_text())
    machine = results.pop("machine")
    facts = ", ".join(f"{name} {value}" for name, value in machine.items())
    intro = (
        "# Performance\n\nMeasured by `make bench` and made from `benchmarks/results.json` by "
        f"`make docs`.\nMachine: {facts}.\n\nThe model was one of ten actions then, on pictures of "
        "112x112. What is shipped takes 1.07 times as\nlong for a minute on a processor with "
        "VNNI: see [experiments](experiments.md).\n"
    )
    return intro + "".join(_table(name, rows) for name, rows in results.items())


def _table(name: str, rows: dict[str, Any]) -> str:
    lines = "\n".join(f"| {key} | {value} |" for key, value in rows.items())
    return f"\n## {name.capitalize()}\n\n{_TOLD[name]}\n\n| what | value |\n|---|---|\n{lines}\n"


_TOLD = {
    "speed": "From a 60 s file (1280x720, H.264, 30 fps) to the JSON, models loaded, beside the "
    "straightforward way:\nOpenCV decodes every full frame, and each clip by itself resizes its "
    "frames with PIL and runs them through\nthe CNN in float32. Medians of alternating runs, each "
    "way in a process of its own. Where the model is so unsure\nthat its two best scores are all "
    "but equal, the ways can name different ones.",
    "memory": "Peak resident memory of a process that recognises one video.",
    "annotated": "The annotated video of the same 60 s, beside a plain `ultrafast` encode of them.",
    "startup": "How soon the command line answers.",
    "live": "`har live` on the minute at its own speed: from the arrival of a clip's last frame at "
    "8 frames per second\nto the line that answers it, and the memory of its process.",
    "hours": "An hour of a live stream, as fast as the recogniser takes them: medians of 20 "
    "looks at its process in the first\nquarter, and in the last.",
    "streams": "So many live streams at once with the same networks, each at 8 frames per second "
    "for 30 s: from the arrival of a\nclip's last frame to its answer, and the clips that were "
    "skipped since others had come meanwhile.",
    "jobs": "Real videos of two to ten seconds, sent to a running service. Jobs a minute: so many "
    "workers as machines\nof their own would be, sharing Redis, PostgreSQL and a folder, with one "
    "thread each, all on this machine's\ncores; medians of five runs of 40 jobs. `POST /jobs` is "
    "timed while every worker has a job and more wait. The\nrows of 500 jobs run on the default "
    "engines with `HAR_KEEP_MB=2`: what the service holds after 50 of them and\nafter all, "
    "once old jobs are swept away.",
    "chaos": "`kill -9` at random moments over a stream of jobs on the service that "
    "`python app.py` starts. The\nbenchmark fails unless every accepted job ends, each result is "
    "that of an undisturbed run, nobody's job comes\ntwice, and no process, message or file is "
    "left.",
    "page": "Headless Chromium on the page of a job with so many segments: from the request to the "
    "drawn timeline and\ntable (median of three), and the time from frame to frame over 120 frames "
    "in which the timeline zooms or pans, the\nvideo plays, or the table scrolls. A screen shows "
    "one each 16.7 ms, and the page's own work must fit into that.",
}

GENERATED = {"settings.md": settings, "performance.md": performance}

if __name__ == "__main__":
    for name, make in GENERATED.items():
        (DOCS / name).write_text(make(), "utf-8")
