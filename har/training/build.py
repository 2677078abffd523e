"""From labelled videos to a run's checkpoints: one for each fold without it, and the final one."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from har.errors import CheckpointError, ManifestError
from har.models import backbone as backbones
from har.models import joint, registry
from har.models.checkpoint import Checkpoint, place
from har.models.checkpoint_file import CheckpointBase
from har.models.heads import all_sizes, make_head
from har.training import fine_tuning, manifest
from har.training.loop import Epoch, Measured, Network, Training, steps_per_epoch
from har.training.manifest import Row
from har.training.material import Indices, Material
from har.training.recipe import Recipe
from har.training.runs import Run

FINAL = "final"
_ASIDE = 8
"""One part in so many is set aside where training stops early."""


@dataclass(frozen=True)
class Part:
    """A training of a run: on which videos."""

    name: str
    """``fold-K``, which holds back fold K, or ``final``."""
    inside: Indices
    """Trained on."""
    aside: Indices
    """They decide when to stop; empty where that is not asked for."""
    held_back: Indices
    """Their accuracy is logged, and nothing follows from it; empty for ``final``."""


def build(run: Run, material: Material, recipe: Recipe) -> None:
    """Train the parts of a run that are not done, from where the last one was cut off."""
    todo = parts(material, recipe)
    steps = [recipe.epochs * steps_per_epoch(len(part.inside), recipe) for part in todo]
    with tqdm(total=sum(steps), unit="step", leave=False, disable=None) as bar:
        for part, until in zip(todo, np.cumsum(steps), strict=True):
            bar.set_description(part.name)
            if not run.checkpoint(part.name).exists():
                _train(run, part, material, recipe, bar)
            # A part that stopped early, or was done before, leaves steps out.
            bar.update(until - bar.n)
    run.forget_state()


def parts(material: Material, recipe: Recipe) -> list[Part]:
    """The trainings of a run: one without each fold, the last one with all videos."""
    everything = np.arange(len(material.rows))
    measurable = np.array(manifest.measurable(material.rows))
    found = []
    for fold in np.unique(material.folds):
        inside = np.array(manifest.trained_on(material.rows, int(fold)))
        held_back = everything[~inside & measurable]
        found.append(Part(f"fold-{fold}", *_split(material, everything[inside], recipe), held_back))
    return [*found, Part(FINAL, *_split(material, everything, recipe), everything[:0])]


def _split(material: Material, indices: Indices, recipe: Recipe) -> tuple[Indices, Indices]:
    """Videos to train on, and groups to set aside from them where training stops early.

    The groups are about one part in _ASIDE, with as many labels as can be had. Raises
    ManifestError for a single group.
    """
    if not recipe.patience:
        return indices, indices[:0]
    placed = manifest.with_folds([material.rows[i] for i in indices], _ASIDE)
    labels = Counter(fold for fold, _ in {(row.fold, row.label) for row in placed})
    videos = Counter(row.fold for row in placed)
    chosen = max(range(_ASIDE), key=lambda fold: (labels[fold], -videos[fold]))
    is_aside = np.array([row.fold == chosen for row in placed])
    if is_aside.all():
        raise ManifestError(
            "To stop early, a part of the groups is set aside: each fold must leave two or more to "
            "train on."
        )
    return indices[~is_aside], indices[is_aside]


def _train(run: Run, part: Part, material: Material, recipe: Recipe, bar: tqdm[Any]) -> None:
    """Train one part, keeping its state after each epoch, and write its checkpoint."""
    network = make_network(material, recipe)
    training = Training(network, recipe, material.targets[torch.from_numpy(part.inside)])
    _resume(training, run, part)
    clips = material.clips(part.inside)
    step = training.done * steps_per_epoch(len(clips), recipe)
    bar.update(step)
    aside = material.clips(part.aside) if len(part.aside) else None
    held_back = material.clips(part.held_back) if len(part.held_back) else None
    with run.log(part.name, step) as writer:
        for epoch in training.run(clips, aside, bar.update):
            bar.set_postfix(epoch=epoch.number, loss=f"{epoch.loss:.3f}")
            _log(writer, epoch, training.measure(held_back) if held_back else None)
            run.save_state(part.name, training.state())
    checkpoint(network, material, part, recipe).save(run.checkpoint(part.name))


def _resume(training: Training, run: Run, part: Part) -> None:
    """Go on from the state of a part, where there is one. Raises CheckpointError."""
    state = run.state(part.name)
    if state is None:
        return
    try:
        training.resume(state)
    except (RuntimeError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"The run {run.folder.name} was begun by another version of this program, whose "
            "networks differ. Start a new run."
        ) from error


def make_network(material: Material, recipe: Recipe) -> Network:
    """A network with a new head or last layer, its weights drawn from the recipe's seed."""
    if material.begin:
        return fine_tuning.network(material.begin(), len(material.labels), recipe)
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        head = make_head(recipe.head, material.features, len(material.labels), **recipe.sizes)
    return Network(head, backbones.load(recipe.backbone).network if recipe.finetune else None)


