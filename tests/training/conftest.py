"""A miniature of the real data: three actions in two folds, and one that is not to be learnt."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import config
from har import cli
from har.training import manifest, scoring
from har.training.scoring import HeldBack
from tests.sentences import seed
from tests.training import small

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
LEARNT = ("PushUps", "Walk", "Yoga")
FOLDS = ("1", "3")


@dataclass(frozen=True)
class Mini:
    """A manifest, the folder its files are below, and settings whose cache the tests share."""

    manifest: Path
    root: Path
    settings: config.Settings

    @property
    def options(self) -> list[str]:
        return ["--manifest", str(self.manifest), "--root", str(self.root)]


@pytest.fixture(scope="session")
def mini(tmp_path_factory: pytest.TempPathFactory) -> Mini:
    """Two clips of each action and fold, and two of standing still."""
    if not DATA.is_dir():
        pytest.fail(f"these tests need the labelled clips in {DATA}")
    folder = tmp_path_factory.mktemp("mini")
    with (DATA / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    chosen = [row for row in rows if row["label"] == "StandStill"][:2]
    for label in LEARNT:
        for fold in FOLDS:
            alike = [r for r in rows if r["label"] == label and r["fold"] == fold]
            # Rows follow each other by group: the first and the last are of two.
            chosen += [alike[0], alike[-1]]
    with (folder / "mini.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(chosen)
    settings = config.Settings(data_dir=folder / "var", clip_model="off")
    seed(settings.data_dir)
    return Mini(folder / "mini.csv", DATA, settings)


def har(mini: Mini, *arguments: str) -> int:
    """Run a command with the cache and settings of the miniature."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HAR_DATA_DIR", str(mini.settings.data_dir))
        environment.setenv("HAR_CLIP_MODEL", "off")
        return cli.main(arguments)


@pytest.fixture(scope="session")
def mini_run(mini: Mini, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training run on the miniature, with its folds' checkpoints."""
    folder = tmp_path_factory.mktemp("runs") / "seed-0"
    out = folder.parent / "model.safetensors"
    options = ["--run", str(folder), "--out", str(out), "--epochs", "6", "--augment", ""]
    # Small pictures that are seen one by one are scored in a moment.
    options += ["--backbone", "tf_efficientnet_lite0", "--size", "64", "--fps", "8"]
    options += ["--frames", "16", "--stride", "8"]
    assert har(mini, "train", *mini.options, *options) == 0
    return folder


@pytest.fixture(scope="session")
def mini_held(mini: Mini, mini_run: Path) -> HeldBack:
    """What the run's models say of the videos that they have not seen."""
    rows = manifest.read(mini.manifest, mini.root)
    return scoring.held_back(mini_run, scoring.videos_of(rows, mini.root), mini.settings)


@pytest.fixture(scope="session")
def bars(make_video: Callable[..., Path]) -> Path:
    """A folder with the videos of small.ROWS."""
    [folder] = {small.bars_of(make_video, i).parent for i in range(len(small.ROWS))}
    return folder


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small networks of transformers', each in the folder of its name."""
    from tests.models.clip_networks import saved  # transformers takes seconds

    home = tmp_path_factory.mktemp("folders")
    for source in saved.ATTENTION:
        saved.save_attention(source, home / source)
    return home
