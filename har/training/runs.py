"""The folder of a training run: what was asked for, what is done, and where to go on."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch.utils.tensorboard import SummaryWriter

from har.errors import BadOption, CheckpointError, ManifestError
from har.models import precision
from har.training import values
from har.training.manifest import Row
from har.training.recipe import Places, Recipe
from har.training.values import Values

_RECIPE = "recipe.toml"
_VIDEOS = "videos.json"
_STATE = "state.pt"

State = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """A run's folder: its recipe, its videos, a checkpoint for each part that is done, and the
    state of the part that is not."""

    folder: Path

    def checkpoint(self, part: str) -> Path:
        """The file of a part that is done: ``final``, or ``fold-K``, trained without fold K."""
        return self.folder / f"{part}.safetensors"

    def save_state(self, part: str, state: State) -> None:
        """Keep where a part is, in the place of what was kept before: whole or not at all."""
        path = self.folder / _STATE
        partial = path.with_suffix(".part")
        torch.save({"part": part, "machine": machine(), "state": state}, partial)
        os.replace(partial, path)

    def forget_state(self) -> None:
        """All parts are done: there is nothing to take up again."""
        (self.folder / _STATE).unlink(missing_ok=True)

    def state(self, part: str) -> State | None:
        """Where a part was when the run was cut off; None where it had not got to its first state.

        Raises CheckpointError.
        """
        kept = self._kept()
        return kept["state"] if kept and kept["part"] == part else None

    def other_machine(self) -> list[str]:
        """What differs between this machine and the one of the kept state, such as ``threads (2,
        now 4)``: the run can go on, but sums round otherwise. Raises CheckpointError."""
        kept = self._kept()
        before = kept["machine"] if kept else machine()
        pairs = [(name, value, before.get(name)) for name, value in machine().items()]
        return [f"{name} ({old}, now {new})" for name, new, old in pairs if new != old]

    @contextmanager
    def log(self, part: str, step: int) -> Iterator[SummaryWriter]:
        """TensorBoard's log of a part, from after ``step`` on; what it has of later is dropped."""
        folder = self.folder / "tensorboard" / part
        writer = SummaryWriter(str(folder), purge_step=step + 1 if step else None)
        try:
            yield writer
        finally:
            writer.close()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from the run. Raises BadOption where one is at it."""
        with (self.folder / _RECIPE).open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BadOption(f"Another process is at the run {self.folder.name}.") from None
            yield

    def _kept(self) -> State | None:
        path = self.folder / _STATE
        if not path.exists():
            return None
        try:
            kept: State = torch.load(path, map_location=precision.device, weights_only=True)
        except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
            raise CheckpointError(
                f"{_STATE} of the run {self.folder.name} is damaged. Delete it: the part that was "
                "at work then begins anew."
            ) from error
        return kept


def create(folder: Path, recipe: Recipe, places: Places, rows: Sequence[Row]) -> Run:
    """A new run. Raises BadOption where the folder has one already."""
    if (folder / _RECIPE).exists():
        raise BadOption(
            f"{folder.name} holds a run already. Go on with it by --resume, or give --run another "
            "folder."
        )
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / _VIDEOS, json.dumps(_described(rows, Path(places.root)), indent=1) + "\n")
    # Last: it tells that the run can be resumed.
    _write(folder / _RECIPE, values.to_toml(recipe, places))
    return Run(folder)


def begun_with(folder: Path) -> Values:
    """The recipe and the places of the run in a folder. Raises BadOption where there is none."""
    if not (folder / _RECIPE).exists():
        raise BadOption(f"{folder.name} holds no run that could be resumed.")
    return values.read(folder / _RECIPE)


def resume(folder: Path, recipe: Recipe, places: Places, rows: Sequence[Row]) -> Run:
    """The run in a folder, to go on with. Raises BadOption and ManifestError where what is asked
    for is not what it was begun with, naming what differs."""
    differing = values.differences(values.resolved(begun_with(folder))[0], recipe)
    if differing:
        raise BadOption(
            f"The run {folder.name} was begun with other settings: {', '.join(differing)}. "
            "Leave them out, or start a new run."
        )
    before = json.loads((folder / _VIDEOS).read_text("utf-8"))
    changed = _changes(before, _described(rows, Path(places.root)))
    if changed:
        more = f" and {len(changed) - 5} more" if len(changed) > 5 else ""
        raise ManifestError(
            f"The run {folder.name} was begun with other videos: {', '.join(changed[:5])}{more}. "
            "Bring them back, or start a new run."
        )
    return Run(folder)


def machine() -> dict[str, str | int]:
    """What decides, beside recipe and videos, how the sums of a training are rounded."""
    is_gpu = precision.device.type == "cuda"
    return {
        "torch": str(torch.__version__),
        "device": torch.cuda.get_device_name()
        if is_gpu
        else torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
    }


def _described(rows: Sequence[Row], root: Path) -> dict[str, dict[str, Any]]:
    """For each file its label and the like, and a digest of its content."""
    return {row.file: _told(row) | {"sha256": _digest(root / row.file)} for row in rows}


def _told(row: Row) -> dict[str, Any]:
    """A row as JSON gives it back; as before there was ``accept``, where it is empty."""
    told = asdict(row) | {"accept": list(row.accept)}
    return {name: value for name, value in told.items() if value != []}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _changes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What differs, such as ``a.mp4 (fold)``."""
    changes = [f"{file} (missing)" for file in before if file not in now]
    changes += [f"{file} (new)" for file in now if file not in before]
    for file in before.keys() & now.keys():
        old, new = before[file], now[file]
        names = [name for name in old | new if new.get(name) != old.get(name)]
        what = ["content" if name == "sha256" else name for name in names]
        changes += [f"{file} ({', '.join(what)})"] if what else []
    return sorted(changes)


def _write(path: Path, text: str) -> None:
    """Write whole or not at all."""
    partial = path.with_suffix(".part")
    partial.write_text(text, "utf-8")
    os.replace(partial, path)
