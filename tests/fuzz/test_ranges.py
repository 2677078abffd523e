"""Whatever part of a video is asked for, what comes are its bytes, as RFC 9110 has them."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import strategies as st

from config import Settings
from har.jobs import storage
from har.web import create_app
from tests.jobs.test_record import RESULT

VIDEO = bytes(range(256)) * 3
SIZE = len(VIDEO)
Video = tuple[FlaskClient, str, str]

POSITIONS = (st.integers(0, 2 * SIZE) | st.sampled_from([0, SIZE - 1, SIZE, 10**20])).map(str)
SPECS = st.sampled_from(["{}-{}", "{}-", "-{}", "{}", "-", "{} - {}", "+{}-{}", "{}-{}x", ""])
HEADERS = st.builds(
    lambda unit, space, specs, numbers: f"{unit}={space}{','.join(specs)}".format(*numbers),
    st.sampled_from(["bytes", "bytes", "bytes", "Bytes", "lines", "bytes "]),
    st.sampled_from(["", "", " ", "\t"]),
    st.lists(SPECS, min_size=1, max_size=2),
    st.lists(POSITIONS, min_size=4, max_size=4),
) | st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E))


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Video:
    """A client, the path of a video that it may ask for, and its ETag."""
    app = create_app(Settings(data_dir=tmp_path_factory.mktemp("ranges") / "var"))
    client, queue = app.test_client(), app.extensions["har.queue"]
    form = {"video": (io.BytesIO(VIDEO), "clip.mp4")}
    id = client.post("/jobs", data=form).get_json()["id"]
    queue.records.begin(id, "w")
    queue.records.finish(id, "w", RESULT, f"{storage.ORIGINAL}.mp4", "video/mp4")
    path = f"/jobs/{id}/video"
    return client, path, client.head(path, buffered=True).headers["ETag"]


def asked(header: str) -> range | None:
    """The positions that a Range header asks for, of which some may not be there; None for all of
    the file: sections 14.1 and 14.2."""
    unit, _, specs = header.partition("=")
    listed = [spec.strip(" \t") for spec in specs.split(",") if spec.strip(" \t")]
    if unit.lower() != "bytes" or len(listed) != 1:
        return None
    first, dash, last = listed[0].partition("-")
    if not dash or not all(n.isascii() and (n.isdigit() or not n) for n in (first, last)):
        return None
    if not first:
        return range(max(0, SIZE - int(last)), SIZE) if last else None
    if last and int(last) < int(first):
        return None
    return range(int(first), int(last) + 1 if last else SIZE)


@given(HEADERS)
@example("bytes=-0")
@example(f"bytes=-{SIZE + 1}")
@example(f"bytes=0-{'9' * 5000}x")
@example("bytes=0-1,3-4")
@example("lines=0-1")
def test_a_range_gets_its_bytes(video: Video, header: str) -> None:
    client, path, etag = video
    answer = client.get(path, headers={"Range": header}, buffered=True)
    wanted = asked(header.strip(" \t"))
    if wanted is None:
        assert (answer.status_code, answer.data) == (200, VIDEO)
    elif part := VIDEO[wanted.start : wanted.stop]:
        assert (answer.status_code, answer.data) == (206, part)
        last = wanted.start + len(part) - 1
        assert answer.headers["Content-Range"] == f"bytes {wanted.start}-{last}/{SIZE}"
        assert answer.content_length == len(part)
    else:
        assert (answer.status_code, answer.content_type) == (416, "application/problem+json")
        assert answer.headers["Content-Range"] == f"bytes */{SIZE}"
    assert answer.headers.get("ETag", etag) == etag


@given(HEADERS)
def test_only_get_has_ranges(video: Video, header: str) -> None:
    client, path, _ = video
    answer = client.head(path, headers={"Range": header}, buffered=True)
    assert (answer.status_code, answer.content_length) == (200, SIZE)


@pytest.mark.parametrize("header", ["bytes=0-9", f"bytes={SIZE}-", "x"])
def test_a_range_of_another_version_gets_all(video: Video, header: str) -> None:
    client, path, etag = video
    other = [f"W/{etag}", '"x"', etag.strip('"'), "Sat, 29 Oct 1994 19:43:31 GMT", "", "*"]
    for version in other:
        answer = client.get(path, headers={"Range": header, "If-Range": version}, buffered=True)
        assert (answer.status_code, answer.data) == (200, VIDEO)
    same = client.get(path, headers={"Range": "bytes=0-9", "If-Range": etag}, buffered=True)
    assert (same.status_code, same.data) == (206, VIDEO[:10])


@pytest.mark.parametrize("header", ["bytes=0-9", f"bytes={SIZE}-", "x"])
def test_conditions_come_before_ranges(video: Video, header: str) -> None:
    client, path, etag = video
    had = client.get(path, headers={"Range": header, "If-None-Match": etag}, buffered=True)
    assert (had.status_code, had.data) == (304, b"")
    gone = client.get(path, headers={"Range": header, "If-Match": '"x"'}, buffered=True)
    assert (gone.status_code, gone.content_type) == (412, "application/problem+json")
    assert gone.get_json()["code"] == "precondition_failed"
