"""Removes what is kept no longer: old jobs, jobs beyond the room for them, and files of no job."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from config import Settings
from har.jobs import disk
from har.jobs.record import Records
from har.jobs.storage import Folder, Storage

ORPHAN_SECONDS = 3600.0
"""Age from which files of no job count as left behind: an upload has its files before its job."""

_log = logging.getLogger(__name__)


def work_folder(settings: Settings) -> Path:
    """Where this machine's jobs have a folder each while they are at work."""
    return settings.data_dir / "work"


def sweep(records: Records, storage: Storage, settings: Settings) -> None:
    """Remove what is kept no longer. Several workers may do so at the same time.

    Files that cannot be removed are told in the log, and tried again by the next sweep.
    """
    now = time.time()
    # Files before records and the ended before all, so that a job that comes, ends or goes
    # meanwhile counts as one to keep.
    stored, work = storage.folders(), _work(work_folder(settings))
    ended, known = records.ended(), records.ids()
    for id in _outdated(ended, stored, settings, now):
        # The record first, so that no job is found that lacks its files.
        records.remove(id)
        _log.info("job %s: kept no longer", id)
        with _only_told(id):
            storage.remove(id)
    for id, folder in stored.items():
        if id not in known and folder.touched < now - ORPHAN_SECONDS:
            _log.info("job %s: there is none, but its files were", id)
            with _only_told(id):
                storage.remove(id)
    current = known - {id for id, _ in ended}
    for path, touched in work.items():
        if path.name not in current and touched < now - ORPHAN_SECONDS:
            with _only_told(path.name):
                disk.remove(path)


def _outdated(
    ended: Sequence[tuple[str, float]], stored: Mapping[str, Folder], settings: Settings, now: float
) -> Iterator[str]:
    """Of the ended jobs, the longest ago first: those too old, then those beyond the room."""
    sizes = {id: stored[id].bytes if id in stored else 0 for id, _ in ended}
    excess = sum(sizes.values()) - settings.keep_mb * 1_000_000
    for id, finished in ended:
        if finished < now - settings.keep_hours * 3600 or (excess > 0 and sizes[id]):
            excess -= sizes[id]
            yield id


def _work(folder: Path) -> dict[Path, float]:
    """The working folders of this machine, and when anything in them was last written."""
    return {path: _touched(path) for path in folder.glob("*/")}


def _touched(folder: Path) -> float:
    try:
        return max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))
    except FileNotFoundError:
        # Someone is at it.
        return time.time()


@contextmanager
def _only_told(id: str) -> Iterator[None]:
    """One job's files that cannot be removed must not keep those of others."""
    try:
        yield
    except OSError as error:
        _log.warning("job %s: its files cannot be removed: %s", id, error)
