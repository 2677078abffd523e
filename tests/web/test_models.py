"""The models that the workers which are there know."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from har.jobs.queue import Queue


def model(name: str, **facts: Any) -> dict[str, Any]:
    """One that a worker lacks and does not know."""
    unknown = {"title": name.upper(), "kind": "a head", "labels": None, "clip_seconds": None}
    return {"name": name, **unknown, "here": False, "default": False, **facts}


def work(queue: Queue, worker: str, *models: dict[str, Any]) -> None:
    queue.records.beat(worker, ready=True)
    queue.records.offer(worker, models)


def listed(client: FlaskClient) -> list[dict[str, Any]]:
    response = client.get("/models")
    assert response.status_code == 200
    found: list[dict[str, Any]] = response.get_json()["models"]
    return found


def test_none_are_known_before_a_worker_tells(client: FlaskClient, queue: Queue) -> None:
    assert listed(client) == []
    queue.records.beat("w", ready=False)
    assert listed(client) == []


def test_a_workers_are_told_in_its_order(client: FlaskClient, queue: Queue) -> None:
    models = model("bilstm", here=True, default=True), model("r3d_18"), model("videomae")
    work(queue, "w", *models)
    assert listed(client) == list(models)
    queue.records.beat("w", ready=True)
    assert listed(client) == list(models), "a heartbeat takes nothing away"


@pytest.mark.parametrize("first", ["v", "w"])
def test_what_one_of_several_workers_has_is_here(
    client: FlaskClient, queue: Queue, first: str
) -> None:
    known = model("lstm", labels=407, clip_seconds=2.56, here=True)
    others = {
        "v": (model("bilstm", default=True, here=True), known),
        "w": (model("bilstm"), model("lstm", default=True)),
    }
    for worker in sorted(others, reverse=first == "w"):
        work(queue, worker, *others[worker])
    bilstm, lstm = listed(client)
    assert bilstm == model("bilstm", default=True, here=True)
    assert lstm == {**known, "default": True}


def test_those_of_a_worker_that_is_gone_are_not_told(client: FlaskClient, queue: Queue) -> None:
    work(queue, "w", model("bilstm", here=True))
    queue.records.lost_after = 0.0
    assert listed(client) == []


def test_who_is_not_there_offers_nothing(client: FlaskClient, queue: Queue) -> None:
    queue.records.offer("nobody", [model("bilstm", here=True)])
    assert listed(client) == []
