"""``python -m benchmarks [NAME ...]``: measure, print tables, and keep the numbers in a JSON.

Each benchmark measures ours beside what it is compared with in the same run, several times, and
gives medians and ratios, since machines are noisy. ``docs/performance.md`` is made from the JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

from benchmarks import annotated, chaos, hours, jobs, live, memory, page, speed, startup, streams

RESULTS = Path(__file__).with_name("results.json")
ALL = {
    "speed": speed.measure,
    "memory": memory.measure,
    "annotated": annotated.measure,
    "startup": startup.measure,
    "live": live.measure,
    "hours": hours.measure,
    "streams": streams.measure,
    "jobs": jobs.measure,
    "chaos": chaos.measure,
    "page": page.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which of {', '.join(ALL)}; all without a name")
    names = parser.parse_args().names or list(ALL)
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results["machine"] = machine()
    for name in names:
        results[name] = ALL[name]()
        print(f"\n{name}")
        for key, value in results[name].items():
            print(f"  {key:42} {value}")
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")


def machine() -> dict[str, str | int]:
    """What the numbers were measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "")
    return {
        "processor": model or platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "torch": version("torch"),
    }


if __name__ == "__main__":
    main()
