"""The whole service in processes of its own, driven over HTTP by files good and bad."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from har.models.labels import UCF101
from tests.media.site import Site, content
from tests.media.test_probe import H264, PICTURE, bad_file
from tests.servers import free_port
from tests.serving import Service, eventually, serving

Maker = Callable[..., Path]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with low limits that may fetch from the loopback address."""
    with serving(
        tmp_path_factory.mktemp("service"),
        allow_private_urls=1,
        max_upload_mb=3,
        max_duration_seconds=60,
        max_pixels=1920 * 1088,
    ) as service:
        yield service


def check_result(service: Service, result: dict[str, Any], origin: str) -> None:
    """A result that makes sense, with videos behind its addresses."""
    video, segments, timeline = (
        result[key] for key in ("video", "segment_predictions", "timeline")
    )
    end = video["start"] + video["duration"]
    assert video["origin"] == origin
    assert segments[0]["start"] == pytest.approx(video["start"], abs=0.01)
    assert segments[-1]["end"] == pytest.approx(end, abs=0.2)
    assert timeline[0]["start"] == pytest.approx(video["start"], abs=0.01)
    assert timeline[-1]["end"] == pytest.approx(end, abs=0.2)
    for segment in segments:
        assert 0 <= segment["confidence"] <= 1
        assert segment["source"] in ("bilstm", "semantic")
    for address in (result["video_url"], result["annotated_url"]):
        part = requests.get(service.url + address, headers={"Range": "bytes=4-11"}, timeout=10)
        assert part.status_code == 206
        assert part.content[:4] == b"ftyp"
        assert part.headers["Content-Type"] == "video/mp4"
    assert result["id"] in service.jobs()


def test_an_upload_is_recognised(service: Service, samples: Path) -> None:
    path = samples / "real" / "gymnastics.mp4"
    response = service.predict(video=path)
    assert response.status_code == 200, response.text
    result = response.json()
    check_result(service, result, "upload")
    original = requests.get(service.url + result["video_url"], timeout=10)
    assert original.content == path.read_bytes()


def test_a_link_is_recognised(service: Service, samples: Path) -> None:
    video = (samples / "real" / "gymnastics.mp4").read_bytes()
    with Site() as site:
        site.routes["/gymnastics.mp4"] = content(video, "video/mp4")
        response = service.predict(youtube_url=f"{site.url}/gymnastics.mp4")
    assert response.status_code == 200, response.text
    check_result(service, response.json(), "url")


def test_options_reach_the_models(service: Service, samples: Path) -> None:
    names = ("JugglingBalls", "SitDown")
    response = service.predict(
        video=samples / "real" / "gymnastics.mp4",
        labels="Juggling, Sit Down",
        stride=32,
        threshold=1,
        annotate=0,
    )
    assert response.status_code == 200, response.text
    result = response.json()
    segments = result["segment_predictions"]
    starts = [segment["start"] for segment in segments]
    steps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert statistics.median(steps) == pytest.approx(2.56, abs=0.01)
    assert {s["label"] for s in segments} <= {*names, "Unknown"}
    assert {label for s in segments for label, _ in s["top5"]} == set(names)
    assert all(s["source"] == "semantic" and s["trained"] for s in segments)
    assert result["annotated_url"] is None
    assert not (service.data / "jobs" / result["id"] / "annotated.mp4").exists()


def test_a_job_is_told_as_it_goes(service: Service, samples: Path) -> None:
    address = service.submit(video=samples / "real" / "water_sport.mp4")
    told: list[dict[str, Any]] = []

    def done() -> bool:
        told.append(requests.get(address, timeout=10).json())
        return told[-1]["state"] not in ("queued", "running")

    eventually(done, "end of the job")
    assert told[-1]["state"] == "done", told[-1]
    check_result(service, told[-1]["result"], "upload")
    phases = [document["phase"] for document in told if document["phase"]]
    order = ("probe", "recognise", "annotate")
    assert phases == sorted(phases, key=order.index)
    assert "recognise" in phases
    assert all(0 <= document["progress"] <= 1 for document in told)


