"""Live streams over HTTP: pictures in, answers out, and a job like any other."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from tests import checkpoints
from tests.children import running
from tests.serving import PATIENCE, Service, eventually, serving
from tests.web.going_live import Live, Pictures, answers, batch, going_live, pictures

STREAMS = 2
SECONDS, CLIP = 5.12, 2.56
"""Of what is shown, which has three clips, and of each of them."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("live-service")
    with serving(folder, live_streams=STREAMS, max_upload_mb=3, lost_after_seconds=5) as running:
        yield running


@pytest.fixture(scope="module")
def shown(samples: Path) -> Pictures:
    return pictures(samples / "real" / "arm_wrestling.mp4", seconds=SECONDS)


def job(service: Service, id: str) -> dict[str, Any]:
    document: dict[str, Any] = requests.get(f"{service.url}/jobs/{id}", timeout=PATIENCE).json()
    return document


def ended(service: Service, id: str) -> dict[str, Any]:
    """A job that is done."""
    eventually(lambda: job(service, id)["state"] in ("done", "failed"), "the end")
    document = job(service, id)
    assert document["state"] == "done", document
    return document


def written(service: Service, id: str) -> dict[str, Any]:
    """The first segment of a job that runs, once it is in the record."""
    events = f"{service.url}/jobs/{id}/events"
    with requests.get(events, stream=True, timeout=PATIENCE) as response:
        lines = response.iter_lines()
        while next(lines) != b"event: segment":
            pass
        told = next(line for line in lines if line.startswith(b"data: "))
    segment: dict[str, Any] = json.loads(told.removeprefix(b"data: "))
    return segment


def test_a_stream_is_answered_and_becomes_a_job(service: Service, shown: Pictures) -> None:
    with going_live(service.url, options={"threshold": "0"}) as live:
        assert live.first["type"] == "started"
        assert (live.first["fps"], live.first["side"]) == (12.5, checkpoints.SIZE)
        live.show(shown)
        while_running = job(service, live.job)
        heard = live.stop()
    assert (while_running["state"], while_running["phase"]) == ("running", "live")
    assert heard[-1] == {"type": "ended", "job": live.job}
    found = answers(heard)
    # Of a clip that had to wait too long the next one takes the place.
    skipped = max(m["dropped"] for m in heard if m["type"] == "answer")
    assert len(found) + skipped == 3
    assert all(s["end"] - s["start"] == pytest.approx(CLIP, abs=0.002) for s in found)
    assert all(m["latency"] > 0 for m in heard if m["type"] == "answer")
    whole = ended(service, live.job)
    assert whole["origin"] == whole["result"]["video"]["origin"] == "live"
    assert whole["result"]["segment_predictions"] == found
    assert whole["video"]["duration"] == pytest.approx(SECONDS)
    assert whole["result"]["timeline"][0]["start"] == 0
    assert whole["result"]["timeline"][-1]["end"] == pytest.approx(SECONDS)
    exported = requests.get(f"{service.url}/jobs/{live.job}/export/vtt", timeout=PATIENCE)
    assert exported.text.startswith("WEBVTT")


def test_it_says_what_the_recorded_file_says(
    service: Service, samples: Path, shown: Pictures
) -> None:
    """Whoever waits for each answer has no clip skipped."""
    with going_live(service.url, options={"threshold": "0"}) as live:
        for at in range(0, len(shown), 16):
            live.show(shown[at : at + 16])
            while len(answers(live.heard)) < at // 16:
                live.hear()
        found = answers(live.stop())
    sent = service.predict(
        video=samples / "real" / "arm_wrestling.mp4", threshold=0, annotate=0
    ).json()["segment_predictions"]
    assert [(s["start"], s["end"]) for s in found] == [(s["start"], s["end"]) for s in sent[:3]]
    for streamed, recorded in zip(found, sent, strict=False):
        assert streamed["label"] == recorded["label"]
        # The pictures were coded once more on their way.
        assert streamed["confidence"] == pytest.approx(recorded["confidence"], abs=0.1)


