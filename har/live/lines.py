"""What is written of each segment: a line of JSON, or one for people."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from har.captions import caption
from har.export.result import segment_document
from har.models.labels import spaced
from har.recognition.stream import Answer
from har.types import Action

_TOP = 3


def for_programs(answer: Answer) -> str:
    """One JSON object; its keys are those of ``segment_predictions``, and what is live."""
    told = segment_document(answer.segment)
    line = {key: told[key] for key in ("start", "end", "label", "confidence")}
    line["top3"] = told["top5"][:_TOP]
    line["source"] = told["source"]
    line["latency_ms"] = round(1000 * answer.latency, 1)
    return json.dumps(line)


def for_people(answer: Answer, environ: Mapping[str, str] = os.environ) -> str:
    """The action, and the three most probable ones with the first in green, unless NO_COLOR."""
    one = answer.segment
    action = Action(one.start, one.end, one.label, one.confidence, one.source)
    first, *others = (f"{spaced(label)} {p:.0%}" for label, p in one.top5[:_TOP])
    if not environ.get("NO_COLOR"):
        first = f"\033[32m{first}\033[0m"
    when = f"{one.start:.1f}-{one.end:.1f} s"
    return f"{when:>16}  {caption(action)}  [{', '.join([first, *others])}]"
