"""The file of embeddings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from har.jobs import disk
from har.recognition.embeddings import read, write
from har.types import Embeddings


@pytest.mark.parametrize("positions", [[], [0], [3, 4, 900]])
def test_what_was_written_is_read(tmp_path: Path, positions: list[int]) -> None:
    drawn = np.random.default_rng(3).normal(size=(len(positions), 512)).astype(np.float16)
    written = Embeddings("clip", "openai/clip", dict(zip(positions, drawn, strict=True)))
    path = tmp_path / "embeddings.safetensors"
    write(written, path)
    found = read(path)
    assert (found.source, found.name) == ("clip", "openai/clip")
    assert list(found.vectors) == positions
    for position in positions:
        assert found.vectors[position].dtype == np.float16
        assert np.array_equal(found.vectors[position], written.vectors[position])
    assert path.stat().st_size < 300 + len(positions) * (512 * 2 + 4)


def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space") as raised:
        write(Embeddings("clip", "a", {}), tmp_path / "a")
    assert disk.is_full(raised.value)
