"""The result as a JSON document."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from har.recognition import agreement, timeline
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
    found = _found(report, video)
    compared = _found(report.comparison, video) if report.comparison else None
    return {
        "id": id,
        "video": video,
        "labels": None if labels is None else list(labels),
        **found,
        "comparison": compared and comparison_of(compared, found["timeline"], video),
        "frames": dataclasses.asdict(report.frames) if report.frames else None,
        "timings": report.timings,
        "video_url": video_url,
        "annotated_url": annotated_url,
    }


def _found(report: Report, video: Mapping[str, Any]) -> dict[str, Any]:
    """What one model found, and the model."""
    members = [segment_document(segment) for segment in report.segments]
    return {
        "model": report.model,
        "segment_predictions": members,
        "timeline": timeline_of(members, video),
        "models": report.models,
        "thresholds": dataclasses.asdict(report.thresholds),
    }


def retold(document: Mapping[str, Any], members: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The document with other ``segment_predictions``, and what follows from them."""
    video = document["video"]
    timeline_ = timeline_of(members, video)
    compared = document.get("comparison")
    return {
        **document,
        "segment_predictions": members,
        "timeline": timeline_,
        "comparison": compared and comparison_of(compared, timeline_, video),
    }


def comparison_of(
    compared: Mapping[str, Any], first: Sequence[Mapping[str, Any]], video: Mapping[str, Any]
) -> dict[str, Any]:
    """The ``comparison``: what another model found, and where it agrees with the ``timeline`` of
    the first one."""
    agreed = agreement.stretches(_actions(first), _actions(compared["timeline"]))
    told = [{"start": _seconds(a.start), "end": _seconds(a.end), "label": a.label} for a in agreed]
    share = round(agreement.share(agreed, video["duration"]), 4)
    return {**compared, "agreement": {"share": share, "stretches": told}}


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
    end = video["start"] + video["duration"]
    return timeline_document(timeline.merge(_actions(members), video["start"], end))


def timeline_document(actions: Sequence[Action]) -> list[dict[str, Any]]:
    """The ``timeline``."""
    return [_action(action) for action in actions]


def _actions(members: Sequence[Mapping[str, Any]]) -> list[Action]:
    return [Action(m["start"], m["end"], m["label"], m["confidence"], m["source"]) for m in members]


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
