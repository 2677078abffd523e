"""Scores a video anew with other zero-shot labels, from what is kept of it: nothing is decoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from har.export.result import segment_document, segment_of, timeline_of
from har.models.zero_shot import ZeroShot
from har.recognition.cascade import second_opinion
from har.types import Embeddings


def rescored(
    document: Mapping[str, Any],
    embeddings: Embeddings,
    labels: tuple[str, ...],
    model: ZeroShot,
) -> dict[str, Any]:
    """The result document that the same request with these ``labels`` would have had.

    ``model`` is the one that made the embeddings; see ZeroShotChoice.maker. Times and the trained
    model's confidences are as exact as the document has them. ``timings`` stay those of the video,
    and there is no annotated video, since that has the old labels in it.
    """
    threshold = document["thresholds"]["trained"]
    told = (segment_of(member) for member in document["segment_predictions"])
    segments = [
        second_opinion(one, one.trained, embeddings.vectors[i], model, labels, threshold)
        if one.trained
        else one
        for i, one in enumerate(told)
    ]
    members = [segment_document(segment) for segment in segments]
    return {
        **document,
        "labels": list(labels),
        "segment_predictions": members,
        "timeline": timeline_of(members, document["video"]),
        "annotated_url": None,
    }
