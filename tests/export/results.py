"""Results to export, made by hand."""

from __future__ import annotations

from typing import Any

from har.export.view import Result

Member = dict[str, Any]


def action(
    start: float, end: float, label: str, confidence: float = 0.9, source: str = "bilstm"
) -> Member:
    return {"start": start, "end": end, "label": label, "confidence": confidence, "source": source}


def clip(
    start: float, label: str, confidence: float = 0.9, trained: Member | None = None
) -> Member:
    """A clip of two seconds; ``trained`` is what the trained model had said, where CLIP spoke."""
    source = "clip" if trained else "bilstm"
    document = action(start, start + 2, label, confidence, source)
    document |= {"top5": [[label, confidence]], "reason": "unsure" if trained else None}
    return document | ({"trained": trained} if trained else {})


def result(*timeline: Member, clips: tuple[Member, ...] = (), duration: float = 0.0) -> Result:
    """What was recognised in a video that begins with its timeline; it ends with it, too, unless
    it lasts longer."""
    start = timeline[0]["start"] if timeline else 0.0
    end = max([start + duration, *(member["end"] for member in timeline)])
    return {
        "id": "abc123",
        "video": {"start": start, "duration": end - start, "codec": "h264", "origin": "upload"},
        "segment_predictions": list(clips),
        "timeline": list(timeline),
        "model": "bilstm",
        "comparison": None,
        "models": {"trained": "bilstm on i3d", "zero_shot": "CLIP"},
        "timings": {"total": 1.0},
        "video_url": "/jobs/abc123/video",
        "annotated_url": None,
    }


LATE = result(
    action(8.333, 12.5, "PushUps", 0.9012),
    action(12.5, 14.0, "Unknown", 0.12, "clip"),
    action(14.0, 20.0004, 'Tom & "Jerry", <b>', 0.456, "clip"),
)
"""The times of a video whose clock does not begin at zero."""
