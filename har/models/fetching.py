"""Downloads the weights of a model that has a name; nothing but the command ``models`` does.

It works in the foreground, with the libraries' own bars. A host that says nothing for a while ends
it.
"""

from __future__ import annotations

import hashlib
import pickle
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from safetensors.torch import save_file
from torch import hub

from config import Settings
from har.errors import BadOption, ModelMissing
from har.models import registry
from har.types import Source

SILENCE = 30.0
"""Seconds without a word from the other side after which a download is given up."""

_SAFE, _PICKLED = "model.safetensors", "pytorch_model.bin"
_CONFIGURATION = (
    "config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "video_preprocessor_config.json",
)


def fetch(settings: Settings, name: str) -> None:
    """Put the weights where registry.load() finds them, whole or not at all.

    Raises BadOption for a name whose weights nobody offers, and ModelMissing where they cannot be
    had.
    """
    if name in registry.HEADS:
        raise BadOption(f"A {name} is not fetched: train one with 'python -m har train'.")
    if name == registry.INFLATED:
        raise BadOption(f"The weights of {name} come with this program: nothing is to be fetched.")
    if source := registry.residual_named(name):
        _fetch_torchvision(source)
        return
    name = registry.hub_name(name)
    if not registry.is_hub_name(name):
        raise BadOption(f"There is no model {name}; 'python -m har models' lists those there are.")
    with _told(name):
        _fetch_from_hub(name, registry.folder_for(settings, name))


def _fetch_torchvision(source: Source) -> None:
    file = registry.torchvision_file(source)
    if file.is_file():
        return
    from har.models.clip_networks import residual  # torchvision takes seconds

    file.parent.mkdir(parents=True, exist_ok=True)
    # Names of torchvision's files end with the first digits of their SHA-256.
    digits = file.stem.rpartition("-")[2]
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SILENCE)
    try:
        with _told(source):
            hub.download_url_to_file(residual.weights(source).url, str(file), digits)
    finally:
        socket.setdefaulttimeout(before)


def _fetch_from_hub(name: str, target: Path) -> None:
    info = HfApi().model_info(name, revision="main", files_metadata=True, timeout=SILENCE)
    there = {file.rfilename: file for file in info.siblings or ()}
    weights = next((file for file in (_SAFE, _PICKLED) if file in there), None)
    if weights is None or info.sha is None:
        raise ModelMissing(f"The model hub has no weights of {name} that can be used here.")
    # A name that is not taken for a checkpoint's.
    partial = target.with_name(f".{target.name}.partial")
    try:
        for file in [*(file for file in _CONFIGURATION if file in there), weights]:
            hf_hub_download(name, file, revision=info.sha, local_dir=partial, etag_timeout=SILENCE)
        _check(partial / weights, there[weights])
        if weights == _PICKLED:
            _convert(partial)
        shutil.rmtree(partial / ".cache", ignore_errors=True)  # the hub's own notes on the files
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _check(path: Path, told: Any) -> None:
    """Raises ModelMissing for a file that is not what the hub says of it."""
    if told.lfs is None:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != told.lfs.sha256:
        raise ModelMissing(f"The download of {path.name} is damaged. Fetch it again.")


def _convert(folder: Path) -> None:
    """Makes safetensors of weights that the hub has as a pickle only, running nothing of it."""
    pickled = folder / _PICKLED
    state = torch.load(pickled, map_location="cpu", weights_only=True)
    # Tensors that share their memory cannot be written.
    tensors = {name: tensor.clone().contiguous() for name, tensor in state.items()}
    save_file(tensors, folder / _SAFE, metadata={"format": "pt"})
    pickled.unlink()


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Raises ModelMissing, with the reason, for what goes wrong within."""
    try:
        yield
    except ModelMissing:
        raise
    except RepositoryNotFoundError as error:
        raise ModelMissing(
            f"The model hub has no model {name}, or asks for a login (HF_TOKEN)."
        ) from error
    except Exception as error:  # the libraries raise whatever their layers raise
        raise ModelMissing(
            f"The weights of {name} cannot be fetched: {_reason(error)}. Try it where there is a "
            "network, or another time."
        ) from error


def _reason(error: Exception) -> str:
    match error:
        case HfHubHTTPError() if error.response is not None:
            return f"their host answered with an error ({error.response.status_code})"
        case RuntimeError() if "hash" in str(error):
            return "the download is damaged"
        case OSError(errno=int(), filename=str()):
            return f"they cannot be stored ({error.strerror})"
        case pickle.UnpicklingError():
            return "their file holds more than weights"
    return f"their host does not answer as it should ({type(error).__name__})"