def test_nothing_is_kept_of_the_pictures(service: Service, shown: Pictures) -> None:
    with going_live(service.url) as live:
        live.show(shown[:40])
        live.stop()
    whole = ended(service, live.job)
    assert live.job not in service.jobs()
    assert not list((service.data / "work").glob(f"{live.job}*"))
    assert whole["playable_url"] is whole["result"]["video_url"] is None
    assert whole["result"]["annotated_url"] is whole["result"]["frames"] is None
    for name in ("video", "annotated.mp4", "cut?start=0&end=1", "frames/0.jpg"):
        missing = requests.get(f"{service.url}/jobs/{live.job}/{name}", timeout=PATIENCE)
        assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("container", ["webm", "mp4"])
def test_a_recording_is_kept_and_played(
    service: Service, shown: Pictures, make_video: Callable[..., Path], container: str
) -> None:
    codec = {"webm": "libvpx-vp9", "mp4": "libx264"}[container]
    # As browsers record: without its length, in pieces that end anywhere.
    live_options = {"webm": ["-live", "1"], "mp4": ["-movflags", "frag_keyframe+empty_moov"]}
    source = ["-f", "lavfi", "-i", "testsrc2=d=4:s=320x240:r=25", "-pix_fmt", "yuv420p"]
    options = [*source, "-c:v", codec, *live_options[container]]
    recorded = make_video(f"recorded_live.{container}", *options).read_bytes()
    with going_live(service.url, record=True) as live:
        live.show(shown[:50])
        for at in range(0, len(recorded), 10_000):
            live.send(b"\x02" + recorded[at : at + 10_000])
        assert live.stop()[-1]["type"] == "ended"
    whole = ended(service, live.job)
    assert whole["result"]["video"]["duration"] == pytest.approx(4, abs=0.1)
    assert whole["playable_url"] == f"/jobs/{live.job}/playable.mp4"
    sent = requests.get(service.url + whole["result"]["video_url"], timeout=PATIENCE)
    assert sent.content == recorded
    assert sent.headers["Content-Type"] == f"video/{container}"
    for address in (whole["playable_url"], whole["result"]["annotated_url"]):
        played = requests.get(service.url + address, timeout=PATIENCE)
        assert played.headers["Content-Type"] == "video/mp4"
    assert [p["phase"] for p in whole["phases"]] == ["convert", "annotate"]
    eventually(lambda: not list((service.data / "work").glob("*")), "tidiness")


def test_a_recording_that_is_none_is_left_out(service: Service, shown: Pictures) -> None:
    with going_live(service.url, record=True) as live:
        live.show(shown[:40])
        live.send(b"\x02no video")
        live.stop()
    result = ended(service, live.job)["result"]
    assert result["video_url"] is None
    assert result["segment_predictions"]


def test_a_recording_ends_where_a_video_may_be_no_larger(service: Service, shown: Pictures) -> None:
    with going_live(service.url, record=True) as live:
        live.show(shown[:40])
        live.send(b"\x02" + bytes(2_000_000))
        live.send(b"\x02" + bytes(2_000_000))
        assert live.rest()[-1] == {"type": "ended", "job": live.job}


def test_who_goes_away_has_stopped(service: Service, shown: Pictures) -> None:
    with going_live(service.url) as live:
        live.show(shown[:40])
    assert len(ended(service, live.job)["result"]["segment_predictions"]) >= 1


def test_one_more_than_it_takes_is_refused(service: Service, shown: Pictures) -> None:
    with going_live(service.url) as one, going_live(service.url) as other:
        with going_live(service.url) as third:
            assert third.first["type"] == "refused"
            assert third.first["problem"]["code"] == "live_full"
            assert third.first["problem"]["retry_after"] > 0
        streams: list[Live] = [one, other]
        threads = [threading.Thread(target=live.show, args=(shown[:48],)) for live in streams]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for live in streams:
            assert answers(live.stop())
            ended(service, live.job)
    # Places are free again.
    with going_live(service.url) as again:
        assert again.first["type"] == "started"


def test_the_decoder_ends_with_the_stream(service: Service, shown: Pictures) -> None:
    def decoders() -> list[Any]:
        return running(service.children(), "har.live.jpeg_child")

    with going_live(service.url) as live:
        live.show(shown[:3])
        assert decoders()
        live.stop()
    eventually(lambda: not decoders(), "the decoder's end")


