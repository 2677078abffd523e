"""Files of arrays that several processes share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from har.models import npz


def test_it_is_whole_and_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "vectors.npz"
    for length in (3, 5):
        npz.write(path, vectors=np.arange(length), names=np.array(["a"]))
        with np.load(path) as file:
            assert file["vectors"].tolist() == list(range(length))
            assert file["names"].tolist() == ["a"]
    assert [each.name for each in path.parent.iterdir()] == ["vectors.npz"]


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "vectors.npz"
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        npz.write(path, vectors=np.arange(3))
    assert list(tmp_path.iterdir()) == [path]
