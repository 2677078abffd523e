"""Every model in a size that is trained in moments, on four videos of two seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from config import Settings
from har.models import registry
from har.training import build, fine_tuning, values
from har.training.loop import Network, Training
from har.training.manifest import Row
from har.training.material import Material
from har.training.recipe import Recipe

SMALL = {"fps": 8.0, "epochs": 1, "batch": 2, "augment": ""}
ROWS = [
    Row("bars0.mp4", "SitDown", "s", "a", 0),
    Row("bars1.mp4", "Walk", "s", "b", 0),
    Row("bars2.mp4", "SitDown", "s", "c", 1),
    Row("bars3.mp4", "Walk", "s", "d", 1),
]
ALL = np.arange(len(ROWS))


def bars_of(make_video: Callable[..., Path], index: int) -> Path:
    """The video of a row of ROWS: two seconds of eight pictures each."""
    source = f"testsrc2=d=2:s=64x48:r=8,hue=h={90 * index}"
    return make_video(ROWS[index].file, "-f", "lavfi", "-i", source, "-c:v", "libx264")


def recipe_of(name: str, folders: Path, settings: Settings) -> Recipe:
    """One that trains a model of that name in moments, on the whole of each video."""
    if name in registry.HEADS:
        sizes = {"backbone": "tf_efficientnet_lite0", "size": 32, "frames": 16}
        return Recipe(head=name, learning_rate=0.01, **SMALL, **sizes)  # type: ignore[arg-type]
    if name == registry.INFLATED or name in registry.RESIDUAL:
        # They have one size only.
        asked = {"model": name, "from_scratch": True, "size": 32, "frames": 16, **SMALL}
    else:
        asked = {"model": str(folders / name), **SMALL}
    return values.resolved(fine_tuning.own(settings, asked), asked)[0]


def trained(recipe: Recipe, material: Material) -> Network:
    network = build.make_network(material, recipe)
    training = Training(network, recipe, material.targets)
    [epoch] = training.run(material.clips(ALL), None, lambda: None)
    assert np.isfinite(epoch.loss)
    return network
