"""The model card: what a checkpoint knows, how well, and what it must not be used for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from har.models.checkpoint import Checkpoint

_LIMITS = """\
## What it must not be used for

- **Surveillance, policing, security, or any decision about a person.** The numbers above are far
  too low for it, and they were measured on few people in few places. CLIP, which is asked where
  this model is unsure, is declared by its makers to be unfit for surveillance as well.
- Telling who somebody is, or what they feel, intend or are able to do: it was never taught to.
- Medical, sport or safety advice: it names an action, not whether it is done well.
- Videos unlike those below, without looking at the confidence. An action that it does not know
  should come out as unsure; the share that does not is above.

It sees the whole picture, not each person: of several people who do different things it names one
thing. A class that comes from a single source may have been learnt by its surroundings; see the
numbers per source.
"""


def card(model: Checkpoint) -> str:
    """The card of a trained checkpoint, in Markdown."""
    sections = [_head(model), _quality(model), _confidence(model), _LIMITS, _data(model)]
    return "\n".join(section.strip() + "\n" for section in sections)


def write(model: Checkpoint, path: Path) -> None:
    """Write the card of a checkpoint."""
    path.write_text(card(model), "utf-8")


def _head(model: Checkpoint) -> str:
    seconds = model.frames / model.fps
    weights = sum(tensor.numel() for tensor in model.state.values()) / 1e6
    return f"""\
# Model card

Names the action in clips of {seconds:g} s, as one of {len(model.labels)}: \
{", ".join(model.labels)}.

A frozen `{model.backbone}` turns {model.fps:g} frames a second into one vector each, of the whole
picture at {model.size}x{model.size} pixels. A {model.head} head with attention ({weights:.1f} M
weights) reads the {model.frames} vectors of a clip and their differences. Each action has a
probability of its own; where the highest is below {model.threshold:.2f}, the zero-shot model is
asked instead.
"""


def _quality(model: Checkpoint) -> str:
    found = model.metrics["metrics"]
    per_class = _table(("class", "videos", "right"), _shares(found["per_class"]))
    per_source = _table(("source", "videos", "right"), _shares(found["per_source"]))
    confused = _table(("what it was", "what was said", "videos"), found["confused"])
    return f"""\
## How well

Measured on {found["videos"]} videos in {model.data["folds"]} folds: each was scored by a model that
had seen no video of its group (the same people, scene or footage). A video's prediction is the mean
over its clips. The model itself was then trained on all folds, with the same recipe.

| | |
|---|---|
| right at first (top-1) | {found["top1"]:.1%} |
| among the first five (top-5) | {found["top5"]:.1%} |
| balanced over the classes | {found["balanced"]:.1%} |
| expected calibration error | {found["ece"]:.3f} |

{per_class}

{per_source}

The most frequent errors:

{confused}
"""


def _confidence(model: Checkpoint) -> str:
    point, unknown, auroc = (model.metrics[key] for key in ("point", "unknown", "auroc"))
    text = f"""\
## When it is sure

With the threshold of {point["threshold"]:.2f} it answers for {point["coverage"]:.0%} of the
held-back videos, and {point["accuracy"]:.0%} of those answers are right. Temperature, bias and
threshold were fitted on the same held-back scores.
"""
    if unknown:
        text += f"""\

Of {unknown} videos of other actions ({", ".join(model.data["others"])}) it wrongly answers for
{point["accepted_unknown"]:.0%}; its confidence tells known from unknown with an AUROC of
{auroc:.2f}. Videos of these actions from other groups were counter-examples in training.
"""
    return text


def _data(model: Checkpoint) -> str:
    data = model.data
    counts = _table(("class", "videos"), (data["labels"] | data["others"]).items())
    sources = _table(("source", "videos"), data["sources"].items())
    recipe = _table(("setting", "value"), data["recipe"].items())
    return f"""\
## What it was trained on

{data["videos"]} short videos of real people in {data["groups"]} groups; they are not part of this
project.

{counts}

{sources}

The recipe, with the seed {data["seed"]}:

{recipe}
"""


def _shares(shares: dict[str, Any]) -> list[tuple[str, int, str]]:
    return [(name, share["videos"], f"{share['top1']:.0%}") for name, share in shares.items()]


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [tuple(head), *rows]
    cells = ["| " + " | ".join(str(cell) for cell in line) + " |" for line in lines]
    return "\n".join([cells[0], "|---" * len(tuple(lines[0])) + "|", *cells[1:]])
