"""Manifests: what is read, and what is refused with which files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from har.errors import ManifestError
from har.training import manifest
from har.training.manifest import Row
from tests.training.conftest import DATA


@pytest.fixture
def write(tmp_path: Path) -> Path:
    """A root with the files a.mp4 to f.mp4."""
    for name in "abcdef":
        (tmp_path / f"{name}.mp4").write_bytes(b"x")
    return tmp_path


def read(root: Path, text: str) -> list[Row]:
    path = root / "list.csv"
    path.write_text(text, "utf-8")
    return manifest.read(path, root)


def refusal(root: Path, text: str) -> str:
    with pytest.raises(ManifestError) as caught:
        read(root, text)
    assert str(root) not in caught.value.detail
    return caught.value.detail


def test_all_columns(write: Path) -> None:
    rows = read(write, "file,label,source,group,fold\na.mp4,Walk,here,g1,2\nb.mp4,Plank,,g2,\n")
    assert rows == [
        Row("a.mp4", "Walk", "here", "g1", 2),
        Row("b.mp4", "Plank", "unnamed", "g2", None),
    ]


def test_names_that_are_right_are_read_through_the_vocabulary(write: Path) -> None:
    rows = read(
        write,
        "file,label,accept,dataset,source,fold\n"
        "a.mp4,climb_stairs,climbing stairs | walking the dog|WalkingWithDog|,hmdb51,a/b,\n"
        "b.mp4,push up,,,somewhere,0\n",
    )
    assert rows == [
        Row(
            "a.mp4", "ClimbingStairs", "hmdb51", "a.mp4", None, ("ClimbingStairs", "WalkingWithDog")
        ),
        Row("b.mp4", "PushUps", "somewhere", "b.mp4", 0),
    ]
    assert rows[0].right == {"ClimbingStairs", "WalkingWithDog"}
    assert rows[1].right == {"PushUps"}


def test_several_manifests_are_read_as_one(write: Path) -> None:
    (write / "first.csv").write_text("file,label,group,fold\na.mp4,Walk,g,0\nb.mp4,Yoga,h,1\n")
    (write / "second.csv").write_text("file,label,source\nc.mp4,Plank,web\n")
    rows = manifest.read([write / "first.csv", write / "second.csv"], write)
    assert [(row.file, row.fold) for row in rows] == [("a.mp4", 0), ("b.mp4", 1), ("c.mp4", None)]
    (write / "second.csv").write_text("file,label,group,fold\nc.mp4,Walk,g,1\n")
    with pytest.raises(ManifestError, match=r"a\.mp4, c\.mp4: of a group that has videos in more"):
        manifest.read([write / "first.csv", write / "second.csv"], write)
    (write / "second.csv").write_text("file,label,fold\na.mp4,Walk,0\n")
    with pytest.raises(ManifestError, match=r"a\.mp4: listed more than once"):
        manifest.read([write / "first.csv", write / "second.csv"], write)


def test_without_folds_they_are_made_and_keep_groups_together(write: Path) -> None:
    rows = read(
        write,
        "file,label,group\na.mp4,Walk,1\nb.mp4,Walk,1\nc.mp4,Walk,2\nd.mp4,Sit,3\ne.mp4,Sit,4\n"
        "f.mp4,Sit,1\n",
    )
    by_group: dict[str, set[int | None]] = {}
    for row in rows:
        by_group.setdefault(row.group, set()).add(row.fold)
    assert all(len(folds) == 1 for folds in by_group.values())
    assert None not in set().union(*by_group.values())
    assert len({row.fold for row in rows if row.label == "Walk"}) == 2
    assert len({row.fold for row in rows if row.label == "SitDown"}) == 3


def test_without_groups_each_file_is_one(write: Path) -> None:
    rows = read(write, "file,label\n" + "".join(f"{n}.mp4,Walk\n" for n in "abcd"))
    assert Counter(row.fold for row in rows) == {0: 1, 1: 1, 2: 1, 3: 1}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "column file and label"),
        ("file,fold\na.mp4,1\n", "column label"),
        ("file,label\n", "no videos"),
        ("file,label\na.mp4,\n", "Line 2"),
        ("file,label\na.mp4\n", "Line 2"),
        ("file,label,fold\na.mp4,Walk,first\n", "a.mp4 has the fold 'first'"),
        ("file,label\na.mp4,Walk\nz.mp4,Walk\n", "z.mp4: not below the root"),
        ("file,label\na.mp4,Walk\na.mp4,Sit\n", "a.mp4: listed more than once"),
        (
            "file,label,accept\na.mp4,dive,diving cliff|swimming in air\n",
            "a.mp4 accepts 'swimming in air', which is no action of the vocabulary",
        ),
        (
            "file,label,fold\na.mp4,Walk,0\nb.mp4,Walk,\n",
            "b.mp4: without a fold or a source, though others of the label have a fold",
        ),
    ],
)
def test_refused(write: Path, text: str, says: str) -> None:
    assert says in refusal(write, text)


def test_a_group_on_both_sides_is_refused_with_its_files(write: Path) -> None:
    said = refusal(
        write,
        "file,label,group,fold\na.mp4,Walk,g,0\nb.mp4,Walk,g,1\nc.mp4,Walk,h,0\nd.mp4,Sit,h,0\n",
    )
    assert said == "a.mp4, b.mp4: of a group that has videos in more than one fold."


def test_only_some_of_many_files_are_named(write: Path) -> None:
    rows = "".join(f"no{i}.mp4,Walk\n" for i in range(9))
    assert "no4.mp4 and 4 more: not below" in refusal(write, f"file,label\n{rows}")


def test_not_text(write: Path) -> None:
    (write / "list.csv").write_bytes(b"\xff\xfe\x00file")
    with pytest.raises(ManifestError, match=r"list\.csv cannot be read"):
        manifest.read(write / "list.csv", write)
    with pytest.raises(ManifestError, match=r"none\.csv cannot be read"):
        manifest.read(write / "none.csv", write)


def test_unknown_rows_are_held_back_with_their_group() -> None:
    rows = [
        Row("a", "Walk", "s", "g1", 0),
        Row("b", "Walk", "s", "g2", 3),
        Row("c", "Plank", "s", "g2", None),
        Row("d", "Plank", "s", "x", None),
        Row("e", "Plank", "s", "y", None),
        Row("f", "Plank", "s", "x", None),
    ]
    assert manifest.held_back(rows) == [0, 3, 3, 0, 3, 0]


PEOPLE = [
    Row("a", "Walk", "students", "g1", 0),
    Row("b", "Sit", "students", "g2", 3),
    Row("c", "Walk", "others", "g3", 1),
    Row("d", "Sit", "others", "g4", 2),
    # Of all students, and so of two folds.
    Row("e", "Walk", "students", "students-uncut", None),
    Row("f", "SitStill", "students", "students-uncut", None),
    # In one place only, which is held back in one fold.
    Row("g", "Walk", "others", "g3", None),
    # Of a source that nothing is held back of.
    Row("h", "Walk", "web", "w", None),
    # An action that is not learnt.
    Row("i", "Plank", "students", "p", None),
]


def test_people_of_several_folds_are_trained_on_where_none_of_them_is_held_back() -> None:
    trained = {fold: manifest.trained_on(PEOPLE, fold) for fold in range(4)}
    by_row = {row.file: [f for f in range(4) if trained[f][i]] for i, row in enumerate(PEOPLE)}
    assert by_row["a"] == [1, 2, 3]
    assert by_row["e"] == by_row["f"] == [1, 2]
    assert by_row["g"] == [0, 2, 3]
    # Groups that nothing is known of take turns.
    assert by_row["i"] == [1, 2, 3]
    assert by_row["h"] == [0, 2, 3]


def test_people_of_several_folds_are_not_measured() -> None:
    assert manifest.measurable(PEOPLE) == [row.file not in "ef" for row in PEOPLE]
    for row, held, fits in zip(
        PEOPLE, manifest.held_back(PEOPLE), manifest.measurable(PEOPLE), strict=True
    ):
        assert row.fold in (None, held)
        if fits:
            others = [f for f in range(4) if f != held]
            assert all(manifest.trained_on(PEOPLE, f)[PEOPLE.index(row)] for f in others)


def test_the_people_we_have() -> None:
    rows = manifest.read([DATA / "manifest.csv", DATA / "people.csv"], DATA)
    uncut = [row.group == "students-a-uncut" for row in rows]
    assert sum(uncut) == 148
    for fold, is_held in ((0, True), (1, False), (2, False), (3, True)):
        held = {r.source for r in rows if r.fold == fold}
        assert ("students-a" in held) == is_held
        trained = manifest.trained_on(rows, fold)
        assert {t for t, u in zip(trained, uncut, strict=True) if u} == {not is_held}
    assert [not fits for fits in manifest.measurable(rows)] == uncut
