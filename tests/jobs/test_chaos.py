"""A few of the kills of ``benchmarks/chaos.py``, which fails where a job is lost or comes out
different, or where anything is left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.chaos import survive
from benchmarks.parts import PARTS

pytestmark = [pytest.mark.service, pytest.mark.slow, pytest.mark.serial]


def test_jobs_survive_kills(tmp_path: Path, samples: Path, make_video: Callable[..., Path]) -> None:
    videos = [
        make_video(f"start-of-{name}", "-i", str(samples / "real" / name), "-t", "3", "-an")
        for name in ("gymnastics.mp4", "arm_wrestling.mp4")
    ]
    found = survive(tmp_path, videos, kills=6)
    assert all(found[f"kills, {part}"] >= 1 for part in PARTS)
    failed = sum(count for what, count in found.items() if what.startswith("failed"))
    assert found["done"] + failed == found["jobs accepted"]
    assert found["done"] > 0