def _log(writer: SummaryWriter, epoch: Epoch, held_back: Measured | None) -> None:
    numbers = {"loss/train": epoch.loss, "learning_rate": epoch.learning_rate}
    for name, measured in (("set_aside", epoch.set_aside), ("held_back", held_back)):
        if measured:
            numbers |= {f"loss/{name}": measured.loss, f"top1/{name}": measured.top1}
    for name, number in numbers.items():
        writer.add_scalar(name, number, epoch.step)
    writer.flush()


def checkpoint(network: Network, material: Material, part: Part, recipe: Recipe) -> CheckpointBase:
    """The checkpoint of a part: not calibrated, and with no numbers of how good it is."""
    data = _description([material.rows[i] for i in part.inside], material, recipe)
    if material.begin:
        return fine_tuning.checkpoint(network, material.labels, recipe, data)
    mean, std = backbones.normalisation(recipe.backbone)
    trained = network.backbone.state_dict() if network.backbone else {}
    return Checkpoint(
        labels=joint.labels_with(material.labels) if recipe.actions else material.labels,
        learnt=material.labels,
        gate=joint.START if recipe.actions else None,
        exemplars=_exemplars(network.head, material, part) if recipe.actions else torch.empty(0, 0),
        backbone=recipe.backbone,
        features=material.features,
        head=recipe.head,
        sizes=all_sizes(recipe.head, recipe.sizes),
        frames=recipe.frames,
        fps=recipe.fps,
        stride=recipe.stride,
        size=recipe.size,
        fit="whole" if recipe.backbone == backbones.MOTION else "squash",
        mean=mean,
        std=std,
        temperature=1.0,
        bias=0.0,
        threshold=0.5,
        data=data,
        metrics={},
        state={name: tensor.cpu() for name, tensor in network.head.state_dict().items()},
        backbone_state={name: tensor.cpu() for name, tensor in trained.items()},
    )


@torch.inference_mode()
def _exemplars(head: nn.Module, material: Material, part: Part) -> Tensor:
    """Where the head sees the videos that it learnt an action from, [videos, width]."""
    assert material.examples, "as train_command checks"
    inside = part.inside[material.targets[torch.from_numpy(part.inside)].any(dim=1).numpy()]
    return place(head.cpu().eval(), material.examples(inside)).half().float()


def _description(rows: list[Row], material: Material, recipe: Recipe) -> dict[str, Any]:
    """What was trained on, for the model card."""
    known = [row.label for row in rows if row.label in material.labels]
    others = [row.label for row in rows if row.label not in material.labels]
    foreign = fine_tuning.OF_HEADS if recipe.model else ("model", "from_scratch")
    settings = {name: value for name, value in asdict(recipe).items() if name not in foreign}
    if recipe.model:
        settings["model"] = registry.shown(recipe.model)
    return {
        "videos": len(rows),
        "labels": dict(sorted(Counter(known).items())),
        "others": dict(sorted(Counter(others).items())),
        "sources": dict(sorted(Counter(row.source for row in rows).items())),
        "groups": len({row.group for row in rows}),
        "folds": len(set(material.folds.tolist())),
        "seed": settings.pop("seed"),
        "recipe": settings,
    }
