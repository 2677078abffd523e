"""The trained models that can be chosen by name, and where their weights are.

Only local files are looked at: the command ``models --fetch`` (har.models.fetching) is the one
place that downloads them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from config import Settings
from har.errors import BadOption, CheckpointError, ModelMissing
from har.types import Source

if TYPE_CHECKING:
    from har.models.checkpoint import Checkpoint
    from har.models.clip_checkpoint import ClipCheckpoint
    from har.models.clip_networks.network import ClipNetwork
    from har.models.trained import TrainedModel

HEADS: tuple[Source, ...] = ("bilstm", "lstm", "transformer")
"""Models of ours: the checkpoint of the settings, where it has that head."""
INFLATED: Source = "i3d"
"""The whole of the backbone that sees motion, whose weights come with us."""
RESIDUAL: dict[Source, str] = {
    "r3d_18": "r3d_18-b3b3357e.pth",
    "mc3_18": "mc3_18-a90a0ba3.pth",
    "r2plus1d_18": "r2plus1d_18-91a641e6.pth",
}
"""torchvision's, and the files of their weights."""
ATTENTION: dict[Source, str] = {
    "timesformer": "facebook/timesformer-base-finetuned-k400",
    "videomae": "MCG-NJU/videomae-base-finetuned-kinetics",
}
"""Classes of transformers', and the checkpoint of the model hub that each name stands for; any
other of the same class goes by its own name on the hub, or its folder."""
CLIP_SECONDS: dict[Source, float] = {
    INFLATED: 32 / 12.5,
    **dict.fromkeys(RESIDUAL, 16 / 15),
    "timesformer": 8 * 32 / 30,
    "videomae": 16 * 4 / 30,
}
"""Length of a clip of each, here because the libraries that know it take seconds to import."""
KINETICS = 400
"""Labels of these checkpoints, which are those of Kinetics-400."""
NAMES: tuple[str, ...] = (*HEADS, INFLATED, *RESIDUAL, *ATTENTION)
HUB_NAME = r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,95}"
"""As a regular expression: ``owner/name``, as checkpoints on the model hub are called."""
_SLASH = "--"
"""In names of folders; names on the hub do not have it."""
_ENDING = ".safetensors"
"""Of the files of our checkpoints."""


def load(settings: Settings, name: str = "") -> TrainedModel:
    """The model of that name, or of the settings' own; without either, the checkpoint's.

    Raises BadOption for a name that nothing has, ModelMissing at once where the weights are not
    here, and CheckpointError where they cannot be used.
    """
    name = name or settings.model
    if not name:
        return of_file(settings.checkpoint)
    if name in HEADS:
        return _with_head(settings, name)
    if name.endswith(_ENDING):
        return of_file(Path(name).expanduser())
    if name == INFLATED:
        from har.models.clip_networks import inflated

        return inflated.load()
    if source := residual_named(name):
        return _of_torchvision(source)
    return _of_folder(settings, hub_name(name))


def known_as(settings: Settings, name: str, loaded: TrainedModel) -> str:
    """The name of NAMES that leads to what load() gave for ``name``; its own where none does."""
    asked = name or settings.model
    if not asked and loaded.source in HEADS:
        return loaded.source
    same = (known for known in NAMES if hub_name(known) == hub_name(asked))
    return next(same, asked if is_hub_name(asked) else loaded.name)


def residual_named(name: str) -> Source | None:
    """The network of torchvision's that has this name."""
    return next((source for source in RESIDUAL if source == name), None)


def hub_name(name: str) -> str:
    """What a name of ATTENTION stands for; others stand for themselves."""
    return next((ATTENTION[source] for source in ATTENTION if source == name), name)


def of_file(path: Path) -> TrainedModel:
    """A checkpoint of ours at work. Raises CheckpointError."""
    return read(path).at_work(path.name)


def read(path: Path) -> Checkpoint | ClipCheckpoint:
    """A checkpoint of ours, of a head or of a clip network. Raises CheckpointError."""
    from har.models import checkpoint, checkpoint_file, clip_checkpoint

    meta, state = checkpoint_file.read(path)
    if "network" in meta:
        return clip_checkpoint.made(path, meta, state)
    return checkpoint.made(path, meta, state)


def clip_network(settings: Settings, name: str, from_scratch: bool = False) -> ClipNetwork:
    """The clip network that a training begins from; ``from_scratch`` takes its sizes alone.

    Raises BadOption for a model that is none, and what load() raises.
    """
    if name in HEADS:
        raise BadOption(f"A {name} is trained with '--head {name}' instead of --model.")
    from har.models.clip_networks.network import ClipNetwork

    model = _untrained(settings, name) if from_scratch else load(settings, name)
    if not isinstance(model, ClipNetwork):
        raise BadOption(f"{Path(name).name} is a head on a backbone; train one with --head.")
    return model


