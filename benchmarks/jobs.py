"""What the service does with a stream of jobs: how many, how soon it answers, and what it keeps."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median, quantiles

import requests

from benchmarks.parts import find
from benchmarks.speed import seconds
from benchmarks.videos import labelled
from tests.machines import Machines, machines, metrics
from tests.serving import Service, eventually, serving

STREAM = 40
"""Jobs whose throughput is measured, in each run."""

RUNS = 5

POSTS = 100
ROW = 500
"""Jobs in a row after which nothing may have grown."""

_KEEP_MB = 2
_GENEROUS = {"rate_limit": "100000/minute", "max_queued_jobs": 10_000}


def measure() -> dict[str, float]:
    return {**throughput(), **answers(), **growth()}


def throughput() -> dict[str, float]:
    """Jobs a minute of one, two and three workers that share Redis, PostgreSQL and a folder."""
    found = {}
    for workers in (1, 2, 3):
        with (
            tempfile.TemporaryDirectory() as name,
            machines(Path(name), workers, **_GENEROUS) as site,
        ):
            work = partial(_work_through, site)
            took = median(seconds(work) for _ in range(RUNS))
            found[f"jobs a minute, workers: {workers}"] = round(60 * STREAM / took, 1)
    return found


def _work_through(site: Machines) -> None:
    ids = [site.submit(video) for video in _videos(STREAM)]
    ends = [site.ended(id)["state"] for id in ids]
    assert set(ends) == {"done"}


def answers() -> dict[str, float]:
    """Milliseconds in which ``POST /jobs`` answers while all workers are busy."""
    with tempfile.TemporaryDirectory() as name, serving(Path(name), **_GENEROUS) as service:
        alone = _answers(service.url, 1)
    with tempfile.TemporaryDirectory() as name, machines(Path(name), 3, **_GENEROUS) as site:
        many = _answers(site.url, 3)
    return {
        **{f"POST /jobs, SQLite and files, {which} (ms)": ms for which, ms in alone.items()},
        **{f"POST /jobs, PostgreSQL and Redis, {which} (ms)": ms for which, ms in many.items()},
    }


def _answers(url: str, workers: int) -> dict[str, float]:
    def post(video: Path) -> None:
        files = {"video": (video.name, video.read_bytes())}
        assert requests.post(f"{url}/jobs", files=files, timeout=30).status_code == 202

    def running() -> int:
        return int(metrics(url)['har_jobs{state="running"}'])

    for video in _videos(4 * workers):
        post(video)
    eventually(lambda: running() == workers, "work for all")
    times = [1000 * seconds(partial(post, video)) for video in _videos(POSTS)]
    assert running() == workers, "they had nothing left to do"
    return {"median": round(median(times), 1), "p95": round(quantiles(times, n=20)[-1], 1)}


def growth() -> dict[str, float]:
    """Memory, file descriptors and disk after a tenth of a long row of jobs, and after all."""
    tenth = ROW // 10
    with (
        tempfile.TemporaryDirectory() as name,
        serving(Path(name), keep_mb=_KEEP_MB, **_GENEROUS) as service,
    ):
        _in_a_row(service, tenth)
        early = _held(service)
        _in_a_row(service, ROW - tenth)
        late = _held(service)
    rows = {}
    for what, value in early.items():
        rows[f"after {tenth} jobs, {what}"] = value
        rows[f"after {ROW} jobs, {what}"] = late[what]
    return rows


def _in_a_row(service: Service, count: int) -> None:
    for video in _videos(count):
        response = service.predict(video=video)
        assert response.status_code == 200, response.text


def _held(service: Service) -> dict[str, float]:
    """What a service holds, once the jobs that are over ``keep_mb`` are removed."""
    jobs = service.data / "jobs"
    eventually(lambda: _bytes(jobs) <= _KEEP_MB * 1_000_000, "the sweep")
    held = {}
    for part in ("web worker", "worker parent", "worker child"):
        process = find(service, part)
        held[f"{part}: memory (MiB)"] = round(process.memory_info().rss / 2**20, 1)
        held[f"{part}: file descriptors"] = process.num_fds()
    held["files of jobs (MB)"] = round(_bytes(jobs) / 1e6, 2)
    held["all other files (MB)"] = round((_bytes(service.data) - _bytes(jobs)) / 1e6, 2)
    return held


def _bytes(folder: Path) -> int:
    total = 0
    # os.walk passes over folders that are removed meanwhile.
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(place, name).stat().st_size
    return total


def _videos(count: int) -> Iterable[Path]:
    """Real ones of two to ten seconds."""
    return islice(cycle(labelled(12)), count)
