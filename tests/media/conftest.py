"""Fixtures of the tests that fetch from a web server of their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config import Settings
from tests.media.site import Site


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture
def private(settings: Settings) -> Settings:
    """Settings under which the loopback address may be fetched from."""
    return dataclasses.replace(settings, allow_private_urls=True, fetch_timeout_seconds=60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder to fetch into."""
    path = tmp_path / "job"
    path.mkdir()
    return path


@pytest.fixture(scope="session")
def clip(make_video: Callable[..., Path]) -> Path:
    """Two seconds of picture and sound."""
    sources = ("testsrc2=size=320x240:rate=25", "sine=frequency=440")
    inputs = [argument for source in sources for argument in ("-f", "lavfi", "-i", source)]
    codecs = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25")
    return make_video("clip_with_sound.mp4", *inputs, "-t", "2", *codecs)
