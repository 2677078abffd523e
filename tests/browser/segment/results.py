"""Finished jobs to show in the segment's panel, made up, and written as the service does."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from har.export.corrected import corrected
from har.export.result import segment_document, timeline_of
from har.recognition.cascade import quiet
from har.recognition.sheets import SheetWriter
from har.types import UNKNOWN, FrameBatch, Scores, Segment, Sheets, Source, Top

Job = dict[str, Any]

START = 5.0
"""Seconds at which the video's clock begins."""
FPS = 12.5
FRAMES, STRIDE = 32, 8
"""Sampled frames in a clip, and from one to the next."""
COUNT = 100
"""Sampled frames, on two sheets."""
LONG = "somebody is teaching a rather large dog to ride a skateboard"


def top(label: str, confidence: float) -> Top:
    others = [one for one in ("Walk", "SitDown", "PushUps", "Yoga", "Fight") if one != label][:4]
    return (
        (label, confidence),
        *((one, (1 - confidence) / 2**n) for n, one in enumerate(others, 2)),
    )


def clip(
    index: int, trained: tuple[str, float], zero_shot: tuple[str, float] | None = None
) -> Segment:
    """The clip of that position, as both models have it; see THRESHOLDS."""
    start, end = times(index)
    said = Scores("bilstm", top(*trained))
    attention = (0.05, 0.6, 0.25, 0.1)
    if zero_shot is None:
        return Segment(start, end, *said.top[0], said.top, said.source, attention=attention)
    source: Source = "clip"
    label, confidence = zero_shot
    reason = "bilstm confidence 0.31 below threshold 0.55"
    return Segment(
        start,
        end,
        label if confidence >= THRESHOLDS["zero_shot"] else UNKNOWN,
        confidence,
        top(*zero_shot),
        source,
        reason,
        said,
        attention,
    )


def times(index: int) -> tuple[float, float]:
    """When the clip of that position begins and ends."""
    start = START + index * STRIDE / FPS
    return start, start + FRAMES / FPS


def nothing(index: int, trained: tuple[str, float]) -> Segment:
    """One in which nothing is done, of which the trained model is sure."""
    alone = clip(index, trained)
    return quiet(alone, Scores(alone.source, alone.top5))


THRESHOLDS = {"trained": 0.55, "zero_shot": 0.3}
CLIPS = [
    clip(0, ("Walk", 0.8812)),
    clip(1, ("JumpingJack", 0.3124), ("RockClimbingIndoor", 0.4102)),
    clip(2, ("BodyWeightSquats", 0.5496), ("RockClimbingIndoor", 0.2996)),
    clip(3, ("BodyWeightSquats", 0.3124), (LONG, 0.9)),
    clip(4, ("Walk", 0.62)),
    clip(5, ("Walk", 0.3), ("RockClimbingIndoor", 0.4)),
    clip(6, ("Walk", 0.7)),
    nothing(7, ("StandStill", 0.9052)),
]
CORRECTIONS = {"4": "SitDown", "5": LONG, "6": LONG}


SHEETS = Sheets(FPS, 112, 112, 63, 8, 8, COUNT, 2, FRAMES)
EARLIER = "earlier"
"""A job whose frames are squares, and say nothing of it, nor of how many a clip has."""


def job(name: str = "made-up") -> Job:
    """A finished job with a clip of each kind, three of them corrected by a person."""
    facts = {"start": START, "duration": COUNT / FPS, "width": 320, "height": 180}
    members = [segment_document(one) for one in CLIPS]
    frames = dataclasses.asdict(SHEETS)
    if name == EARLIER:
        del frames["width"], frames["height"], frames["clip"]
    result = {
        "id": name,
        "video": facts,
        "labels": None,
        "segment_predictions": members,
        "timeline": timeline_of(members, facts),
        "thresholds": THRESHOLDS,
        "frames": frames,
    }
    return {"id": name, "video": facts, "result": corrected(result, CORRECTIONS)}


def write_sheets(folder: Path, ratio: float) -> Sheets:
    """Sheets for a job: frame k is grey, and 2 k bright."""
    writer = SheetWriter(folder, FPS, FRAMES, 112, ratio)
    bright = np.arange(COUNT, dtype=np.uint8) * 2
    pixels = np.broadcast_to(bright[:, None, None, None], (COUNT, 112, 112, 3))
    writer.add(FrameBatch(START + np.arange(COUNT) / FPS, np.ascontiguousarray(pixels)))
    return writer.finish()
