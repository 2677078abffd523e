"""A run of several parts, and one that was cut off between any two of their epochs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from har.errors import CheckpointError, ManifestError
from har.models import checkpoint
from har.models.heads import all_sizes
from har.training import build, runs
from har.training.loop import State
from har.training.recipe import Places, Recipe
from har.training.runs import Run
from tests.training import toy

RECIPE = Recipe(
    backbone="tf_efficientnet_lite0", epochs=3, batch=8, sizes={"width": 16, "hidden": 8}
)
PARTS = ["fold-0", "fold-1", "final"]


def begun(folder: Path, recipe: Recipe = RECIPE) -> Run:
    return runs.create(folder, recipe, Places(), [])


def weights(run: Run) -> dict[str, bytes]:
    return {part: run.checkpoint(part).read_bytes() for part in PARTS}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = begun(tmp_path_factory.mktemp("whole"))
    build.build(run, toy.material(RECIPE), RECIPE)
    return run


def test_a_checkpoint_for_each_fold_and_one_of_all(whole: Run) -> None:
    models = {part: checkpoint.load(whole.checkpoint(part)) for part in PARTS}
    assert [model.data["videos"] for model in models.values()] == [12, 12, 24]
    assert models["final"].data["labels"] == {"Left": 8, "Right": 8}
    assert models["final"].data["others"] == {"Other": 8}
    assert models["final"].data["recipe"]["epochs"] == 3
    assert models["final"].sizes == all_sizes("bilstm", RECIPE.sizes)
    assert models["final"].labels == toy.LABELS
    assert models["final"].backbone_state == {}
    assert len(set(weights(whole).values())) == 3
    assert not (whole.folder / "state.pt").exists()


def test_each_part_holds_its_fold_back() -> None:
    material = toy.material(RECIPE)
    for part, fold in zip(build.parts(material, RECIPE), (0, 1, None), strict=True):
        assert set(material.folds[part.inside]) == {0, 1} - {fold}
        assert set(material.folds[part.held_back]) == {fold} - {None}
        assert len(part.aside) == 0


def test_people_of_both_folds_are_trained_on_by_the_last_part_alone() -> None:
    material = toy.material(RECIPE)
    spread = [replace(row, group="all", fold=None) for row in material.rows[:2]]
    material = replace(material, rows=(*spread, *material.rows[2:]))
    first, second, final = build.parts(material, RECIPE)
    for part in (first, second):
        assert not {0, 1} & {*part.inside, *part.held_back}
    assert len({*first.inside} | {*second.inside}) == 22
    assert len(final.inside) == 24


def test_groups_are_set_aside_from_the_training_part_alone() -> None:
    material = toy.material(RECIPE, count=96)
    groups = [f"{row.label}-{i // 6}" for i, row in enumerate(material.rows)]
    rows = [replace(row, group=g) for row, g in zip(material.rows, groups, strict=True)]
    material = replace(material, rows=tuple(rows))
    for part in build.parts(material, replace(RECIPE, patience=1)):
        everything = np.concatenate([part.inside, part.aside, part.held_back])
        assert sorted(everything) == list(range(96))
        aside = {rows[i].group for i in part.aside}
        assert aside.isdisjoint(rows[i].group for i in part.inside)
        assert set(toy.LABELS) <= {rows[i].label for i in part.aside}
        assert len(part.aside) < len(part.inside) / 3


def test_a_single_group_leaves_none_to_set_aside() -> None:
    material = toy.material(RECIPE)
    rows = [
        replace(row, group=str(fold))
        for row, fold in zip(material.rows, material.folds, strict=True)
    ]
    with pytest.raises(ManifestError, match="each fold must leave two or more"):
        build.parts(replace(material, rows=tuple(rows)), replace(RECIPE, patience=1))


def test_the_log_tells_loss_rate_and_validation(whole: Run) -> None:
    for part in PARTS:
        log = EventAccumulator(str(whole.folder / "tensorboard" / part))
        log.Reload()
        expected = {"loss/train", "learning_rate"}
        if part != "final":
            expected |= {"loss/held_back", "top1/held_back"}
        assert set(log.Tags()["scalars"]) == expected
        losses = log.Scalars("loss/train")
        steps = 3 if part == "final" else 2
        assert [event.step for event in losses] == [steps, 2 * steps, 3 * steps]
        assert all(event.value > 0 for event in losses)
        rates = [event.value for event in log.Scalars("learning_rate")]
        assert 0 < rates[-1] < rates[0] <= RECIPE.learning_rate


class CutOff(Exception):
    """What stands for the end of the process."""


@dataclass(frozen=True)
class ShortLived(Run):
    """A run that is cut off after so many states were kept."""

    last: int
    kept: list[str] = field(default_factory=list)

    def save_state(self, part: str, state: State) -> None:
        super().save_state(part, state)
        self.kept.append(part)
        if len(self.kept) == self.last:
            raise CutOff


@pytest.mark.parametrize("states", [1, 3, 5, 9])
def test_a_run_that_was_cut_off_ends_with_the_same_bytes(
    whole: Run, tmp_path: Path, states: int
) -> None:
    run = begun(tmp_path / "run")
    with pytest.raises(CutOff):
        build.build(ShortLived(run.folder, states), toy.material(RECIPE), RECIPE)
    done = [part for part in PARTS if run.checkpoint(part).exists()]
    assert done == PARTS[: (states - 1) // 3]
    build.build(run, toy.material(RECIPE), RECIPE)
    assert weights(run) == weights(whole)


def test_a_state_of_other_networks_is_told(tmp_path: Path) -> None:
    run = begun(tmp_path / "run")
    with pytest.raises(CutOff):
        build.build(ShortLived(run.folder, 1), toy.material(RECIPE), RECIPE)
    other = replace(RECIPE, head="lstm")
    with pytest.raises(CheckpointError, match="run run was begun by another version"):
        build.build(run, toy.material(other), other)


def test_a_run_that_is_done_is_not_done_again(whole: Run) -> None:
    times = {part: whole.checkpoint(part).stat().st_mtime_ns for part in PARTS}
    build.build(whole, toy.material(RECIPE), RECIPE)
    assert times == {part: whole.checkpoint(part).stat().st_mtime_ns for part in PARTS}


def test_other_heads_and_early_stopping(tmp_path: Path) -> None:
    recipe = replace(RECIPE, head="transformer", sizes={"width": 16}, patience=1, epochs=2)
    run = begun(tmp_path / "run", recipe)
    build.build(run, toy.material(recipe, count=48), recipe)
    model = checkpoint.load(run.checkpoint("final"))
    assert model.head == "transformer"
    assert 0 < model.data["videos"] < 48
    log = EventAccumulator(str(run.folder / "tensorboard" / "final"))
    log.Reload()
    assert {"loss/set_aside", "top1/set_aside"} <= set(log.Tags()["scalars"])
