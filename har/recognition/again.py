"""Scores a video anew with other zero-shot labels, from what is kept of it: nothing is decoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from har.export.result import retold, segment_document, segment_of, timeline_of
from har.models.zero_shot import ZeroShot
from har.recognition.cascade import second_opinion
from har.types import Embeddings


@dataclass(frozen=True)
class Kept:
    """What the zero-shot model saw in a video, and the model itself; see ZeroShotChoice.maker."""

    embeddings: Embeddings
    model: ZeroShot


def rescored(
    document: Mapping[str, Any], kept: Sequence[Kept], labels: tuple[str, ...]
) -> dict[str, Any]:
    """The result document that the same request with these ``labels`` would have had.

    ``kept`` has a member for each of the trained models that were asked, in their order. Times and
    the trained models' confidences are as exact as the document has them. ``timings`` stay those of
    the video, and there is no annotated video, since that has the old labels in it.
    """
    compared = document.get("comparison")
    found = [document, compared] if compared else [document]
    members, *others = (_members(each, one, labels) for each, one in zip(found, kept, strict=True))
    for other in others:
        timeline = timeline_of(other, document["video"])
        compared = {**(compared or {}), "segment_predictions": other, "timeline": timeline}
    return retold(
        {**document, "labels": list(labels), "comparison": compared, "annotated_url": None}, members
    )


def _members(found: Mapping[str, Any], kept: Kept, labels: tuple[str, ...]) -> list[dict[str, Any]]:
    """The ``segment_predictions`` of one model with other labels."""
    threshold = found["thresholds"]["trained"]
    vectors = kept.embeddings.vectors
    told = (segment_of(member) for member in found["segment_predictions"])
    segments = (
        second_opinion(one, one.trained, vectors[i], kept.model, labels, threshold)
        if one.trained and i in vectors
        else one
        for i, one in enumerate(told)
    )
    return [segment_document(segment) for segment in segments]
