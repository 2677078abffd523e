"""What each example of the documentation is to have done, by the operation's endpoint."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from tests.serving import Service

TELLING = {
    "Send a file and keep the job's id": '\nprintf %s "$JOB"',
    "Begin an upload and keep its id": '\nprintf %s "$UPLOAD"',
}
"""What is added to examples that say nothing, by their labels."""


@dataclass(frozen=True)
class Ran:
    """What became of an example."""

    code: int
    output: bytes
    """What it said, or wrote into the only file that it made."""
    answers: list[tuple[int, str]]
    """Status and media type of what curl was answered."""
    errors: str

    @property
    def json(self) -> Any:
        return json.loads(self.output)


Check = Callable[[Ran, Service, str, str], None]
CHECKS: dict[str, Check] = {}


def of(endpoint: str) -> Callable[[Check], Check]:
    """Says which example a check is of."""

    def keep(check: Check) -> Check:
        CHECKS[endpoint] = check
        return check

    return keep


@of("jobs.predict")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    result = ran.json
    assert result["timeline"]
    assert result["video"]["origin"] == ("url" if "link" in label else "upload")
    if "your own" in label:
        assert result["labels"] == ["JugglingBalls", "PlayingChess"]
    if "two models" in label:
        assert (result["model"], result["comparison"]["model"]) == ("bilstm", "r3d_18")
        assert result["comparison"]["timeline"]


@of("jobs.create")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    id = ran.output.decode() if label in TELLING else ran.json["id"]
    assert id != job
    assert id in service.jobs()
    assert requests.delete(f"{service.url}/jobs/{id}", timeout=10).status_code == 204


@of("jobs.index")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    ids = [each["id"] for each in ran.json["jobs"]]
    # The key's owner has sent nothing.
    assert (job in ids) is ("own machine" in label)


@of("jobs.show")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    assert (ran.json["id"], ran.json["state"]) == (job, "done")


@of("jobs.events")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    events = ran.output.decode().strip().split("\n\n")
    assert "event: segment" in events[0]
    assert events[-1].startswith("event: done")


@of("jobs.cancel")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    assert requests.get(f"{service.url}/jobs/{job}", timeout=10).status_code == 404
    assert job not in service.jobs()


@of("files.video")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    video = requests.get(f"{service.url}/jobs/{job}/video", timeout=10).content
    part = "thousand" in label
    assert ran.output == (video[:1000] if part else video)
    assert ran.answers[-1][0] == (206 if part else 200)


@of("files.playable")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    assert ran.output[4:8] == b"ftyp"


@of("files.cut")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    # Of the video's own kind.
    assert (ran.output[:4], ran.output[8:12]) == (b"RIFF", b"AVI ")


@of("files.frames")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    assert ran.output.startswith(b"\xff\xd8")


@of("files.picture")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    assert ran.output.startswith(b"\xff\xd8")


@of("files.training")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    names = zipfile.ZipFile(io.BytesIO(ran.output)).namelist()
    assert "manifest.csv" in names
    assert len(names) > 1


@of("files.annotated")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    assert ran.output[4:8] == b"ftyp"


@of("files.export")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    text = ran.output.decode()
    if "captions" in label:
        assert text.splitlines()[0] == "1"
        assert " --> " in text.splitlines()[1]
    else:
        rows = list(csv.DictReader(text.splitlines()))
        assert rows
        assert all(float(row["confidence"]) >= 0.6 for row in rows)


@of("asking.labels")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    assert ran.json["labels"] == ["JugglingBalls", "PlayingChess"]


@of("asking.corrections")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    first, _, third, *_ = ran.json["segment_predictions"]
    assert third["label"] == "JugglingBalls"
    assert ("corrected" in first) is ("back" not in label)


def offset(service: Service, upload: str) -> str | None:
    """How much of an upload is there; None where there is none."""
    headers = {"Tus-Resumable": "1.0.0"}
    found = requests.head(f"{service.url}/uploads/{upload}", headers=headers, timeout=10)
    return found.headers.get("Upload-Offset")


@of("uploads.create")
def _(ran: Ran, service: Service, upload: str, label: str) -> None:
    assert offset(service, ran.output.decode()) == "0"


@of("uploads.show")
def _(ran: Ran, service: Service, upload: str, label: str) -> None:
    assert b"Upload-Offset: 0\r\n" in ran.output


@of("uploads.append")
def _(ran: Ran, service: Service, upload: str, label: str) -> None:
    headers = {"Tus-Resumable": "1.0.0"}
    found = requests.head(f"{service.url}/uploads/{upload}", headers=headers, timeout=10).headers
    assert found["Upload-Offset"] == found["Upload-Length"]


@of("uploads.remove")
def _(ran: Ran, service: Service, upload: str, label: str) -> None:
    assert offset(service, upload) is None


@of("models.index")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    default, *others = ran.json["models"]
    assert (default["name"], default["here"], default["default"]) == ("bilstm", True, True)
    assert not any(each["default"] for each in others)


@of("health.healthz")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    assert ran.json["status"] == "ok"


@of("health.readyz")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    assert ran.json["ready"] is True


@of("metrics.show")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    assert "har_jobs_ended_total{" in ran.output.decode()


@of("openapi.show")
def _(ran: Ran, service: Service, job: str, label: str) -> None:
    assert ran.json["paths"]
