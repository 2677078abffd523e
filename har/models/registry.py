"""The trained models that can be chosen by name, and where their weights are.

Only local files are looked at: the command ``models --fetch`` (har.models.fetching) is the one
place that downloads them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from config import Settings
from har.errors import BadOption, CheckpointError, ModelMissing
from har.types import Source

if TYPE_CHECKING:
    from har.models.trained import TrainedModel

HEADS: tuple[Source, ...] = ("bilstm", "lstm", "transformer")
"""Models of ours: the checkpoint of the settings, where it has that head."""
RESIDUAL: tuple[Source, ...] = ("r3d_18", "mc3_18", "r2plus1d_18")
"""torchvision's."""
ATTENTION: dict[Source, str] = {
    "timesformer": "facebook/timesformer-base-finetuned-k400",
    "videomae": "MCG-NJU/videomae-base-finetuned-kinetics",
}
"""Classes of transformers', and the checkpoint of the model hub that each name stands for; any
other of the same class goes by its own name on the hub, or its folder."""
NAMES: tuple[str, ...] = (*HEADS, *RESIDUAL, *ATTENTION)


def load(settings: Settings, name: str = "") -> TrainedModel:
    """The model of that name, or of the settings' own; without either, the checkpoint's.

    Raises BadOption for a name that nothing has, ModelMissing at once where the weights are not
    here, and CheckpointError where they cannot be used.
    """
    name = name or settings.model
    if not name or name in HEADS:
        return _of_checkpoint(settings, name)
    if source := residual_named(name):
        return _of_torchvision(source)
    return _of_folder(settings, hub_name(name))


def residual_named(name: str) -> Source | None:
    """The network of torchvision's that has this name."""
    return next((source for source in RESIDUAL if source == name), None)


def hub_name(name: str) -> str:
    """What a name of ATTENTION stands for; others stand for themselves."""
    return next((ATTENTION[source] for source in ATTENTION if source == name), name)


def _of_checkpoint(settings: Settings, head: str) -> TrainedModel:
    from har.models import checkpoint
    from har.models.trained import CheckpointModel

    found = checkpoint.load(settings.checkpoint)
    if head and found.head != head:
        raise ModelMissing(
            f"The model in {settings.checkpoint.name} has a {found.head} head. Train another with "
            f"'python -m har train --head {head}' and set HAR_CHECKPOINT to its file."
        )
    return CheckpointModel(found, settings.checkpoint.name)


def _of_torchvision(source: Source) -> TrainedModel:
    from har.models.clip_networks import residual

    if not residual.file(source).is_file():
        raise _missing(source)
    return residual.load(source)


def _of_folder(settings: Settings, name: str) -> TrainedModel:
    folder = find(settings, name)
    if folder is None and not is_hub_name(name):
        raise CheckpointError(
            f"The folder {Path(name).name} lacks a config.json or weights in safetensors, which "
            "save_pretrained() writes."
        )
    if folder is None:
        raise _missing(name)
    source = _class_of(folder)
    from har.models.clip_networks import attention

    # Results are shown to people who are not to know where files lie here.
    return attention.load(source, folder, name if is_hub_name(name) else folder.name)


def find(settings: Settings, name: str) -> Path | None:
    """The folder with all files of a checkpoint of transformers', named by its folder or by its
    name on the model hub; None where they are not here.

    Raises BadOption for a text that is neither.
    """
    if not is_hub_name(name) and not Path(name).expanduser().is_dir():
        raise BadOption(
            f"There is no model {name}. Take {', '.join(NAMES)}, or a TimeSformer or VideoMAE by "
            "its name on the model hub or its folder."
        )
    return next((place for place in _places(settings, name) if _is_complete(place)), None)


def folder_for(settings: Settings, name: str) -> Path:
    """Where a checkpoint that is fetched from the model hub is put."""
    return settings.data_dir / "models" / name.replace("/", "--")


def is_hub_name(name: str) -> bool:
    """Whether a text may name a checkpoint of somebody's on the model hub: ``owner/name``."""
    return bool(re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", name, re.ASCII))


def _places(settings: Settings, name: str) -> Iterator[Path]:
    yield Path(name).expanduser()
    if is_hub_name(name):
        from huggingface_hub import try_to_load_from_cache

        yield folder_for(settings, name)
        cached = try_to_load_from_cache(name, "config.json")
        if isinstance(cached, str):
            yield Path(cached).parent


def _is_complete(folder: Path) -> bool:
    return (folder / "config.json").is_file() and any(folder.glob("*.safetensors"))


def _class_of(folder: Path) -> Source:
    try:
        kind = json.loads((folder / "config.json").read_text("utf-8"))["model_type"]
    except (OSError, ValueError, RecursionError, LookupError, TypeError):
        kind = None
    for source in ATTENTION:
        if source == kind:
            return source
    raise CheckpointError(
        f"The model in the folder {folder.name} is of another class than {' and '.join(ATTENTION)}."
    )


def _missing(name: str) -> ModelMissing:
    return ModelMissing(
        f"The weights of {name} are not on this machine. Fetch them, where there is a network, "
        f"with 'python -m har models --fetch {name}'."
    )
