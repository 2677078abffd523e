"""Layouts: miniature data sets as people have them, and what is refused of broken ones."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from config import Settings
from har.errors import BadOption, ManifestError
from har.media.probe import probe
from har.training import layouts
from har.training.layouts import Part
from har.training.manifest import Row

Maker = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path, make_video: Maker) -> Callable[[str], None]:
    """Puts a video at a path below the root, which is ``tmp_path / "root"``."""
    video = make_video("layouts.avi", "-f", "lavfi", "-i", "testsrc2=d=0.5:s=32x24:r=8")

    def put(name: str) -> None:
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(video, path)

    return put


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


UCF101_TRAIN = [
    f"{label}/v_{label}_g{group:02}_c{clip:02}.avi"
    for label in ("Biking", "YoYo")
    for group in (8, 9, 10)
    for clip in (1, 2)
]
UCF101_TEST = ["Biking/v_Biking_g01_c01.avi", "YoYo/v_YoYo_g01_c01.avi"]


@pytest.fixture
def ucf101(root: Path, put: Callable[[str], None]) -> Path:
    """Two classes of UCF101 with the first split, unpacked as its archives do."""
    for name in UCF101_TRAIN + UCF101_TEST:
        put(f"UCF-101/{name}")
    (root / "ucfTrainTestlist").mkdir()
    numbered = [f"{name} {1 + name.startswith('Y')}\r\n" for name in UCF101_TRAIN]
    (root / "ucfTrainTestlist/trainlist01.txt").write_text("".join(numbered), "utf-8")
    (root / "ucfTrainTestlist/testlist01.txt").write_text("\n".join(UCF101_TEST), "utf-8")
    return root


HMDB51 = {
    "shake_hands": {
        "Crash_shake_hands_u_cm_np2_ri_med_0.avi": 1,
        "Crash_shake_hands_f_nm_np2_le_bad_12.avi": 1,
        "#20_Rhythm_shake_hands_u_nm_np1_fr_goo_1.avi": 1,
        "American_History_X_shake_hands_u_nm_np1_fr_goo_1.avi": 2,
        "American_History_X_shake_hands_u_nm_np1_fr_goo_2.avi": 0,
    },
    "sit": {
        "Sit_ups_sit_f_cm_np1_fr_med_24.avi": 1,
        "American_History_X_sit_f_cm_np1_le_med_27.avi": 1,
        "Crash_sit_u_nm_np1_le_goo_26.avi": 2,
    },
}


@pytest.fixture
def hmdb51(root: Path, put: Callable[[str], None]) -> Path:
    """Two classes of HMDB51 with the second split. As in the real one, a film is on one side of it
    within a class only."""
    (root / "testTrainMulti_7030_splits").mkdir()
    for action, videos in HMDB51.items():
        for name in videos:
            put(f"hmdb51_org/{action}/{name}")
        lines = [f"{name} {side} \n" for name, side in videos.items()]
        path = root / f"testTrainMulti_7030_splits/{action}_test_split2.txt"
        path.write_text("".join(lines), "utf-8")
    return root


def read(kind: str, root: Path, split: int = 1, part: Part | None = None) -> list[Row]:
    return layouts.read(kind, root, manifest=None, split=split, part=part)


def refusal(kind: str, root: Path, split: int = 1) -> str:
    with pytest.raises(ManifestError) as caught:
        read(kind, root, split)
    assert str(root) not in caught.value.detail
    return caught.value.detail


def assert_groups_are_whole(rows: list[Row]) -> None:
    folds = {(row.group, row.fold) for row in rows}
    assert len(folds) == len({group for group, _ in folds})
    assert len({fold for _, fold in folds}) > 1
    assert None not in {fold for _, fold in folds}


def assert_playable(rows: list[Row], root: Path, settings: Settings) -> None:
    assert probe(root / rows[0].file, settings).duration == pytest.approx(0.5)


def test_ucf101(ucf101: Path, settings: Settings) -> None:
    train = read("ucf101", ucf101, part="train")
    assert [row.file for row in train] == [f"UCF-101/{name}" for name in UCF101_TRAIN]
    assert Counter(row.label for row in train) == {"Biking": 6, "YoYo": 6}
    assert {row.group for row in train if row.label == "YoYo"} == {
        "YoYo_g08",
        "YoYo_g09",
        "YoYo_g10",
    }
    assert {row.source for row in train} == {"UCF101"}
    assert_groups_are_whole(train)
    assert_playable(train, ucf101, settings)
    test = read("ucf101", ucf101, part="test")
    assert [row.file for row in test] == [f"UCF-101/{name}" for name in UCF101_TEST]
    assert not {row.group for row in test} & {row.group for row in train}
    assert len(read("ucf101", ucf101)) == 14


def test_hmdb51(hmdb51: Path, settings: Settings) -> None:
    train = read("hmdb51", hmdb51, split=2, part="train")
    assert {(Path(row.file).name, row.label, row.group) for row in train} == {
        ("Crash_shake_hands_u_cm_np2_ri_med_0.avi", "ShakingHands", "Crash"),
        ("Crash_shake_hands_f_nm_np2_le_bad_12.avi", "ShakingHands", "Crash"),
        ("#20_Rhythm_shake_hands_u_nm_np1_fr_goo_1.avi", "ShakingHands", "#20_Rhythm"),
        ("Sit_ups_sit_f_cm_np1_fr_med_24.avi", "SitDown", "Sit_ups"),
        ("American_History_X_sit_f_cm_np1_le_med_27.avi", "SitDown", "American_History_X"),
    }
    assert_groups_are_whole(train)
    assert_playable(train, hmdb51, settings)
    test = read("hmdb51", hmdb51, split=2, part="test")
    assert [row.group for row in test] == ["American_History_X", "Crash"]
    # Its folds keep a film together across the classes too.
    both = read("hmdb51", hmdb51, split=2)
    assert len(both) == 7
    assert_groups_are_whole(both)


def test_lists_beside_the_folder_of_the_classes(ucf101: Path, hmdb51: Path) -> None:
    rows = read("ucf101", ucf101 / "UCF-101", part="test")
    assert [row.file for row in rows] == UCF101_TEST
    (hmdb51 / "hmdb51_org").rename(hmdb51 / "videos")
    rows = read("hmdb51", hmdb51 / "videos", split=2, part="test")
    assert rows[1].file == "sit/Crash_sit_u_nm_np1_le_goo_26.avi"


def test_a_file_of_hmdb51_named_otherwise_is_a_group_of_its_own(hmdb51: Path) -> None:
    path = hmdb51 / "testTrainMulti_7030_splits/sit_test_split2.txt"
    path.write_text(path.read_text() + "holiday.avi 1\n")
    (hmdb51 / "hmdb51_org/sit/holiday.avi").write_bytes(b"x")
    assert "holiday.avi" in {row.group for row in read("hmdb51", hmdb51, split=2)}


def test_folders(root: Path, put: Callable[[str], None], settings: Settings) -> None:
    for name in ("Jump/a.avi", "Jump/b.AVI", "Sit still/a.avi", "Sit still/c.avi", ".cache/a.avi"):
        put(name)
    (root / "Jump/notes.txt").write_text("x")
    (root / "notes.txt").write_text("x")
    rows = read("folders", root)
    assert [(row.file, row.label) for row in rows] == [
        ("Jump/a.avi", "Jumping"),
        ("Jump/b.AVI", "Jumping"),
        ("Sit still/a.avi", "SitStill"),
        ("Sit still/c.avi", "SitStill"),
    ]
    assert_groups_are_whole(rows)
    assert_playable(rows, root, settings)


def test_a_manifest(root: Path, put: Callable[[str], None]) -> None:
    put("a.avi")
    (root / "list.csv").write_text("file,label,group,fold\na.avi,Walk,g,3\n")
    rows = layouts.read("manifest", root, manifest=root / "list.csv", split=1, part="train")
    assert rows == [Row("a.avi", "Walk", "unnamed", "g", 3)]
    with pytest.raises(BadOption, match="Name the manifest"):
        read("manifest", root)


def test_an_unknown_layout(root: Path) -> None:
    with pytest.raises(BadOption, match=r"'ucf'.*manifest, folders, ucf101, hmdb51"):
        read("ucf", root)


def test_groups_on_both_sides_of_an_official_split_are_refused(ucf101: Path) -> None:
    with (ucf101 / "ucfTrainTestlist/testlist01.txt").open("a") as file:
        file.write("\nYoYo/v_YoYo_g10_c02.avi")
    assert refusal("ucf101", ucf101) == (
        "v_YoYo_g10_c01.avi, v_YoYo_g10_c02.avi: of a group that has videos in more than one list."
    )


def test_a_film_on_both_sides_within_a_class_is_refused(hmdb51: Path) -> None:
    path = hmdb51 / "testTrainMulti_7030_splits/shake_hands_test_split2.txt"
    path.write_text(path.read_text().replace("med_0.avi 1", "med_0.avi 2"))
    said = refusal("hmdb51", hmdb51, split=2)
    assert said.startswith("Crash_shake_hands_u_cm_np2_ri_med_0.avi, Crash_shake_hands_f_nm")


@pytest.mark.parametrize(
    ("kind", "layout", "says"),
    [
        ("folders", [], "The root holds no folders"),
        ("folders", ["Jump/a.avi"], "two labels or more"),
        ("folders", ["Jump/a.avi", "Sit/notes.txt"], "The folder Sit holds no videos"),
        ("ucf101", ["UCF-101/Biking/v_Biking_g01_c01.avi"], "no trainlist01.txt below the root"),
        ("hmdb51", ["sit/a.avi"], "no *_test_split1.txt below the root"),
    ],
)
def test_what_is_not_there(
    root: Path, put: Callable[[str], None], kind: str, layout: list[str], says: str
) -> None:
    for name in layout:
        put(name)
    assert says in refusal(kind, root)


def test_a_root_that_is_no_folder(root: Path) -> None:
    assert "not a folder" in refusal("folders", root / "none")


def test_an_unknown_split(ucf101: Path) -> None:
    assert "no split 4" in refusal("ucf101", ucf101, split=4)
    assert "no trainlist02.txt" in refusal("ucf101", ucf101, split=2)


def test_videos_that_are_missing_are_named(ucf101: Path) -> None:
    (ucf101 / "UCF-101/YoYo/v_YoYo_g08_c02.avi").unlink()
    assert refusal("ucf101", ucf101) == "UCF-101/YoYo/v_YoYo_g08_c02.avi: not below the root."
    shutil.rmtree(ucf101 / "UCF-101")
    assert "no folder Biking below the root" in refusal("ucf101", ucf101)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"Biking/v_Biking_g08_c01.avi 1\n../v_Biking_g08_c02.avi 1\n", "Line 2 of trainlist01"),
        (b"Biking v_Biking_g08_c01.avi\n", "Line 1 of trainlist01.txt is no path such as"),
        (b"\xff\xfe\x00", "trainlist01.txt cannot be read as text"),
        (b"Biking/v_Biking_g08_c01.avi 1\n" * 2, "listed more than once"),
    ],
)
def test_lists_of_ucf101_that_are_damaged(ucf101: Path, content: bytes, says: str) -> None:
    (ucf101 / "ucfTrainTestlist/trainlist01.txt").write_bytes(content)
    assert says in refusal("ucf101", ucf101)


@pytest.mark.parametrize("line", ["Crash_sit.avi", "Crash_sit.avi 3", "../sit/a.avi 1", "a.txt 1"])
def test_lists_of_hmdb51_that_are_damaged(hmdb51: Path, line: str) -> None:
    (hmdb51 / "testTrainMulti_7030_splits/sit_test_split2.txt").write_text(f"\n{line}\n")
    assert "Line 2 of sit_test_split2.txt" in refusal("hmdb51", hmdb51, split=2)


def test_empty_lists(ucf101: Path) -> None:
    for part in ("train", "test"):
        (ucf101 / f"ucfTrainTestlist/{part}list01.txt").write_text("\n")
    assert "name no videos" in refusal("ucf101", ucf101)


def test_some_classes_alone_need_no_videos_of_others(
    hmdb51: Path, ucf101: Path, put: Callable[[str], None]
) -> None:
    def of(kind: str, root: Path, split: int, classes: str) -> set[str]:
        rows = layouts.read(
            kind, root, manifest=root / "list.csv", split=split, part="train", classes=classes
        )
        assert {row.fold for row in rows} != {None}
        return {row.label for row in rows}

    lists = hmdb51 / "testTrainMulti_7030_splits"
    (lists / "wave_test_split2.txt").write_text("Crash_wave_u_cm_np2_ri_med_0.avi 1 \n")
    with pytest.raises(ManifestError, match="Crash_wave"):
        read("hmdb51", hmdb51, split=2)
    assert of("hmdb51", hmdb51, 2, "shake_hands, sit") == {"ShakingHands", "SitDown"}
    shutil.rmtree(ucf101 / "UCF-101/YoYo")
    with pytest.raises(ManifestError, match="two labels"):
        of("ucf101", ucf101, 1, "Biking")
    rows = "a.avi,Walk,0\nb.avi,Sit,1\nc.avi,Yoga,1\n"
    for name in "abc":
        put(f"{name}.avi")
    (hmdb51 / "list.csv").write_text(f"file,label,fold\n{rows}")
    assert of("manifest", hmdb51, 1, "Walk,Yoga") == {"Walk", "Yoga"}


def test_a_class_that_is_not_there_is_told(hmdb51: Path) -> None:
    with pytest.raises(BadOption, match=r"no class shake_head. The classes are ShakingHands, Sit"):
        layouts.read("hmdb51", hmdb51, manifest=None, split=2, part=None, classes="shake_head,sit")
