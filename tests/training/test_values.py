"""Recipes: from options and files, checked, and written so that they are read again."""

from __future__ import annotations

import argparse
import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from har.errors import BadOption
from har.models import backbone
from har.models.heads import HEADS
from har.training import layouts, sampling, values
from har.training.recipe import Places, Recipe
from har.types import Source


def parsed(*options: str) -> values.Values:
    parser = argparse.ArgumentParser()
    values.add_options(parser)
    return values.given(parser.parse_args(options))


def from_file(tmp_path: Path, text: str) -> values.Values:
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    return values.read(path)


def test_without_options_all_is_as_the_defaults_say() -> None:
    assert parsed() == {}
    assert values.resolved(parsed()) == (Recipe(), Places())


def test_options_of_every_kind() -> None:
    given = parsed(
        *("--epochs", "3", "--learning-rate", "1e-4", "--head", "lstm", "--finetune"),
        *("--sizes", "width=128, dropout=0.25", "--reversals", "Open=Close", "--root", "a b"),
    )
    found, places = values.resolved(given)
    assert (found.epochs, found.learning_rate, found.head) == (3, 1e-4, "lstm")
    assert found.finetune is True
    assert found.sizes == {"width": 128, "dropout": 0.25}
    assert isinstance(found.sizes["width"], int)
    assert found.reversals == {"Open": "Close"}
    assert places.root == "a b"


def test_options_win_over_the_file(tmp_path: Path) -> None:
    file = from_file(tmp_path, 'epochs = 5\nbatch = 8\nfinetune = true\nroot = "x"\nwarmup = 0\n')
    found, places = values.resolved(file, parsed("--epochs", "7", "--no-finetune"))
    assert (found.epochs, found.batch, found.finetune, found.warmup) == (7, 8, False, 0.0)
    assert places.root == "x"


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    odd = 'quote " backslash \\ é 人'
    first = values.resolved(
        {"sizes": {"width": 8}, "mirrors": {odd: "b"}, "learning_rate": 3e-05, "root": odd}
    )
    assert values.resolved(from_file(tmp_path, values.to_toml(*first))) == first


def test_differences_are_named() -> None:
    assert values.differences(Recipe(), Recipe()) == []
    other = dataclasses.replace(Recipe(), epochs=3, head="lstm")
    assert values.differences(Recipe(), other) == [
        'head ("bilstm", now "lstm")',
        f"epochs ({Recipe().epochs}, now 3)",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("epoch = 3", "mine.toml sets epoch, which no recipe has"),
        ("[sizes\n", "mine.toml is not TOML"),
        ("epochs = 1.5", "epochs must be a whole number, not 1.5"),
        ("epochs = true", "epochs must be a whole number, not true"),
        ("epochs = 0", "epochs must be 1 or more, not 0"),
        ("warmup = 1.1", "warmup must be from 0 to 1, not 1.1"),
        ("learning_rate = nan", "learning_rate must be 0 or more, not nan"),
        ("learning_rate = inf", "learning_rate must be 0 or more, not inf"),
        ("fps = 1979-05-27", 'fps must be a number, not "1979-05-27"'),
        ('head = "gru"', "head must be one of bilstm, lstm, transformer, not 'gru'"),
        ('finetune = "yes"', "finetune must be true or false"),
        ('[sizes]\nwidth = "wide"', "sizes must give width a number"),
        ("[reversals]\nOpen = 1", "reversals must give Open a text"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadOption) as caught:
        from_file(tmp_path, text)
    assert says in caught.value.detail
    assert str(tmp_path) not in caught.value.detail


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match=r"no file none\.toml"):
        values.read(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--epochs", "many"], "epochs must be a whole number, not 'many'"),
        (["--epochs", "0"], "epochs must be 1 or more, not 0"),
        (["--sizes", "width"], "sizes must be a table, as an option NAME=VALUE"),
        (["--sizes", "width=wide"], "sizes must be a table"),
        (["--mirrors", "a="], "mirrors must be a table"),
    ],
)
def test_options_that_are_refused(options: list[str], says: str) -> None:
    with pytest.raises(BadOption) as caught:
        parsed(*options)
    assert says in caught.value.detail


def test_values_that_contradict_each_other() -> None:
    with pytest.raises(BadOption, match="stride is 9 and frames 8"):
        values.resolved({"stride": 9, "frames": 8})


def choices(kind: type, name: str) -> tuple[str, ...]:
    (found,) = (f for f in dataclasses.fields(kind) if f.name == name)
    offered: Any = found.metadata["choices"]
    return tuple(offered)


def test_choices_are_those_that_there_are() -> None:
    """They are written out there, since what knows them takes long to import."""
    assert choices(Recipe, "head") == tuple(HEADS)
    assert set(HEADS) <= set(get_args(Source))
    assert Recipe().backbone == backbone.DEFAULT
    assert choices(Recipe, "sampling") == sampling.NAMES
    assert choices(Places, "data") == layouts.KINDS


def test_defaults_are_within_their_ranges(tmp_path: Path) -> None:
    text = values.to_toml(Recipe(), Places())
    assert values.resolved(from_file(tmp_path, text)) == (Recipe(), Places())


def test_help_needs_nothing_heavy() -> None:
    code = "import sys, har.training.train_command; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "numpy", "tqdm"} & set(found.stdout.split())
