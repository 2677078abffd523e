"""Results to show on the timeline, made up, merged and written as the service does."""

from __future__ import annotations

import random
from dataclasses import asdict
from typing import Any

from har.export.result import segment_document
from har.recognition.timeline import merge
from har.types import UNKNOWN, Scores, Segment, Source

Result = dict[str, Any]

CLIP_SECONDS = 2.0
TRAINED = ["Walk", "BodyWeightSquats", "JumpingJack", "PushUps", "SitDown", "TurnAround"]
ZERO_SHOT = ["ParallelBars", "playing chess", "riding a horse"]


def clip(start: float, label: str, confidence: float, source: Source = "bilstm") -> Segment:
    """A scored clip with four runners-up."""
    others = [name for name in (*TRAINED, *ZERO_SHOT) if name != label][:4]
    shares = [confidence, *((1 - confidence) * 0.5**n for n in range(1, 5))]
    top = tuple(zip([label, *others], shares, strict=True))
    end = start + CLIP_SECONDS
    if source not in ("clip", "semantic"):
        return Segment(start, end, label, confidence, top, source)
    reason = "bilstm confidence 0.31 below threshold 0.55"
    trained = Scores("bilstm", tuple(zip(TRAINED, (0.31, 0.2, 0.1, 0.05, 0.02), strict=False)))
    return Segment(start, end, label, confidence, top, source, reason, trained)


def result_of(clips: list[Segment], duration: float, start: float = 0.0) -> Result:
    """What the timeline takes of the result that the service makes of clips."""
    return {
        "start": start,
        "duration": duration,
        "segments": [segment_document(scored) for scored in clips],
        "actions": [asdict(action) for action in merge(clips, start, start + duration)],
    }


def made_up(clips: int, seed: int = 1, start: float = 0.0) -> Result:
    """So many clips, a second apart; people keep to one action for a while."""
    dice = random.Random(seed)
    scored: list[Segment] = []
    while len(scored) < clips:
        label = dice.choice([*TRAINED, *TRAINED, *ZERO_SHOT, UNKNOWN])
        for _ in range(min(dice.randint(2, 14), clips - len(scored))):
            scored.append(_scored(dice, start + len(scored), label))
    return result_of(scored, clips + 1.0, start)


def _scored(dice: random.Random, start: float, label: str) -> Segment:
    if label == UNKNOWN:
        return clip(start, label, dice.uniform(0.05, 0.15), "semantic")
    if label in ZERO_SHOT or dice.random() < 0.06:
        return clip(start, label, dice.triangular(0.15, 0.6, 0.35), "clip")
    return clip(start, label, dice.triangular(0.55, 0.99, 0.9))
