"""What a training is told: every value once, with its default, range and help.

values.py makes the options of ``har train`` of it, and reads its files. Nothing heavy is imported:
the help of all commands is made with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from har.training.layouts import KINDS

if TYPE_CHECKING:
    from har.types import Source


def _value(default: Any, help: str, **about: Any) -> Any:
    """A field with its help; see _about()."""
    return field(default=default, metadata=_about(type(default), help, **about))


def _about(
    kind: type,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    metavar: str = "",
) -> dict[str, Any]:
    """What is known of a field's values: kind, help, range, choices, and its name in the help."""
    return {
        "kind": kind,
        "help": help,
        "low": low,
        "high": high,
        "choices": choices,
        "metavar": metavar,
    }


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a model is trained. The same recipe and the same videos give the same weights."""

    model: str = _value(
        "",
        "fine-tune this clip network instead of training a head: i3d, r3d_18, mc3_18, r2plus1d_18, "
        "timesformer, videomae, a TimeSformer or VideoMAE by its name on the model hub or its "
        "folder, or the file of one that was trained here. frames, fps, size and stride are then "
        "its own by default, and others as docs/commands.md tells",
        metavar="NAME",
    )
    from_scratch: bool = _value(
        False, "begin from random weights of --model's sizes rather than from its own"
    )
    backbone: str = _value(
        "i3d", "network that turns frames into vectors: i3d, which sees motion, or any of timm's"
    )
    finetune: bool = _value(
        False,
        "train the backbone too, on pixels decoded anew in each epoch; its normalisation layers "
        "keep their statistics",
    )
    actions: bool = _value(
        False,
        "know Kinetics' 400 actions as well: i3d's own classifier speaks for them, and what joins "
        "it to the head is fitted with the calibration",
    )
    fps: float = _value(12.5, "frames sampled per second of video", low=0.1, high=120)
    size: int = _value(
        192,
        "shorter side of the picture that i3d sees at its own shape, or side of the square that "
        "others see it squashed to, in pixels",
        low=16,
    )
    frames: int = _value(32, "sampled frames in a clip", low=2)
    stride: int = _value(
        16, "sampled frames from one clip's start to the next's when a video is scored", low=1
    )
    head: Source = field(
        default="bilstm",
        metadata=_about(
            str,
            "network that reads a clip's vectors",
            choices=("bilstm", "lstm", "transformer"),
        ),
    )
    sizes: dict[str, float] = field(
        default_factory=dict,
        metadata=_about(
            dict, "arguments of the head, such as width=256,dropout=0.5; others keep their defaults"
        ),
    )
    sampling: str = _value(
        "uniform",
        "which frames make a clip of training: consecutive ones, some spread over the whole "
        "video, or any; a request's clips are consecutive frames, whatever this is",
        choices=("uniform", "equidistant", "random"),
    )
    augment: str = _value(
        "mirror:0.5@before, reverse:0.5@before, focus:0.4@before, crop:0.4@before, "
        "brightness:0.4@before",
        "changes to the videos, each with its probability, to the whole video before sampling or "
        "to the clip after it: mirror, reverse, interpolate, brightness, crop, and focus, a crop "
        "around what moves. With a frozen backbone, changes @before other than interpolate use "
        "cached vectors; any other change, --finetune, or other sampling than uniform with i3d, "
        "decodes the pixels again in each epoch, which is slow",
    )
    views: int = _value(
        3,
        "versions of each video of which vectors are cached: itself, and draws of the changes",
        low=1,
        high=100,
    )
    reversals: dict[str, str] = field(
        default_factory=dict,
        metadata=_about(
            dict, "further pairs of actions that are each other's reversal, such as Open=Close"
        ),
    )
    mirrors: dict[str, str] = field(
        default_factory=dict,
        metadata=_about(dict, "further pairs of actions that are each other's mirror image"),
    )
    epochs: int = _value(30, "times that each video is shown", low=1)
    batch: int = _value(64, "videos in a step", low=1)
    optimiser: str = _value("adamw", "what changes the weights", choices=("adamw", "sgd"))
    momentum: float = _value(0.9, "of sgd", low=0, high=1)
    learning_rate: float = _value(1e-3, "of the head, at its highest", low=0)
    backbone_rate: float = _value(
        1e-5,
        "learning rate of a backbone that is fine-tuned; with --model of all but its last layer, "
        "and learning_rate's by default",
        low=0,
    )
    weight_decay: float = _value(0.05, "share of a weight, times the learning rate", low=0)
    warmup: float = _value(
        0.1, "share of the steps in which the rate rises, before a cosine lowers it", low=0, high=1
    )
    smoothing: float = _value(0.1, "share of a label that is spread over all", low=0, high=1)
    balance: float = _value(
        0.5,
        "a video of a class of n weighs n to the power of minus this: at 1 all classes weigh alike",
        low=0,
        high=1,
    )
    spliced: float = _value(
        0.6, "clips put together from the channels of two, which show nothing, per clip", low=0
    )
    largest_gradient: float = _value(1.0, "norm to which a step's gradient is cut", low=0)
    patience: int = _value(
        0,
        "stop after so many epochs without a lower loss on groups set aside from training, and "
        "take the weights that were best on them; 0 trains to the end on all groups",
        low=0,
    )
    seed: int = _value(0, "of all that is random", low=0)


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where the videos are, and where the model goes."""

    data: str = _value(
        KINDS[0],
        "how the labels are given: a CSV with file,label and perhaps source,group,fold; one "
        "folder per class; or as UCF101 or HMDB51 come, with their split files",
        choices=KINDS,
    )
    root: str = _value("", "the folder that the videos are below", metavar="DIR")
    manifest: str = _value(
        "", "the list of labelled videos, or several, comma-separated", metavar="CSV,..."
    )
    calibration: str = _value(
        "",
        "a list of further videos, which calibrate the model and are not learnt; with a column "
        "accept, the names that are right for each, separated by |",
        metavar="CSV",
    )
    classes: str = _value(
        "", "only the videos of these labels, comma-separated", metavar="LABEL,..."
    )
    split: int = _value(1, "number of the official split of ucf101 and hmdb51", low=1, high=3)
    unknown: str = _value(
        "",
        "videos of other actions, of which the model must be unsure when it is calibrated",
        metavar="DIR",
    )
    out: str = _value(
        "logs/best_model.safetensors",
        "the checkpoint to write; its model-card.md is written beside it",
        metavar="FILE",
    )
