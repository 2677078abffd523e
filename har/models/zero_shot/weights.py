"""CLIP's weights: whether they are here, what became of the last try to fetch them, CLIP itself.

Nothing here waits for a network: the model hub is asked by a child process (see
:mod:`har.models.zero_shot.reach`), at most once a day, and what it found is kept in ``clip.json``
of the data folder.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from huggingface_hub import try_to_load_from_cache
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

from config import ROOT, Settings, variable
from har.models.labels import read_label_map
from har.models.zero_shot import ZeroShot

WEIGHTS = "model.safetensors"

RETRY_SECONDS = 24 * 3600.0
"""Time after which a try that failed is repeated."""

_OFF = "off"
_PATIENCE = 5.0
"""Seconds in which the child cleans up and ends when we do."""

# The main branch of the default has pickled weights only. This commit is the hub's own conversion
# of them (its pull request 66); main stays second, for the day on which it is merged.
_REVISIONS = {"openai/clip-vit-base-patch32": ("c237dc49a33fc61debc9276459120b7eac67e7ef", "main")}

_log = logging.getLogger(__name__)
_guard = threading.Lock()
_loading = threading.Lock()
_child: subprocess.Popen[bytes] | None = None
_told: Outcome | None = None
_unusable: dict[str, str] = {}
"""Folders whose CLIP could not be loaded by this process, and why."""


@dataclass(frozen=True)
class Outcome:
    """Where CLIP stands."""

    state: Literal["off", "ready", "trying", "failed", "untried"]
    reason: str
    """Half a sentence, safe to show."""
    tried: float | None = None
    """Seconds since the epoch at which the try ended that failed."""
    detail: str = ""
    """The error behind it, for the operator."""

    def __str__(self) -> str:
        return self.reason


def available(settings: Settings) -> str | None:
    """The folder with all of CLIP's files, or None. Looks at local files only."""
    if settings.clip_model == _OFF:
        return None
    return next((str(folder) for folder in _places(settings) if _complete(folder)), None)


def outcome(settings: Settings) -> Outcome:
    """Where CLIP stands at this moment; costs a few looks at the disk."""
    name = settings.clip_model
    if name == _OFF:
        return Outcome("off", "switched off")
    folder = available(settings)
    if folder in _unusable:
        return Outcome("failed", _unusable[folder])
    if folder:
        return Outcome("ready", "its weights are here")
    if not _is_hub_name(name):
        return Outcome("failed", "HAR_CLIP_MODEL names no folder with all of a CLIP's files")
    if _is_locked(settings):
        return Outcome("trying", "its weights are being fetched from the model hub")
    return _remembered(settings) or Outcome("untried", "the model hub has not been asked yet")


def load(settings: Settings) -> ZeroShot | None:
    """CLIP, where its weights are here and can be used; asked again at no cost, None or not.

    Weights that arrive between two calls are found by the second.
    """
    folder = available(settings)
    if folder is None or folder in _unusable:
        return None
    try:
        with _loading:
            return _open(folder, settings.clip_model, settings.label_map)
    except Exception:  # transformers raises whatever its layers raise
        _unusable[folder] = "its files are here, but cannot be loaded"
        _log.warning("CLIP %s cannot be loaded", settings.clip_model, exc_info=True)
        return None


