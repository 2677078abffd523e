"""Three workers as separate machines would be: all they share is Redis, PostgreSQL and a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.machines import Machine, Machines, machines, processes
from tests.serving import PATIENCE, eventually

pytestmark = [pytest.mark.service, pytest.mark.slow, pytest.mark.serial]

Event = tuple[str, Any]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    with machines(tmp_path_factory.mktemp("machines"), 3, lost_after_seconds=5) as site:
        yield site


@pytest.fixture(scope="module")
def video(samples: Path) -> Path:
    """Ten seconds, which take a worker as many where every fourth frame begins a clip."""
    return samples / "real" / "gymnastics.mp4"


@pytest.fixture(scope="module")
def watched(site: Machines, video: Path) -> tuple[dict[str, Any], list[Event]]:
    """A job that nothing disturbed, and its events."""
    id = site.submit(video, stride=4)
    told = list(events(site, id))
    return site.job(id), told


def events(site: Machines, id: str) -> Iterator[Event]:
    kind = ""
    with requests.get(f"{site.url}/jobs/{id}/events", stream=True, timeout=PATIENCE) as stream:
        for line in stream.iter_lines():
            name, _, value = line.decode().partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                yield kind, json.loads(value)


def recognised(job: dict[str, Any]) -> tuple[Any, Any]:
    assert job["state"] == "done", job["error"]
    return job["result"]["segment_predictions"], job["result"]["timeline"]


def in_the_middle(site: Machines, id: str) -> Machine:
    """The worker that has recognised a part of a job, and not all."""

    def is_under_way() -> bool:
        job = site.job(id)
        assert not job["result"], "it ended before it was looked at"
        return bool(job["phase"] == "recognise" and job["progress"] > 0.1)

    eventually(is_under_way, "the middle of the job")
    return next(worker for worker in site.workers if worker.works_on(id))


def test_a_job_is_seen_from_the_web_as_it_goes(
    site: Machines, watched: tuple[dict[str, Any], list[Event]]
) -> None:
    job, told = watched
    segments, _ = recognised(job)
    assert [data for kind, data in told if kind == "segment"] == segments
    assert told[-1] == ("done", {})
    first = next(i for i, (kind, _) in enumerate(told) if kind == "segment")
    assert any(data.get("state") == "running" for _, data in told[first:]), "all came at the end"
    listed = requests.get(f"{site.url}/jobs", timeout=PATIENCE).json()["jobs"]
    assert job["id"] in [each["id"] for each in listed]
    annotated = requests.get(site.url + job["result"]["annotated_url"], timeout=PATIENCE)
    assert annotated.content[4:8] == b"ftyp"
    eventually(lambda: not any(w.works_on(job["id"]) for w in site.workers), "an empty folder", 10)


def test_workers_do_jobs_at_the_same_time(site: Machines, video: Path) -> None:
    ids = [site.submit(video, stride=8, annotate=0) for _ in site.workers]

    def all_at_work() -> bool:
        return all(any(worker.works_on(id) for id in ids) for worker in site.workers)

    eventually(all_at_work, "a job for each worker")
    results = [recognised(site.ended(id)) for id in ids]
    assert results[1:] == results[:-1]


def test_a_job_whose_worker_dies_is_done_by_another(
    site: Machines, video: Path, watched: tuple[dict[str, Any], list[Event]]
) -> None:
    undisturbed, _ = watched
    id = site.submit(video, stride=4)
    victim = in_the_middle(site, id)
    victim.die()
    others = [worker for worker in site.workers if worker is not victim]
    eventually(lambda: any(worker.works_on(id) for worker in others), "another worker", 60)
    job = site.ended(id)
    assert recognised(job) == recognised(undisturbed)
    assert (undisturbed["attempts"], job["attempts"]) == (1, 2)
    stored = {path.name for path in (site.storage / id).iterdir()}
    details = {"frames-0.jpg", "frames-1.jpg", "embeddings.safetensors"}
    assert stored == {"source.mp4", "annotated.mp4", *details}
    eventually(lambda: not processes(victim.folder / "tmp"), "the end of its children", 10)
