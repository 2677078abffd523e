"""transformers' TimeSformer (Bertasius et al. 2021, arXiv 2102.05095) and VideoMAE (Tong et al.
2022, arXiv 2203.12602), with the weights of any checkpoint of these classes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from transformers import (
    PretrainedConfig,
    TimesformerConfig,
    TimesformerForVideoClassification,
    TimesformerVideoProcessor,
    VideoMAEConfig,
    VideoMAEForVideoClassification,
    VideoMAEVideoProcessor,
)

from har.errors import CheckpointError
from har.models.clip_networks.network import ClipNetwork, Geometry
from har.models.labels import VOCABULARY
from har.models.pretrained import whole
from har.types import Fit, Source

_RATE = 30.0
"""Frames per second of Kinetics' videos, of which both were trained on one in several."""
_CLASSES: dict[Source, tuple[Any, Any, Any]] = {
    "timesformer": (
        TimesformerForVideoClassification,
        TimesformerConfig,
        TimesformerVideoProcessor,
    ),
    "videomae": (VideoMAEForVideoClassification, VideoMAEConfig, VideoMAEVideoProcessor),
}


class Logits(nn.Module):
    """A network of transformers' that gives a tensor: from clips [n, T, 3, h, w] to logits."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, clips: Tensor) -> Tensor:
        logits: Tensor = self.network(pixel_values=clips).logits
        return logits


def load(source: Source, folder: Path, name: str) -> ClipNetwork:
    """The network in a folder, from safetensors only.

    ``name`` is what the result calls it. Raises CheckpointError where the folder's files are not
    all of such a network.
    """
    try:
        network = _network(_CLASSES[source][0], folder)
        geometry = _geometry(source, network.config, folder)
    except CheckpointError:
        raise
    except Exception as error:  # transformers raises whatever its layers raise
        raise CheckpointError(
            f"The files of {name} cannot be loaded as a {source}. Fetch them again with 'python -m "
            f"har models --fetch {name}'."
        ) from error
    return _model(source, f"{source} ({name})", geometry, network)


def untrained(source: Source, labels: int, folder: Path | None = None) -> ClipNetwork:
    """A network with random weights, of the class's usual sizes or of those that a folder tells."""
    told = _CLASSES[source][1].from_pretrained(folder) if folder else None
    network = empty(source, labels, sizes(told) if told else {})
    seen = _geometry(source, network.config, folder)
    return _model(source, f"{source} (random weights)", seen, network)


def seen(source: Source, folder: Path) -> tuple[int, Geometry]:
    """How many labels the network in a folder tells apart, and what it sees; its weights are not
    looked at. Raises CheckpointError."""
    try:
        config = _CLASSES[source][1].from_pretrained(folder, local_files_only=True)
        return len(config.id2label), _geometry(source, config, folder)
    except CheckpointError:
        raise
    except Exception as error:  # transformers raises whatever a file of another kind makes it raise
        raise CheckpointError(f"The files in {folder.name} do not tell of a {source}.") from error


def empty(source: Source, labels: int, sizes: Mapping[str, Any] | None = None) -> Any:
    """A network without its weights, of the class's usual sizes where ``sizes`` are not others."""
    kind, configuration, _ = _CLASSES[source]
    return kind(configuration(num_labels=labels, **(sizes or {})))


def sizes(config: Any) -> dict[str, Any]:
    """What a configuration of one of these classes tells of its network: what those of any class
    have is left out, such as the names of the labels."""
    common = PretrainedConfig().to_dict()
    told: dict[str, Any] = config.to_diff_dict()
    return {name: value for name, value in told.items() if name not in common}


def _model(source: Source, name: str, geometry: Geometry, network: Any) -> ClipNetwork:
    named = network.config.id2label
    labels = VOCABULARY.labels(named[i] for i in range(len(named)))
    return ClipNetwork(source, name, labels, geometry, Logits(network))


def geometry(source: Source) -> Geometry:
    """What a network of that class sees unless its own files say otherwise."""
    return _geometry(source, _CLASSES[source][1](), None)


def every(source: Source, frames: int) -> int:
    """Of how many frames of Kinetics' the network was shown one.

    The published TimeSformers take 8 x 32, 16 x 16 and 96 x 4 frames, the VideoMAEs 16 x 4; their
    files do not tell.
    """
    return max(4, 256 // frames) if source == "timesformer" else 4


def _network(kind: Any, folder: Path) -> Any:
    network = whole(kind, folder)
    if network is None:
        raise ValueError("weights are missing or of another shape")
    return network


def _geometry(source: Source, config: Any, folder: Path | None) -> Geometry:
    """Raises CheckpointError for a preprocessing that is not followed here."""
    processor = _processor(source, config, folder)
    side, size = config.image_size, processor.size
    cut = processor.crop_size if processor.do_center_crop else size
    scaled = size.shortest_edge or (size.height, size.width)
    if (cut.height, cut.width) != (side, side) or not processor.do_normalize:
        raise CheckpointError(
            f"The preprocessing of this {source} does not give the pictures of {side} pixels a "
            "side that its network takes."
        )
    return Geometry(
        frames=config.num_frames,
        fps=_RATE / every(source, config.num_frames),
        fit=Fit(side, scaled),
        side=side,
        mean=tuple(processor.image_mean),
        std=tuple(processor.image_std),
    )


def _processor(source: Source, config: Any, folder: Path | None) -> Any:
    """The folder's own resizing and normalisation; the class's where it has none."""
    kind = _CLASSES[source][2]
    names = ("video_preprocessor_config.json", "preprocessor_config.json", "processor_config.json")
    if folder and any((folder / name).is_file() for name in names):
        return kind.from_pretrained(folder, local_files_only=True)
    side = config.image_size
    return kind(size={"shortest_edge": side}, crop_size={"height": side, "width": side})