def reach_in_background(settings: Settings) -> None:
    """See to it that the model hub is asked for CLIP, if that is due; returns at once.

    A child of its own does it, and is ended when this process ends. The outcome is logged.
    """
    global _child
    with _guard:
        if _child is not None and _child.poll() is None:
            return
        if not is_due(settings):
            _tell(settings, outcome(settings))
            return
        _child = subprocess.Popen(
            [sys.executable, "-m", "har.models.zero_shot.reach"],
            cwd=ROOT,
            env=_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        threading.Thread(target=_report, args=(_child, settings), daemon=True).start()


def is_due(settings: Settings) -> bool:
    """Whether CLIP is wanted, not here, and the hub was not asked for it in vain of late."""
    wanted = settings.clip_model != _OFF and _is_hub_name(settings.clip_model)
    if not wanted or available(settings):
        return False
    last = _remembered(settings)
    # A time in the future is that of a clock which was wrong.
    return last is None or not 0 <= time.time() - (last.tried or 0) < RETRY_SECONDS


def revisions(name: str) -> tuple[str, ...]:
    """The commits or branches of the hub's model that may have its weights, the best first."""
    return _REVISIONS.get(name, ("main",))


def folder_for(settings: Settings) -> Path:
    """Where a fetched CLIP is put."""
    return settings.data_dir / "clip" / settings.clip_model.replace("/", "--")


def remember(settings: Settings, reason: str, detail: str = "") -> None:
    """Keep the outcome of a try that ended now; an empty reason is success."""
    record = {"model": settings.clip_model, "time": time.time(), "failure": reason}
    with tempfile.NamedTemporaryFile("w", dir=settings.data_dir, delete=False) as file:
        json.dump({**record, "detail": detail}, file)
    os.replace(file.name, _record(settings))


@contextmanager
def sole_try(settings: Settings) -> Iterator[bool]:
    """Whether this process, and no other, may ask the hub within the block.

    The kernel frees the lock of a process that died, so none is left behind.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with open(_lock(settings), "w") as file:
        yield _take(file, fcntl.LOCK_EX, patience=1.0)


def _is_locked(settings: Settings) -> bool:
    try:
        with open(_lock(settings)) as file:
            return not _take(file, fcntl.LOCK_SH, patience=0)
    except FileNotFoundError:
        return False


def _take(file: Any, kind: int, patience: float) -> bool:
    """Try for some seconds: outcome() holds the lock too, for the moment in which it looks."""
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)


def _places(settings: Settings) -> Iterator[Path]:
    name = settings.clip_model
    yield Path(name).expanduser()
    if not _is_hub_name(name):
        return
    yield folder_for(settings)
    for revision in revisions(name):
        cached = try_to_load_from_cache(name, "config.json", revision=revision)
        if isinstance(cached, str):
            yield Path(cached).parent


def _complete(folder: Path) -> bool:
    def has(*names: str) -> bool:
        return all((folder / name).is_file() for name in names)

    return has("config.json", WEIGHTS) and (
        has("tokenizer.json") or has("vocab.json", "merges.txt")
    )


def _is_hub_name(name: str) -> bool:
    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return True


@lru_cache(maxsize=1)
def _open(folder: str, name: str, label_map: str) -> ZeroShot:
    from har.models.zero_shot.clip import ClipZeroShot

    return ClipZeroShot(folder, name, read_label_map(Path(label_map)) if label_map else {})


def _record(settings: Settings) -> Path:
    return settings.data_dir / "clip.json"


def _lock(settings: Settings) -> Path:
    return settings.data_dir / "clip.lock"


def _remembered(settings: Settings) -> Outcome | None:
    """The last try, if it was for this model and failed; a damaged record counts as none."""
    try:
        record = json.loads(_record(settings).read_text("utf-8"))
        if record["model"] != settings.clip_model or not record["failure"]:
            return None
        return Outcome("failed", record["failure"], float(record["time"]), record["detail"])
    except (FileNotFoundError, ValueError, LookupError, TypeError):
        return None


def _environment(settings: Settings) -> dict[str, str]:
    ours = {
        variable("clip_model"): settings.clip_model,
        variable("clip_reach_seconds"): str(settings.clip_reach_seconds),
        variable("data_dir"): str(settings.data_dir.absolute()),
    }
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HAR_")}
    # Without Xet it is one plain download, which leaves nothing outside the folder it goes to.
    hub = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "1"}
    return kept | hub | ours


def _report(child: subprocess.Popen[bytes], settings: Settings) -> None:
    code = child.wait()
    if code:
        _log.warning("The try to fetch CLIP was broken off (code %d)", code)
    _tell(settings, outcome(settings))


def _tell(settings: Settings, found: Outcome) -> None:
    """Log an outcome, once."""
    global _told
    if found == _told or found.state not in ("ready", "failed"):
        return
    _told = found
    if found.state == "ready":
        _log.info("CLIP %s is used: %s", settings.clip_model, found)
    else:
        _log.warning("CLIP is not used: %s (%s)", found, found.detail or "no particulars")


@atexit.register
def end_child() -> None:
    """End a try that is under way, with all that it has fetched so far."""
    if _child is None or _child.poll() is not None:
        return
    _child.terminate()
    try:
        _child.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(_child.pid, signal.SIGKILL)
        _child.wait()