def refused(service: Service, form: dict[str, Any]) -> tuple[int, str]:
    """Status and code of a refusal that leaves nothing and shows nothing."""
    before = set(service.jobs())
    response = service.predict(**form)
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["detail"].endswith(".")
    for secret in (str(service.data), "/tmp", "Traceback", "Error", ".py"):
        assert secret not in response.text
    # The job ends a moment before its files go.
    eventually(lambda: set(service.jobs()) == before, "the removal of its files", 5)
    return response.status_code, problem["code"]


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("empty", 422, "empty_file"),
        ("text", 415, "not_a_video"),
        ("picture", 415, "picture"),
        ("audio", 422, "audio_only"),
        ("truncated", 422, "truncated"),
        ("no frames", 422, "no_frames"),
    ],
)
def test_bad_files(
    service: Service, tmp_path: Path, make_video: Maker, kind: str, status: int, code: str
) -> None:
    path = bad_file(kind, tmp_path, make_video)
    assert refused(service, {"video": path}) == (status, code)


def test_zero_size(service: Service, tmp_path: Path, make_video: Maker) -> None:
    content = bytearray(make_video("raw.avi", *PICTURE, "-c:v", "rawvideo").read_bytes())
    at = content.index(b"strf") + 8
    content[at + 4 : at + 12] = bytes(8)
    (tmp_path / "zero.avi").write_bytes(content)
    assert refused(service, {"video": tmp_path / "zero.avi"}) == (422, "zero_size")


def test_too_long(service: Service, make_video: Maker) -> None:
    source = ("-f", "lavfi", "-i", "color=d=61:r=1:s=32x32")
    assert refused(service, {"video": make_video("61s.mp4", *source, *H264)}) == (413, "too_long")


def test_too_many_pixels(service: Service, make_video: Maker) -> None:
    source = ("-f", "lavfi", "-i", "color=d=1:r=1:s=2048x1100")
    path = make_video("2048.mp4", *source, *H264)
    assert refused(service, {"video": path}) == (413, "too_many_pixels")


@pytest.mark.parametrize("size", [3_000_001, 5_000_000, 60_000_000])
def test_too_large(service: Service, tmp_path: Path, size: int) -> None:
    path = tmp_path / "large.mp4"
    with path.open("wb") as file:
        file.truncate(size)
    assert refused(service, {"video": path}) == (413, "too_large")


def test_a_playlist_under_a_videos_name_opens_no_other_file(
    service: Service, tmp_path: Path, make_video: Maker
) -> None:
    other = make_video("other.ts", *PICTURE, *H264)
    path = tmp_path / "clip.mp4"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{other}\n#EXT-X-ENDLIST\n")
    assert refused(service, {"video": path}) == (415, "not_a_video")


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("stride", "0", "bad_option"),
        ("stride", "many", "bad_option"),
        ("threshold", "2", "bad_option"),
        ("annotate", "maybe", "bad_option"),
        ("labels", "", "bad_labels"),
        ("labels", " , ", "bad_labels"),
        ("labels", ",".join(f"label {n}" for n in range(501)), "bad_labels"),
        ("url", "http://127.0.0.1/a.mp4", "two_sources"),
    ],
)
def test_bad_options(service: Service, samples: Path, field: str, value: str, code: str) -> None:
    path = samples / "odd" / "h265_video.mp4"
    assert refused(service, {"video": path, field: value}) == (400, code)


def test_neither_file_nor_link(service: Service) -> None:
    assert refused(service, {"stride": "8"}) == (400, "no_source")


def test_bad_links(service: Service) -> None:
    assert refused(service, {"url": "clip.mp4"}) == (400, "bad_url")
    assert refused(service, {"url": "file:///etc/passwd"}) == (400, "bad_url")
    nobody = f"http://127.0.0.1:{free_port()}/a.mp4"
    assert refused(service, {"url": nobody}) == (422, "url_unreachable")
    with Site() as site:
        assert refused(service, {"url": f"{site.url}/nothing.mp4"})[0] == 422


def test_only_the_process_that_works_has_torch(service: Service) -> None:
    child = service.worker().children()[0]
    with_torch = [
        process
        for process in service.children()
        if any("libtorch" in map.path for map in process.memory_maps())
    ]
    assert with_torch == [child]


def test_after_all_that_the_service_still_answers(service: Service, samples: Path) -> None:
    response = service.predict(video=samples / "odd" / "h265_video.mp4")
    assert response.status_code == 200, response.text
    assert requests.get(service.url + "/healthz", timeout=1).json()["status"] == "ok"
    assert "Traceback" not in service.output()
    assert list((service.data / "queue").glob("*.msg*")) == []


def test_labels_have_room_for_all_of_ucf101(service: Service, samples: Path) -> None:
    form = {"labels": ",".join(UCF101), "annotate": "0"}
    response = service.predict(video=samples / "odd" / "h265_video.mp4", **form)
    assert response.status_code == 200, response.text
