"""Fine-tuning of a clip network: what a recipe takes from it, and the network that is trained."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from config import Settings
from har.errors import BadOption
from har.models import registry
from har.models.clip_checkpoint import ClipCheckpoint
from har.models.clip_networks import THRESHOLD, parts
from har.models.clip_networks.network import ClipNetwork, Geometry
from har.models.clip_networks.parts import Body, LastLayer
from har.training.loop import Network
from har.training.recipe import Recipe
from har.training.values import Values

DEFAULTS: Values = {
    "optimiser": "sgd",
    "learning_rate": 0.0035,
    "weight_decay": 0.003,
    "batch": 8,
    "epochs": 8,
    "smoothing": 0.0,
    "spliced": 0.0,
}
"""What differs from a head's recipe: the values of a study that taught a TimeSformer 25 actions of
HMDB51, and the loss that such networks are trained with."""
OF_HEADS = ("backbone", "finetune", "head", "sizes")


def own(settings: Settings, given: Values) -> Values:
    """What a recipe has by default, where ``given`` names a model: the geometry is its own.

    Raises what registry.clip_network() does.
    """
    model = registry.clip_network(settings, given["model"], given.get("from_scratch", False))
    geometry = model.geometry
    frames = given.get("frames", geometry.frames)
    return {
        **DEFAULTS,
        "backbone_rate": given.get("learning_rate", DEFAULTS["learning_rate"]),
        "frames": frames,
        "fps": geometry.fps,
        "size": geometry.side,
        "stride": max(1, frames // 2),
    }


def begin(recipe: Recipe, settings: Settings) -> ClipNetwork:
    """The network that a training begins from, given the clips that the recipe says.

    Raises BadOption where it cannot take them, or where the recipe is one of a head's, and what
    registry.clip_network() does.
    """
    differing = [name for name in OF_HEADS if getattr(recipe, name) != getattr(Recipe(), name)]
    if differing:
        raise BadOption(f"A clip network has no {' and no '.join(differing)}: leave it out.")
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        model = registry.clip_network(settings, recipe.model, recipe.from_scratch)
    geometry = _geometry(model, recipe)
    return ClipNetwork(model.source, model.name, model.labels, geometry, model.network)


def _geometry(model: ClipNetwork, recipe: Recipe) -> Geometry:
    known = model.geometry
    if model.source == registry.INFLATED:
        from har.models.clip_networks import inflated

        known = inflated.geometry(recipe.size)
    elif model.source in registry.RESIDUAL:
        from har.models.clip_networks import residual

        known = residual.resized(known, recipe.size)
    elif (recipe.frames, recipe.size) != (known.frames, known.side):
        raise BadOption(
            f"The network takes {known.frames} frames of {known.side} pixels a side: leave out "
            "frames and size."
        )
    return replace(known, frames=recipe.frames, fps=recipe.fps)


def network(model: ClipNetwork, labels: int, recipe: Recipe) -> Network:
    """The network with a new last layer for so many labels, drawn from the recipe's seed."""
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        body, last = parts.split(model, labels)
    return Network(last, body, exclusive=True, from_scratch=recipe.from_scratch)


def checkpoint(
    network: Network, labels: tuple[str, ...], recipe: Recipe, data: dict[str, Any]
) -> ClipCheckpoint:
    """The checkpoint of a network that was trained: not calibrated, and with no numbers of how good
    it is."""
    body, last = network.backbone, network.head
    assert isinstance(body, Body)
    assert isinstance(last, LastLayer)
    return ClipCheckpoint(
        labels=labels,
        network=body.source,
        sizes=_sizes(body),
        geometry=body.geometry,
        stride=recipe.stride,
        temperature=1.0,
        threshold=THRESHOLD,
        data=data,
        metrics={},
        state={name: tensor.cpu() for name, tensor in body.joined(last).items()},
    )


def _sizes(body: Body) -> dict[str, Any]:
    if body.source not in registry.ATTENTION:
        return {}
    from har.models.clip_networks import attention

    return attention.sizes(body.config)
