"""A live source that is cut, and comes back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from config import Settings
from har.live.session import Session
from har.live.source import source_of
from har.types import Fit
from tests.children import children, running
from tests.live import broadcast

FIT = Fit(32)


@pytest.fixture(scope="module")
def video(make_video: Callable[..., Path]) -> Path:
    codec = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    return make_video("moving.mp4", "-f", "lavfi", "-i", "testsrc2=d=4:r=16:s=160x120", *codec)


@pytest.mark.parametrize(
    "serve", [broadcast.http, pytest.param(broadcast.rtsp, marks=pytest.mark.slow)]
)
def test_goes_on_after_a_cut(serve: Callable[..., object], video: Path, private: Settings) -> None:
    """At the first try anew the server is away still."""
    said: list[str] = []
    runs: list[list[float]] = [[]]
    with serve(video) as channel:  # type: ignore[attr-defined]
        session = Session(source_of(channel.url), 8, FIT, private, said.append)
        with closing(session.pictures()) as arrivals:
            for arrival in arrivals:
                if arrival is None:
                    runs.append([])
                    channel.away = len(runs) == 2
                else:
                    runs[-1].append(arrival[0])
                if len(runs) == 1 and len(runs[0]) == 12:
                    channel.away = True
                    channel.cut()
                if len(runs) > 2 and len(runs[-1]) == 12:
                    break
        assert channel.connections >= 3
    first, away, again = runs
    assert first[:12] == pytest.approx([i / 8 for i in range(12)])
    assert away == []
    assert again == pytest.approx([again[0] + i / 8 for i in range(12)])
    assert again[0] > first[-1] + 3, "the time of the cut and of two pauses has passed"
    assert said == [
        "The stream was cut; connecting again in 1 s.",
        "The stream was cut; connecting again in 2 s.",
        "The stream is back.",
    ]
    assert not running(children(), "ffmpeg")
