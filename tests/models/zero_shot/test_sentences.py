"""Sentences, and the file that keeps their vectors."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from har.models.zero_shot.sentences import Sentences
from tests.small_disk import filled, small_disk


def test_a_full_disk_costs_time_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        sentences = Sentences(disk / "sentences.npz")
        with filled(disk):
            first = sentences.vectors(["a person walks"])
            assert [path.name for path in disk.iterdir()] == ["filler"]
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        assert np.array_equal(sentences.vectors(["a person walks"]), first)
        sentences.vectors(["a person runs"])
        assert np.array_equal(Sentences(disk / "sentences.npz").vectors(["a person walks"]), first)
