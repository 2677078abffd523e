"""The result as a JSON document."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from har.recognition import timeline
from har.types import Action, Report, Scores, Segment, Top, VideoFacts


def document(
    report: Report,
    *,
    id: str,
    origin: str,
    labels: Sequence[str] | None = None,
    video_url: str | None = None,
    annotated_url: str | None = None,
) -> dict[str, Any]:
    """What ``POST /predict`` answers; ``docs/api.md`` describes each key.

    ``origin`` is ``upload``, ``url`` or ``file``; ``labels`` are those that were asked for. Times
    are rounded to milliseconds, probabilities to four places.
    """
    video = video_document(report.video, origin)
    members = [segment_document(segment) for segment in report.segments]
    return {
        "id": id,
        "video": video,
        "labels": None if labels is None else list(labels),
        "segment_predictions": members,
        "timeline": timeline_of(members, video),
        "models": report.models,
        "thresholds": dataclasses.asdict(report.thresholds),
        "frames": dataclasses.asdict(report.frames) if report.frames else None,
        "timings": report.timings,
        "video_url": video_url,
        "annotated_url": annotated_url,
    }


def video_document(video: VideoFacts, origin: str) -> dict[str, Any]:
    """The ``video``."""
    return {
        "start": _seconds(video.start),
        "duration": _seconds(video.duration),
        "width": video.width,
        "height": video.height,
        "fps": round(video.fps, 3),
        "codec": video.codec,
        "origin": origin,
    }


def segment_document(segment: Segment) -> dict[str, Any]:
    """A member of ``segment_predictions``."""
    document: dict[str, Any] = {
        "start": _seconds(segment.start),
        "end": _seconds(segment.end),
        "label": segment.label,
        "confidence": _probability(segment.confidence),
        "top5": _top(segment.top5),
        "source": segment.source,
        "reason": segment.reason,
        "attention": [_probability(weight) for weight in segment.attention],
    }
    if segment.trained is not None:
        document["trained"] = _scores(segment.trained)
    return document


def segment_of(document: Mapping[str, Any]) -> Segment:
    """What segment_document() was made of, as exact as it tells."""
    trained = document.get("trained")
    return Segment(
        start=document["start"],
        end=document["end"],
        label=document["label"],
        confidence=document["confidence"],
        top5=_top_of(document["top5"]),
        source=document["source"],
        reason=document["reason"],
        trained=Scores(trained["source"], _top_of(trained["top5"])) if trained else None,
        attention=tuple(document["attention"]),
    )


def timeline_of(
    members: Sequence[Mapping[str, Any]], video: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The ``timeline`` of ``segment_predictions``.

    Made of nothing but what is told, so that what is told again gives the same.
    """
    told = [Action(m["start"], m["end"], m["label"], m["confidence"], m["source"]) for m in members]
    end = video["start"] + video["duration"]
    return timeline_document(timeline.merge(told, video["start"], end))


def timeline_document(actions: Sequence[Action]) -> list[dict[str, Any]]:
    """The ``timeline``."""
    return [_action(action) for action in actions]


def _scores(scores: Scores) -> dict[str, Any]:
    return {
        "source": scores.source,
        "label": scores.label,
        "confidence": _probability(scores.confidence),
        "top5": _top(scores.top),
    }


def _action(action: Action) -> dict[str, Any]:
    return {
        "start": _seconds(action.start),
        "end": _seconds(action.end),
        "label": action.label,
        "confidence": _probability(action.confidence),
        "source": action.source,
    }


def _top(top: Top) -> list[list[str | float]]:
    return [[label, _probability(p)] for label, p in top]


def _top_of(document: Sequence[Sequence[Any]]) -> Top:
    return tuple((label, probability) for label, probability in document)


def _seconds(value: float) -> float:
    return round(value, 3)


def _probability(value: float) -> float:
    return round(value, 4)