@pytest.mark.parametrize(
    ("hello", "code"),
    [
        ({"width": 0}, "bad_option"),
        ({"height": "tall"}, "bad_option"),
        ({"options": []}, "bad_option"),
        ({"options": {"threshold": "2"}}, "bad_option"),
        ({"options": {"labels": "a,,b"}}, "bad_labels"),
        ({"options": {"stride": "33"}}, "bad_option"),
        ({"options": {"models": "bilstm,r3d_18"}}, "bad_option"),
        ({"options": {"model": "videomae"}}, "model_missing"),
        ({"key": "har_wrong"}, "key_wrong"),
        ({"key": 5}, "bad_option"),
    ],
)
def test_a_beginning_that_cannot_be_used(
    service: Service, hello: dict[str, Any], code: str
) -> None:
    with going_live(service.url, **hello) as live:
        assert live.first["type"] == "refused"
        assert live.first["problem"]["code"] == code
        assert live.rest() == [live.first]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (batch([(0.0, b"no JPEG at all")]), "undecodable"),
        (b"\x01\x00\x00", "bad_option"),
        (b"\x01" + bytes(8) + b"\xff\xff\xff\xff", "bad_option"),
        (batch([(float("nan"), b"x")]), "bad_option"),
        (batch([(1e300, b"x")]), "bad_option"),
    ],
)
def test_pictures_that_cannot_be_used(
    service: Service, shown: Pictures, message: bytes, code: str
) -> None:
    """What came before them is kept."""
    with going_live(service.url) as live:
        live.show(shown[:40])
        live.send(message)
        problems = [m["problem"] for m in live.rest() if m["type"] == "problem"]
    assert [problem["code"] for problem in problems] == [code]
    assert ended(service, live.job)["result"]["segment_predictions"]


def test_a_stream_without_a_picture(service: Service) -> None:
    with going_live(service.url) as live:
        live.stop()
    assert eventually(lambda: job(service, live.job)["error"], "error")["code"] == "no_frames"


def test_what_is_not_of_the_protocol_is_passed_over(service: Service, shown: Pictures) -> None:
    with going_live(service.url) as live:
        for message in (b"", b"\x07what", "no JSON", "[]", '{"type": "other"}'):
            live.send(message)
        live.show(shown[:40])
        assert live.stop()[-1]["type"] == "ended"


def test_a_stream_that_is_removed_ends(service: Service, shown: Pictures) -> None:
    with going_live(service.url) as live:
        live.show(shown[:3])
        requests.delete(f"{service.url}/jobs/{live.job}", timeout=PATIENCE)
        assert live.rest()[-1]["type"] == "problem"
    gone = requests.get(f"{service.url}/jobs/{live.job}", timeout=PATIENCE)
    assert gone.status_code == 404


def test_a_message_that_is_too_large(service: Service) -> None:
    with going_live(service.url) as live:
        live.send(bytes(5 << 20))
        with pytest.raises(ConnectionClosedError, match="1009"):
            live.rest()
    eventually(lambda: job(service, live.job)["state"] == "failed", "the end")


def test_pages_of_others_are_refused(service: Service) -> None:
    with (
        pytest.raises(InvalidStatus) as refusal,
        going_live(service.url, {"Origin": "https://evil.example"}),
    ):
        pass
    assert refusal.value.response.status_code == 403
    assert json.loads(refusal.value.response.body or b"")["code"] == "cross_site"


def test_whoever_is_no_socket_is_told(client: FlaskClient) -> None:
    answer = client.get("/live")
    assert (answer.status_code, answer.get_json()["code"]) == (426, "not_a_socket")


def test_a_worker_that_is_killed_leaves_what_it_had(service: Service, shown: Pictures) -> None:
    """Last of this file: what is left of the stream is ended by another worker."""
    with going_live(service.url) as live:
        live.show(shown[:48])
        had = written(service, live.job)
        os.kill(service.workers()[-1].pid, signal.SIGKILL)
        assert live.rest()[-1]["problem"]["code"] == "stream_lost"
    service.wait_until_ready(2)
    assert ended(service, live.job)["result"]["segment_predictions"][0] == had
