"""The try to fetch CLIP's weights from the model hub: ``python -m har.models.zero_shot.reach``.

A process of its own, since nothing in the hub's client bounds the time that it takes: its retries
go on for half a minute where there is no network, and a name server that is silent holds it up for
longer. The work is done in a thread, and the main thread keeps the time.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import (
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

import config
from har.models.zero_shot import weights

DOWNLOAD_SECONDS = 1800.0
"""Longest download: the default's 605 MB at 340 kB/s."""

_FILES = (
    "config.json",
    "preprocessor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.json",
    "merges.txt",
    weights.WEIGHTS,
)

_T = TypeVar("_T")


class _NotHad(Exception):
    """The weights cannot be had; the message is the reason, to be shown."""


def main() -> int:
    settings = config.load()
    # Leaves _fetch() through its finally.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    with weights.sole_try(settings) as alone:
        # Another try may have ended while this one was starting.
        if alone and weights.is_due(settings):
            _try(settings)
    return 0


def _try(settings: config.Settings) -> None:
    try:
        _fetch(settings)
    except _NotHad as failure:
        weights.remember(settings, str(failure), repr(failure.__cause__))
    else:
        weights.remember(settings, "")


def _fetch(settings: config.Settings) -> None:
    """Put CLIP's files where weights.available() finds them, all or none. Raises _NotHad."""
    target = weights.folder_for(settings)
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    seconds = settings.clip_reach_seconds
    try:
        commit, files = _within(
            seconds,
            lambda: _ask(settings.clip_model),
            late=f"the model hub did not answer within {seconds:g} s",
            broken="the model hub cannot be reached",
        )
        _within(
            DOWNLOAD_SECONDS,
            lambda: _download(settings.clip_model, commit, files, partial, target),
            late=f"the download took longer than {DOWNLOAD_SECONDS / 60:g} minutes",
            broken="the download from the model hub broke off",
        )
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _ask(name: str) -> tuple[str, list[str]]:
    """The commit that has safetensors weights, and its files that we need."""
    for revision in weights.revisions(name):
        try:
            info = HfApi().model_info(name, revision=revision)
        except RevisionNotFoundError:
            continue
        there = {file.rfilename for file in info.siblings or ()}
        if weights.WEIGHTS in there and info.sha:
            return info.sha, [file for file in _FILES if file in there]
    raise _NotHad(f"the model hub has no safetensors weights of {name}")


def _download(name: str, commit: str, files: list[str], partial: Path, target: Path) -> None:
    for file in files:
        hf_hub_download(name, file, revision=commit, local_dir=partial)
    shutil.rmtree(partial / ".cache")  # the hub's own notes on the files
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)


def _within(seconds: float, work: Callable[[], _T], *, late: str, broken: str) -> _T:
    """What the work returns; after so many seconds it is left alone in its thread.

    Raises _NotHad with ``late`` then, with ``broken`` or a closer reason for an error of its own.
    """
    future: Future[_T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except Exception as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        return future.result(seconds)
    except TimeoutError as error:
        raise _NotHad(late) from error
    except _NotHad:
        raise
    except Exception as error:
        raise _NotHad(_closer_reason(error) or broken) from error


def _closer_reason(error: Exception) -> str | None:
    match error:
        case RepositoryNotFoundError():
            return "the model hub has no such model, or asks for a login (HF_TOKEN)"
        case HfHubHTTPError():
            return f"the model hub answered with an error ({error.response.status_code})"
        case OfflineModeIsEnabled():
            return "HF_HUB_OFFLINE keeps it from asking the model hub"
        case OSError(errno=int()):
            return f"the weights cannot be stored ({error.strerror})"
    return None


def _end_with(parent: int) -> None:
    """End this process when the one that started it is gone, however that ended."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