def _untrained(settings: Settings, name: str) -> ClipNetwork:
    from har.models.clip_networks import attention, inflated, residual

    if name == INFLATED:
        return inflated.untrained()
    if source := residual_named(name):
        return residual.untrained(source)
    for source in ATTENTION:
        if source == name:
            return attention.untrained(source, 1)
    folder = find(settings, name)
    if folder is None:
        raise missing(name)
    return attention.untrained(class_of(folder), 1, folder)


def _with_head(settings: Settings, head: str) -> TrainedModel:
    from har.models.checkpoint import Checkpoint

    found = read(settings.checkpoint)
    file = settings.checkpoint.name
    if isinstance(found, Checkpoint) and found.head == head:
        return found.at_work(file)
    told = f"has a {found.head} head" if isinstance(found, Checkpoint) else "has none of our heads"
    raise ModelMissing(
        f"The model in {file} {told}. Train another with 'python -m har train --head {head}' and "
        "set HAR_CHECKPOINT to its file."
    )


def torchvision_file(source: Source) -> Path:
    """Where torchvision keeps the weights of one of RESIDUAL, be they there or not."""
    from torch import hub

    return Path(hub.get_dir()) / "checkpoints" / RESIDUAL[source]


def _of_torchvision(source: Source) -> TrainedModel:
    from har.models.clip_networks import residual

    if not torchvision_file(source).is_file():
        raise missing(source)
    return residual.load(source)


def _of_folder(settings: Settings, name: str) -> TrainedModel:
    folder = find(settings, name)
    if folder is None and not is_hub_name(name):
        raise CheckpointError(
            f"The folder {Path(name).name} lacks a config.json or weights in safetensors, which "
            "save_pretrained() writes."
        )
    if folder is None:
        raise missing(name)
    source = class_of(folder)
    from har.models.clip_networks import attention

    # Results are shown to people who are not to know where files lie here.
    return attention.load(source, folder, shown(name))


def shown(name: str) -> str:
    """What results call a model of that name."""
    return name if is_hub_name(name) else Path(name).name


def find(settings: Settings, name: str) -> Path | None:
    """The folder with all files of a checkpoint of transformers', named by its folder or by its
    name on the model hub; None where they are not here.

    Raises BadOption for a text that is neither.
    """
    if not is_hub_name(name) and not Path(name).expanduser().is_dir():
        raise BadOption(
            f"There is no model {name}. Take {', '.join(NAMES)}, a TimeSformer or VideoMAE by its "
            "name on the model hub or its folder, or a file that 'python -m har train' wrote."
        )
    folder = Path(name).expanduser()
    return folder if _is_complete(folder) else fetched(settings, name)


def fetched(settings: Settings, name: str) -> Path | None:
    """The same of a checkpoint that came from the model hub; a folder that is called so is none."""
    if not is_hub_name(name):
        return None
    return next((place for place in _places(settings, name) if _is_complete(place)), None)


def folder_for(settings: Settings, name: str) -> Path:
    """Where a checkpoint that is fetched from the model hub is put."""
    return _home(settings) / name.replace("/", _SLASH)


def others(settings: Settings) -> list[str]:
    """Names of the checkpoints that were fetched besides those of ATTENTION, in their order."""
    folders = sorted(_home(settings).glob(f"*{_SLASH}*"))
    names = {folder.name.replace(_SLASH, "/", 1): folder for folder in folders}
    return [
        name
        for name, folder in names.items()
        if name not in ATTENTION.values() and is_hub_name(name) and _is_complete(folder)
    ]


def is_hub_name(name: str) -> bool:
    """Whether a text may name a checkpoint of somebody's on the model hub."""
    return bool(re.fullmatch(HUB_NAME, name))


def _home(settings: Settings) -> Path:
    return settings.data_dir / "models"


def _places(settings: Settings, name: str) -> Iterator[Path]:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    yield folder_for(settings, name)
    # The hub has no such names; nor has its cache, then.
    with suppress(HFValidationError):
        cached = try_to_load_from_cache(name, "config.json")
        if isinstance(cached, str):
            yield Path(cached).parent


def _is_complete(folder: Path) -> bool:
    return (folder / "config.json").is_file() and any(folder.glob("*.safetensors"))


def class_of(folder: Path) -> Source:
    """The class of the network in a folder. Raises CheckpointError for one not of ATTENTION."""
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


def missing(name: str) -> ModelMissing:
    """The error of a model whose weights are not here."""
    return ModelMissing(
        f"The weights of {name} are not on this machine. Fetch them, where there is a network, "
        f"with 'python -m har models --fetch {name}'."
    )
