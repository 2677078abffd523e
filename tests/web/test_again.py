"""Other labels and corrections, asked for over HTTP."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient

from config import Settings
from har.errors import ModelGone
from har.jobs import asking
from har.jobs.queue import Queue, Sender
from har.types import Options
from har.web import create_app
from tests.serving import PATIENCE, Service, eventually
from tests.web.worker import at_work, finish

LABELS = "gymnastics on bars,playing the piano,swimming in a pool"
OTHERS = ("a jigsaw,a pass,a goal", "a foul", "a bridge,a storm", "a queue,a fair", "a cat,a dog")
Ask = Callable[[str | None], dict[str, Any]]


@pytest.fixture
def id(queue: Queue, tmp_path: Path) -> str:
    """A job that is done."""
    id = queue.submit("https://example.org/a.mp4", Options(), Sender("me")).id
    queue.records.begin(id, "w")
    finish(queue, id, tmp_path, b"video")
    return id


def test_other_labels(client: FlaskClient, queue: Queue, id: str, tmp_path: Path) -> None:
    with at_work(queue, tmp_path, b"video"):
        answer = client.put(f"/jobs/{id}/labels", data={"labels": " Yoga , Tai Chi"})
        assert answer.status_code == 200
        assert answer.get_json()["labels"] == ["Yoga", "TaiChi"]
        assert answer.get_json() == client.get(f"/jobs/{id}").get_json()["result"]
        assert client.put(f"/jobs/{id}/labels").get_json()["labels"] is None
        assert client.put(f"/jobs/{id}/labels", data={"labels": ""}).status_code == 200


@pytest.mark.parametrize("labels", ["a,,b", "a,b,c,d", " ", "x" * 101, "a\x00"])
def test_labels_that_cannot_be_used(client: FlaskClient, id: str, labels: str) -> None:
    answer = client.put(f"/jobs/{id}/labels", data={"labels": labels})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_labels")


def test_labels_in_another_form(client: FlaskClient, id: str) -> None:
    """To take none of them for a wish to have the first ones back would surprise."""
    answer = client.put(f"/jobs/{id}/labels", json={"labels": "Yoga"})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_option")


@pytest.mark.parametrize("what", ["labels", "corrections"])
def test_only_of_a_job_that_is_done(client: FlaskClient, queue: Queue, what: str) -> None:
    waiting = queue.submit("https://example.org/a.mp4", Options(), Sender("me")).id
    for id in (waiting, "none", "no%20id"):
        answer = client.put(f"/jobs/{id}/{what}", data={"labels": "a", "first": "0"})
        assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")


def test_why_the_worker_has_no_answer_is_told(client: FlaskClient, queue: Queue, id: str) -> None:
    queue.records.beat("w", True)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(client.put, f"/jobs/{id}/labels")
        question = eventually(lambda: asking.take(queue.records, "w"), "question", 10)
        asking.refuse(queue.records, question, ModelGone("Send the video again."))
        answer = asked.result()
    assert (answer.status_code, answer.content_type) == (409, "application/problem+json")
    assert answer.get_json()["code"] == "model_gone"


def test_without_a_worker_it_is_told_at_once(client: FlaskClient, id: str) -> None:
    answer = client.put(f"/jobs/{id}/labels")
    assert (answer.status_code, answer.get_json()["code"]) == (503, "no_worker")


def test_the_address_is_enough_and_the_rate_is_limited(settings: Settings, id: str) -> None:
    app = create_app(dataclasses.replace(settings, require_key=True, rate_limit="2/minute"))
    asked = [app.test_client().put(f"/jobs/{id}/labels").status_code for _ in range(3)]
    assert asked == [503, 503, 429]
    corrected = app.test_client().put(f"/jobs/{id}/corrections", data={"first": "0"})
    assert corrected.status_code == 200


def test_a_correction_is_seen_wherever_the_result_is(client: FlaskClient, id: str) -> None:
    before = client.get(f"/jobs/{id}").get_json()["result"]
    answer = client.put(f"/jobs/{id}/corrections", data={"first": "1", "label": " Sit Down "})
    assert answer.status_code == 200
    result = answer.get_json()
    first, second = result["segment_predictions"]
    assert first == before["segment_predictions"][0]
    assert (second["label"], second["source"], second["confidence"]) == ("SitDown", "person", 1.0)
    assert second["corrected"]["label"] == before["segment_predictions"][1]["label"]
    assert result["timeline"][-1]["label"] == "SitDown"
    assert client.get(f"/jobs/{id}").get_json()["result"] == result
    assert '"corrected"' in client.get(f"/jobs/{id}/events").text
    exported = client.get(f"/jobs/{id}/export/csv?source=person").text
    assert "SitDown,1.0,person" in exported
    back = client.put(f"/jobs/{id}/corrections", data={"first": "0", "last": "1", "label": ""})
    assert back.get_json() == before


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "bad_option"),
        ({"label": "Yoga"}, "bad_option"),
        ({"first": "-1", "label": "Yoga"}, "bad_option"),
        ({"first": "one", "label": "Yoga"}, "bad_option"),
        ({"first": "1", "last": "0", "label": "Yoga"}, "bad_option"),
        ({"first": "2", "label": "Yoga"}, "bad_option"),
        ({"first": "0", "last": "9" * 20, "label": "Yoga"}, "bad_option"),
        ({"first": "0", "label": "x" * 101}, "bad_labels"),
        ({"first": "0", "label": "a\nb"}, "bad_labels"),
    ],
)
def test_corrections_that_cannot_be_made(
    client: FlaskClient, queue: Queue, id: str, fields: dict[str, str], code: str
) -> None:
    answer = client.put(f"/jobs/{id}/corrections", data=fields)
    assert (answer.status_code, answer.get_json()["code"]) == (400, code)
    assert queue.records.get(id).corrections == {}


@pytest.fixture(scope="module")
def service(shared_service: Service) -> Service:
    return shared_service


@pytest.fixture(scope="module")
def video(samples: Path) -> Path:
    return samples / "real" / "gymnastics.mp4"


@pytest.fixture(scope="module")
def result(service: Service, video: Path) -> dict[str, Any]:
    """Of a job of which every clip went to the zero-shot model."""
    return recognised(service, video)


@pytest.fixture
def ask(service: Service, result: dict[str, Any]) -> Ask:
    """Asks for other labels of that job."""

    def ask(labels: str | None) -> dict[str, Any]:
        form = {} if labels is None else {"labels": labels}
        answer = requests.put(
            f"{service.url}/jobs/{result['id']}/labels", data=form, timeout=PATIENCE
        )
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    return ask


def recognised(service: Service, video: Path, **form: object) -> dict[str, Any]:
    answer = service.predict(video=video, threshold=1, **form)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def undecoded(service: Service, ask: Ask, labels: str) -> dict[str, Any]:
    """The answer, while nothing may be decoded."""
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, labels)
        while not asked.done():
            assert service.decoders() == []
        return asked.result()


def seconds(ask: Ask, *vocabularies: str) -> list[float]:
    taken = []
    for labels in vocabularies:
        began = time.perf_counter()
        assert ask(labels)["labels"] == labels.split(",")
        taken.append(time.perf_counter() - began)
    return taken


def test_the_same_as_of_a_fresh_job_and_back(
    service: Service, video: Path, result: dict[str, Any], ask: Ask
) -> None:
    again = undecoded(service, ask, LABELS)
    assert again["annotated_url"] is None, "it has the old labels in it"
    fresh = recognised(service, video, labels=LABELS, annotate=0)
    own = {"id", "timings", "video_url"}
    assert {k: v for k, v in again.items() if k not in own} == {
        k: v for k, v in fresh.items() if k not in own
    }
    assert again["segment_predictions"] != result["segment_predictions"]
    assert ask(None) == result


def test_a_correction_outlasts_other_labels(
    service: Service, result: dict[str, Any], ask: Ask
) -> None:
    address = f"{service.url}/jobs/{result['id']}/corrections"
    form = {"first": 0, "last": 1, "label": "Sit Down"}
    assert requests.put(address, data=form, timeout=PATIENCE).status_code == 200
    again = ask(LABELS)["segment_predictions"]
    assert [segment["label"] for segment in again[:2]] == ["SitDown"] * 2
    assert {segment["corrected"]["source"] for segment in again[:2]} == {"semantic"}
    assert {segment["source"] for segment in again[2:]} == {"semantic"}
    taken_back = {"first": 0, "last": len(again) - 1}
    assert requests.put(address, data=taken_back, timeout=PATIENCE).status_code == 200
    assert ask(None) == result


@pytest.mark.serial
def test_it_takes_less_than_a_second(service: Service, ask: Ask) -> None:
    (first,) = seconds(ask, "warming up")
    new = seconds(ask, *OTHERS)
    known = seconds(ask, *OTHERS)
    print("the first:", first, "new labels:", new, "known labels:", known)
    assert statistics.median(known) < 1


def test_another_job_is_not_waited_for(service: Service, samples: Path, ask: Ask) -> None:
    job = service.submit(video=samples / "real" / "water_sport.mp4", stride=4, threshold=1)

    def told() -> dict[str, Any]:
        document: dict[str, Any] = requests.get(job, timeout=PATIENCE).json()
        return document

    eventually(lambda: told()["phase"] == "recognise", "the other job")
    new = seconds(ask, *(f"{labels},beside" for labels in OTHERS))
    known = seconds(ask, *OTHERS)
    assert told()["state"] == "running"
    print("new labels:", new, "known labels:", known)
    assert statistics.median(known) < 3, "two share the processor"
    other = eventually(lambda: told()["result"], "its end")
    assert other["labels"] is None
    assert {segment["source"] for segment in other["segment_predictions"]} == {"semantic"}
