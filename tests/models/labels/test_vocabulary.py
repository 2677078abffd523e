"""The vocabulary: each action once, with all of its names, and what is wrong with a file of one."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from har.errors import ConfigError
from har.models.labels import KINETICS400, UCF101, VOCABULARY, read, spaced
from har.models.labels.vocabulary import FILE

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
HEAD = "label,words,kinetics400,ucf101,hmdb51,aliases,near,background"


def made(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([HEAD, *rows]), "utf-8")
    return path


def test_kinetics_has_its_classes_in_the_order_of_its_networks() -> None:
    from torchvision.models.video import R3D_18_Weights  # seconds

    names = R3D_18_Weights.KINETICS400_V1.meta["categories"]
    assert VOCABULARY.labels(names) == KINETICS400
    assert len(set(KINETICS400)) == 400


def test_ucf101_has_its_classes_in_their_order() -> None:
    assert len(set(UCF101)) == 101
    names = [VOCABULARY.entries[label].datasets["ucf101"] for label in UCF101]
    assert names == sorted(names, key=str.lower)


@pytest.mark.parametrize(
    ("names", "label"),
    [
        (("push up", "Push-ups", "pushups", "PUSHUP", "PushUps"), "PushUps"),
        (("squat", "squats", "BodyWeightSquats", "body weight squats"), "BodyWeightSquats"),
        (("yoga", "doing yoga"), "Yoga"),
        (("riding or walking with horse", "ride_horse"), "HorseRiding"),
        (("SitDown", "sit down", "sitting down"), "SitDown"),
    ],
)
def test_names_of_one_action_lead_to_its_label(names: tuple[str, ...], label: str) -> None:
    found = {name: VOCABULARY.label(name) for name in names}
    assert set(found.values()) == {label}, found


def test_a_name_that_is_not_there_is_its_own_label() -> None:
    assert VOCABULARY.find("juggling three kittens") is None
    assert VOCABULARY.label("juggling three kittens") == "juggling three kittens"


def test_near_relations_are_told_as_such() -> None:
    assert VOCABULARY.are_near("playing tennis", "TennisSwing")
    assert VOCABULARY.are_near("TennisSwing", "playing tennis")
    assert VOCABULARY.are_near("push up", "PushUps")
    assert not VOCABULARY.are_near("Yoga", "TennisSwing")
    for entry in VOCABULARY:
        for label in entry.near:
            assert entry.label in VOCABULARY.entries[label].near, (entry.label, label)


def test_background_is_no_action() -> None:
    background = {entry.label for entry in VOCABULARY if entry.background}
    assert background == {"NoFight", "StandStill", "SitStill"}
    assert VOCABULARY.is_background("standing still")
    assert not VOCABULARY.is_background("Walk")
    assert not VOCABULARY.is_background("juggling three kittens")


def test_it_has_every_name_of_the_labelled_videos() -> None:
    names = set()
    for name in ("manifest.csv", "people.csv", "wild.csv"):
        with (DATA / name).open(newline="") as file:
            for row in csv.DictReader(file):
                names |= {row["label"], *filter(None, row.get("accept", "").split("|"))}
    assert [name for name in sorted(names) if VOCABULARY.find(name) is None] == []


def test_words_are_what_people_read() -> None:
    words = [entry.words for entry in VOCABULARY]
    assert len(set(words)) == len(words)
    assert all(word[0].isupper() and word == word.strip() for word in words)
    assert spaced("SitDown") == VOCABULARY.entries["SitDown"].words


def test_search_finds_any_name() -> None:
    assert "Archery" in {entry.label for entry in VOCABULARY.search("shooting a bow")}
    assert "PushUps" in {entry.label for entry in VOCABULARY.search("push up")}
    assert VOCABULARY.search("juggling three kittens") == []


def test_names_of_a_network_that_mean_the_same_stay_as_they_are() -> None:
    assert VOCABULARY.labels(["push up", "yoga"]) == ("PushUps", "Yoga")
    assert VOCABULARY.labels(["push up", "pushups"]) == ("push up", "pushups")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["A,Word,,,,,,", "A,Other,,,,,,"], "line 3: the label A comes twice"),
        (["A,Word,,,,x|y,,", "B,Other,,,,Y,,"], "Both A and B are called 'Y'"),
        (["A,Word,b,,,,,", "B,Other,,,,,,"], "Both A and B are called 'B'"),
        (["A,Word,,,,,C,"], "A is near to C, which is no label"),
        (["A,Word"], "line 2: the columns are"),
        (["A,Word,,,,,,,,"], "line 2: the columns are"),
        (['A,"Word,,,,,,'], "cannot be read as CSV"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, rows: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(made(tmp_path / "actions.csv", *rows))


def test_a_file_that_is_none_says_so(tmp_path: Path) -> None:
    path = tmp_path / "actions.csv"
    for content in (None, b"\xff\xfe\x00", FILE.read_bytes()[:300] + b"\xff"):
        if content:
            path.write_bytes(content)
        with pytest.raises(ConfigError, match=r"actions\.csv"):
            read(path)
