"""What people read of an action: over the picture and in captions."""

from __future__ import annotations

from har.models.labels import spaced
from har.types import UNKNOWN, Action

SPOKEN = {
    "bilstm": "BiLSTM",
    "lstm": "LSTM",
    "transformer": "Transformer",
    "i3d": "I3D",
    "r3d_18": "R3D-18",
    "mc3_18": "MC3-18",
    "r2plus1d_18": "R(2+1)D-18",
    "timesformer": "TimeSformer",
    "videomae": "VideoMAE",
    "clip": "CLIP",
    "semantic": "semantic",
    "objects": "objects",
    "person": "corrected by hand",
}
"""Sources as people read them."""


def caption(action: Action) -> str:
    """The label, how sure, and who said so."""
    if action.label == UNKNOWN:
        return UNKNOWN
    return f"{spaced(action.label)}  {action.confidence:.0%}  {SPOKEN[action.source]}"


def visible(text: str) -> str:
    """The text on one line, with a space for each character that cannot be seen."""
    return "".join(character if character.isprintable() else " " for character in text)
