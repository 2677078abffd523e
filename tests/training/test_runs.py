"""A run's folder: what it keeps, what it refuses to go on with, and what it says then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from har.errors import BadOption, CheckpointError, ManifestError
from har.training import runs, values
from har.training.manifest import Row
from har.training.recipe import Places, Recipe

ROWS = [Row(f"{name}.mp4", "Walk", "s", name, i % 2) for i, name in enumerate("abc")]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    for row in ROWS:
        (tmp_path / row.file).write_text(f"content of {row.file}")
    return Places(root=str(tmp_path))


@pytest.fixture
def run(tmp_path: Path, places: Places) -> runs.Run:
    return runs.create(tmp_path / "run", Recipe(), places, ROWS)


def test_a_run_knows_what_it_was_begun_with(run: runs.Run, places: Places) -> None:
    assert values.resolved(runs.begun_with(run.folder)) == (Recipe(), places)
    assert runs.resume(run.folder, Recipe(), places, ROWS) == run
    assert sorted(p.name for p in run.folder.iterdir()) == ["recipe.toml", "videos.json"]


def test_a_folder_with_a_run_takes_no_other(run: runs.Run, places: Places) -> None:
    with pytest.raises(BadOption, match=r"^run holds a run already\. Go on with it by"):
        runs.create(run.folder, Recipe(), places, ROWS)


def test_a_folder_without_a_run(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match=r"^empty holds no run that could be resumed\.$"):
        runs.begun_with(tmp_path / "empty")


def test_other_settings_are_refused(run: runs.Run, places: Places) -> None:
    other = replace(Recipe(), epochs=99, optimiser="sgd")
    with pytest.raises(BadOption, match=r'epochs \(\d+, now 99\), optimiser \("adamw", now "sgd"'):
        runs.resume(run.folder, other, places, ROWS)


def test_videos_may_have_moved(run: runs.Run, places: Places, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for row in ROWS:
        (tmp_path / row.file).rename(elsewhere / row.file)
    assert runs.resume(run.folder, Recipe(), Places(root=str(elsewhere)), ROWS) == run


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (ROWS[:2], "c.mp4 (missing)"),
        ([*ROWS, Row("d.mp4", "Sit", "s", "d", 1)], "d.mp4 (new)"),
        ([*ROWS[:2], replace(ROWS[2], fold=1, label="Sit")], "c.mp4 (label, fold)"),
    ],
)
def test_other_videos_are_refused(
    run: runs.Run, places: Places, rows: Sequence[Row], says: str
) -> None:
    Path(places.root, "d.mp4").write_text("new")
    with pytest.raises(ManifestError) as caught:
        runs.resume(run.folder, Recipe(), places, rows)
    assert f"begun with other videos: {says}. Bring" in caught.value.detail


def test_a_video_of_other_content_is_refused(run: runs.Run, places: Places) -> None:
    Path(places.root, "b.mp4").write_text("something else")
    with pytest.raises(ManifestError, match=r"other videos: b\.mp4 \(content\)\. Bring"):
        runs.resume(run.folder, Recipe(), places, ROWS)


def test_states_are_kept_for_the_part_at_work(run: runs.Run) -> None:
    assert run.state("fold-0") is None
    run.save_state("fold-0", {"done": 1, "network": {"w": torch.ones(2)}, "best": None})
    run.save_state("fold-0", {"done": 2, "network": {"w": torch.zeros(2)}, "best": None})
    kept = run.state("fold-0")
    assert kept is not None
    assert kept["done"] == 2
    assert kept["network"]["w"].tolist() == [0, 0]
    assert run.state("fold-1") is None
    assert run.other_machine() == []
    assert not list(run.folder.glob("*.part"))
    run.forget_state()
    assert run.state("fold-0") is None


def test_another_number_of_threads_is_told(run: runs.Run) -> None:
    threads = torch.get_num_threads()
    run.save_state("fold-0", {})
    try:
        torch.set_num_threads(threads + 1)
        assert run.other_machine() == [f"threads ({threads}, now {threads + 1})"]
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("content", [b"", b"no state", b"PK\x03\x04cut off"])
def test_a_damaged_state_is_told(run: runs.Run, content: bytes) -> None:
    (run.folder / "state.pt").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"^state\.pt of the run run is damaged\. Delete it"):
        run.state("fold-0")


def test_a_state_is_data_and_nothing_in_it_is_executed(run: runs.Run, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "sprung",)

    torch.save({"part": Trap()}, run.folder / "state.pt")
    with pytest.raises(CheckpointError, match="damaged"):
        run.state("fold-0")
    assert not (tmp_path / "sprung").exists()


def test_two_processes_do_not_take_the_same_run(run: runs.Run) -> None:
    expected = pytest.raises(BadOption, match=r"^Another process is at the run run\.$")
    with run.alone(), expected, run.alone():
        pass
    with run.alone():
        pass


def test_a_log_that_is_taken_up_drops_what_came_after_the_state(run: runs.Run) -> None:
    with run.log("fold-0", 0) as writer:
        for step in (10, 20, 30):
            writer.add_scalar("loss/train", step, step)
    with run.log("fold-0", 20) as writer:
        writer.add_scalar("loss/train", 300, 30)
    log = EventAccumulator(str(run.folder / "tensorboard" / "fold-0"))
    log.Reload()
    assert [(e.step, e.value) for e in log.Scalars("loss/train")] == [(10, 10), (20, 20), (30, 300)]
