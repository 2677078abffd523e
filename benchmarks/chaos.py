"""kill -9 at random moments over a stream of jobs: none is lost, and none comes out different."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import count, cycle
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import psutil
import requests

import config
from benchmarks.parts import PARTS, find
from benchmarks.videos import labelled
from har.jobs.record import Records
from har.jobs.tables import Job
from tests.machines import processes
from tests.serving import Service, eventually, serving

KILLS = 200
SEED = 4

_PAUSE = (0.2, 3.0)
"""Shortest and longest seconds between kills. In the longer ones a worker loads its models anew
and does some jobs."""

_SETTLED = 90.0
"""Seconds in which all that jobs leave behind must be gone; workers sweep once a minute."""

_WAITING = 3
"""Jobs that are kept waiting."""


def measure() -> dict[str, int | float]:
    with tempfile.TemporaryDirectory() as name:
        return survive(Path(name), labelled(6), KILLS)


def survive(folder: Path, videos: Sequence[Path], kills: int) -> dict[str, int | float]:
    """Kill processes of a service while it works through a stream of jobs; returns what became of
    them. Fails where a job is lost, differs, or leaves anything behind."""
    temporary = folder / "tmp"
    temporary.mkdir()
    began = time.monotonic()
    settings = {"lost_after_seconds": 2, "rate_limit": "100000/minute"}
    with patch.dict(os.environ, TMPDIR=str(temporary)), serving(folder, **settings) as service:
        expected = {video: outcome(service.predict(video=video).json()) for video in videos}
        records = Records(config.Settings(data_dir=service.data))
        known = records.ids()
        stream = Stream(service.url, records, videos)
        try:
            killed = kill_at_random(service, kills)
        finally:
            accepted = stream.end()
        jobs = {id: ended(records, id) for id in accepted}
        assert records.ids() == known | set(accepted), "a job is lost, or nobody asked for it"
        for id, job in jobs.items():
            assert job.state == "failed" or outcome(job.result or {}) == expected[accepted[id]], id
        settle(service, temporary, records)
    assert not processes(temporary)
    return {
        **{f"kills, {part}": killed[part] for part in PARTS},
        "jobs accepted": len(jobs),
        **told(jobs.values()),
        "minutes": round((time.monotonic() - began) / 60, 1),
    }


def outcome(result: dict[str, Any]) -> tuple[Any, Any]:
    """What must be the same, however often a job was begun."""
    return result["segment_predictions"], result["timeline"]


def kill_at_random(service: Service, kills: int) -> Counter[str]:
    """How often each part of a service was killed: all about as often, in random order."""
    random, killed = Random(SEED), Counter[str]()
    while killed.total() < kills:
        for part in random.sample(list(PARTS), min(len(PARTS), kills - killed.total())):
            time.sleep(random.uniform(*_PAUSE))
            kill(service, part)
            killed[part] += 1
    return killed


def kill(service: Service, part: str) -> None:
    try:
        find(service, part).kill()
    except psutil.NoSuchProcess:
        # It ended by itself at that very moment.
        kill(service, part)


class Stream:
    """Sends videos, one after the other, so that some are always waiting."""

    def __init__(self, url: str, records: Records, videos: Sequence[Path]) -> None:
        self._url, self._records, self._videos = url, records, videos
        self._accepted: dict[str, Path] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def end(self) -> dict[str, Path]:
        """The ids of the jobs that were accepted, and their videos."""
        self._over.set()
        self._thread.join()
        return self._accepted

    def _run(self) -> None:
        for number, video in zip(count(), cycle(self._videos), strict=False):
            while self._records.counts()["queued"] >= _WAITING:
                if self._over.wait(0.1):
                    return
            send = partial(self._send, video, f"stream-{number}")
            self._accepted[eventually(send, "an answer of the web")] = video

    def _send(self, video: Path, key: str) -> str | None:
        """The id of a video's job; None where the web was not there to tell it."""
        try:
            response = requests.post(
                f"{self._url}/jobs",
                files={"video": (video.name, video.read_bytes())},
                headers={"Idempotency-Key": key},
                timeout=30,
            )
        except requests.RequestException:
            return None
        assert response.status_code == 202, response.text
        return str(response.json()["id"])


def ended(records: Records, id: str) -> Job:
    """A job, once it has."""
    eventually(lambda: records.get(id).ended, f"the end of job {id}")
    return records.get(id)


def told(jobs: Iterable[Job]) -> dict[str, int]:
    """How the jobs ended, and how often they were begun."""
    ends = Counter(f"failed, {job.error['code']}" if job.error else "done" for job in jobs)
    begun = Counter(f"begun {job.attempts} times" for job in jobs)
    return dict(sorted(ends.items()) + sorted(begun.items()))


def settle(service: Service, temporary: Path, records: Records) -> None:
    """Wait until nothing is left of the jobs. Fails, naming what is, where something stays."""
    orphans = set(service.jobs()) - records.ids()
    make_old([service.data / "jobs" / id for id in orphans])
    make_old((service.data / "work").iterdir())
    deadline = time.monotonic() + _SETTLED
    while remains := left(service, temporary, records):
        assert time.monotonic() < deadline, remains
        time.sleep(1)


def make_old(folders: Iterable[Path]) -> None:
    """Have folders of no job, which an upload under way or a worker may still be at for an hour,
    look as if that hour had passed."""
    then = time.time() - 7200
    for folder in folders:
        for path in (*folder.rglob("*"), folder):
            os.utime(path, (then, then))


def left(service: Service, temporary: Path, records: Records) -> list[str]:
    """What should be gone once all jobs have ended: processes, messages, files."""
    data = service.data
    own = {service.process.pid} | {find(service, p).pid for p in PARTS if p != "ffmpeg"}
    strangers = [str(p) for p in processes(temporary) if p.pid not in own]
    # Files, since a process that is killed leaves the empty folder of multiprocessing.
    files = [path for path in temporary.rglob("*") if path.is_file()]
    files += [*(data / "work").iterdir(), *(data / "queue").glob("*.msg*")]
    done = {id for id in records.ids() if records.get(id).state == "done"}
    return strangers + [str(path) for path in files] + list(set(service.jobs()) ^ done)
