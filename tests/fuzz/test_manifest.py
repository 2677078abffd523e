"""Whatever a manifest or an official list says, its videos lie below the root or it is refused."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from har.errors import ManifestError
from har.training import layouts, manifest
from har.training.manifest import Row

FILES = ["a.mp4", "b c.mp4", 'd,"e".mp4', "sub/f.mp4", "ü.mp4"]
ELSEWHERE = ["", "none.mp4", "../beside.mp4", "/etc/hostname", "sub", "n\0l.mp4", "x" * 300]
COLUMNS = ["file", "label", "source", "group", "fold"]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with videos, and one beside it."""
    root = tmp_path_factory.mktemp("manifest") / "root"
    (root / "sub").mkdir(parents=True)
    for name in [*FILES, "../beside.mp4"]:
        (root / name).touch()
    return root


def read(root: Path, content: bytes) -> list[Row] | None:
    """The rows of a manifest of that content; None where it is refused."""
    path = root.parent / "manifest.csv"
    path.write_bytes(content)
    try:
        rows = manifest.read(path, root)
    except ManifestError:
        return None
    names = [row.file for row in rows]
    assert len(set(names)) == len(names) > 0
    assert all((root / name).resolve().is_relative_to(root.resolve()) for name in names)
    return rows


def written(columns: list[str], lines: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([columns, *lines])
    return text.getvalue().encode()


@given(st.binary() | st.text().map(lambda text: f"file,label\n{text}".encode()))
@example(b"file,label,fold\na.mp4,x," + b"9" * 5000)
@example(b"file,label\n" + b"x" * 300 + b",y")
@example(b'file,label\n"' + b"x" * 200_000)
def test_any_bytes_are_a_manifest_or_refused(root: Path, content: bytes) -> None:
    read(root, content)


CELLS = st.sampled_from(["", "x", "0", "1", " 2 ", "-1", "²", "9" * 5000]) | st.text(max_size=3)
LINES = st.lists(
    st.lists(st.sampled_from(FILES + ELSEWHERE) | CELLS, min_size=5, max_size=6), max_size=4
)


@given(st.permutations(COLUMNS), LINES)
def test_any_table_is_a_manifest_or_refused(
    root: Path, columns: list[str], lines: list[list[str]]
) -> None:
    read(root, written(columns, lines))


TEXT = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1)


@given(
    st.lists(st.sampled_from(FILES), min_size=1, unique=True),
    st.data(),
    st.sampled_from(["", "\ufeff"]),
)
def test_a_good_manifest_is_read_as_it_is(
    root: Path, files: list[str], data: st.DataObject, mark: str
) -> None:
    lines = [[name, data.draw(TEXT), data.draw(TEXT), data.draw(TEXT)] for name in files]
    rows = read(root, mark.encode() + written(COLUMNS[:4], lines))
    assert rows is not None
    assert [[row.file, row.label, row.source, row.group] for row in rows] == lines
    folds = {row.group: row.fold for row in rows}
    assert all(row.fold == folds[row.group] is not None for row in rows)


LISTS = {"ucf101": "trainlist01.txt", "hmdb51": "wave_test_split1.txt"}
NAMES = {"ucf101": "Biking/v_Biking_g01_c01.avi 1", "hmdb51": "Film_wave_u_nm_np1_ba_med_0.avi 1"}


@pytest.mark.parametrize("kind", LISTS)
@given(
    st.binary()
    | st.text().map(str.encode)
    | st.from_regex(r"(\w{1,300}/)?v?_?\w+_g\d+_c\d+\.avi [012]", fullmatch=True).map(str.encode)
)
@example(b"x" * 300 + b"/v_x_g01_c01.avi 1")
@example(b"x" * 300 + b".avi 1")
def test_any_official_list_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, kind: str, content: bytes
) -> None:
    root = tmp_path_factory.getbasetemp() / kind
    (root / "wave").mkdir(parents=True, exist_ok=True)
    (root / "testlist01.txt").touch()
    (root / LISTS[kind]).write_bytes(NAMES[kind].encode() + b"\n" + content)
    with pytest.raises(ManifestError):
        layouts.read(kind, root, manifest=None, split=1, part=None)
