"""The whole service on a disk that fills up while it works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.media.site import Site
from tests.serving import Service, eventually, serving
from tests.small_disk import filled, small_disk
from tests.web.going_live import going_live, pictures

pytestmark = pytest.mark.slow

Maker = Callable[..., Path]


@pytest.fixture(scope="module")
def noise(make_video: Maker) -> Path:
    """A video of 1.8 MB, and of 3.3 MB with its labels written in."""
    source = ("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=6,noise=alls=100:allf=t")
    return make_video("noise.mp4", *source, "-c:v", "libx264", "-preset", "ultrafast", "-crf", "40")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a disk of 30 MB that soon sees that a worker has left a job, and that writes
    nothing of its own once it is ready."""
    folder = tmp_path_factory.mktemp("service")
    settings = {"min_free_mb": 0, "lost_after_seconds": 2, "allow_private_urls": 1}
    with small_disk(folder / "var", 30), serving(folder, seeded=False, **settings) as service:
        before = {process.pid for process in service.children()}
        yield service
        assert {process.pid for process in service.children()} == before, service.output()
        assert "Traceback" not in service.output()


def job(address: str) -> dict[str, Any]:
    document: dict[str, Any] = requests.get(address, timeout=10).json()
    return document


def failure(address: str) -> dict[str, Any]:
    """The error of a job, once it has failed."""
    found = eventually(lambda: (told := job(address))["error"] and told, "the job's failure")
    assert found["state"] == "failed"
    error: dict[str, Any] = found["error"]
    return error


def test_what_cannot_be_annotated_is_told(service: Service, noise: Path) -> None:
    with filled(service.data, leaving=noise.stat().st_size + 1_500_000):
        address = service.submit(video=noise)
        error = failure(address)
    assert (error["code"], error["status"]) == ("disk_full", 503)
    assert job(address)["attempts"] == 1
    assert service.jobs() == []


def test_what_cannot_be_fetched_is_told(service: Service, tmp_path: Path) -> None:
    (tmp_path / "large.mp4").write_bytes(bytes(6_000_000))
    with Site() as site, filled(service.data, leaving=3_000_000):
        site.folder(tmp_path)
        error = failure(service.submit(url=f"{site.url}/large.mp4"))
    assert error["code"] == "disk_full"
    assert service.jobs() == []


def test_a_stream_that_cannot_be_recorded_is_kept_without(service: Service, samples: Path) -> None:
    shown = pictures(samples / "real" / "arm_wrestling.mp4", seconds=3)
    with going_live(service.url, record=True) as live, filled(service.data, leaving=1_000_000):
        live.show(shown)
        live.send(b"\x02" + bytes(2_000_000))
        told = live.rest()[-1]
    assert (told["type"], told["problem"]["code"]) == ("problem", "disk_full")
    address = f"{service.url}/jobs/{live.job}"
    eventually(lambda: job(address)["state"] == "done", "the end")
    result = job(address)["result"]
    assert result["segment_predictions"]
    assert result["video_url"] is None
    assert service.jobs() == []


def test_a_job_ends_once_there_is_room_again(service: Service, make_video: Maker) -> None:
    source = ("-f", "lavfi", "-i", "testsrc2=d=25:r=8:s=320x240")
    video = make_video("seconds.mp4", *source, "-c:v", "libx264", "-preset", "ultrafast")
    address = service.submit(video=video, threshold=0, annotate=0)
    eventually(lambda: job(address)["phase"] == "recognise", "the work")
    with filled(service.data):
        eventually(lambda: "left, since nothing can be recorded" in service.output(), "trouble")
        assert requests.get(f"{service.url}/healthz", timeout=10).status_code == 200
    done = eventually(lambda: (told := job(address))["state"] == "done" and told, "the end")
    assert done["attempts"] == 2


def test_the_service_goes_on(service: Service, noise: Path) -> None:
    assert service.predict(video=noise, annotate=0).status_code == 200
