"""What is recognised in a video, as JSON Schema."""

from __future__ import annotations

from typing import get_args

from har.types import UNKNOWN, Source
from har.web import json_schema as s

ORIGINS = ["upload", "url", "live"]


def named() -> dict[str, s.Schema]:
    """The schemas of a result and of its parts, by their names."""
    return {
        "Result": _result(),
        "Comparison": _comparison(),
        "Video": _video(),
        "Segment": _segment(),
        "Frames": _frames(),
        "Scores": s.object_("What one model says of one clip.", {"source": _source(), **_scores()}),
        "Top": _top(),
        "Action": _action(),
    }


def _result() -> s.Schema:
    return s.object_(
        "What was recognised in a video.",
        {
            "id": s.job_id(),
            "video": s.ref("Video"),
            "labels": s.or_null(
                s.list_(s.text(""), ""), "The zero-shot labels asked for. Null for the usual ones."
            ),
            **_found(),
            "comparison": s.or_null(s.ref("Comparison"), "Null where one model was asked."),
            "frames": s.or_null(s.ref("Frames"), ""),
            "timings": {
                **s.map_(s.number("", minimum=0)),
                "description": "Seconds per stage. Stages overlap.",
            },
            "video_url": s.or_null(
                s.address("Where the video is served."),
                "Null of a live stream that was not recorded.",
            ),
            "annotated_url": s.or_null(
                s.address("Where the annotated video is served."),
                "Null with `annotate=0`, and for other labels than it has.",
            ),
        },
    )


def _found() -> dict[str, s.Schema]:
    """What one trained model found."""
    return {
        "model": s.text("The name by which the trained model is chosen."),
        "segment_predictions": s.list_(s.ref("Segment"), "The scored clips, which overlap."),
        "timeline": s.list_(s.ref("Action"), "One label for each moment."),
        "models": s.object_(
            "The models at work, and why CLIP is not used where it is not.",
            {"trained": s.text(""), "zero_shot": s.text("")},
        ),
        "thresholds": s.object_(
            "Confidences below which a model is not believed.",
            {"trained": s.share(""), "zero_shot": s.share("")},
        ),
    }


def _comparison() -> s.Schema:
    label = s.text("As the first model's `timeline` has it.")
    stretch = s.object_(
        "", {"start": s.number("Seconds."), "end": s.number("Seconds."), "label": label}
    )
    agreement = s.object_(
        "Where both timelines say the same action, be it spelt in two ways.",
        {
            "share": s.share("The part of the video that it is."),
            "stretches": s.list_(stretch, ""),
        },
    )
    return s.object_(
        "What the second of two models found in the same video.",
        {**_found(), "agreement": agreement},
    )


def _video() -> s.Schema:
    return s.object_(
        "What the container says about the video.",
        {
            "start": s.number("The first frame's time, in seconds; not always 0."),
            "duration": s.number("Seconds.", minimum=0),
            "width": s.whole("Pixels, as displayed.", minimum=1),
            "height": s.whole("", minimum=1),
            "fps": s.number("Mean frame rate.", minimum=0),
            "codec": s.text(""),
            "origin": {"enum": ORIGINS},
        },
    )


def _segment() -> s.Schema:
    return s.object_(
        "A scored clip. Times are seconds on the video's own clock.",
        {
            **_span(),
            "top5": s.ref("Top"),
            "source": _source(),
            "reason": s.or_null(
                s.text("Why the clip does not have the label of the trained model."), ""
            ),
            "attention": s.list_(
                s.share(""), "Weights of the clip's steps in the trained model; they add up to 1."
            ),
            "trained": s.ref("Scores"),
            "corrected": s.object_(
                "What a model had said, where a person corrected it.",
                {**_best(), "source": _source()},
            ),
        },
        optional={"trained", "corrected"},
    )


def _frames() -> s.Schema:
    return s.object_(
        "The sampled frames, on sheets of squares that they fill row by row.",
        {
            "fps": s.number("Frames per second of video.", exclusiveMinimum=0),
            "size": s.whole("Side of a square in pixels.", minimum=1),
            "width": s.whole(
                "Pixels of a frame, at its square's top left. Without it, frames are squashed to "
                "the square.",
                minimum=1,
            ),
            "height": s.whole("As `width`.", minimum=1),
            "columns": s.whole("", minimum=1),
            "rows": s.whole("", minimum=1),
            "count": s.whole("Frames in all.", minimum=1),
            "sheets": s.whole("", minimum=1),
            "clip": s.whole("Frames in a clip; 16 where it is not there.", minimum=1),
        },
        optional={"width", "height", "clip"},
    )


def _action() -> s.Schema:
    return s.object_("A stretch of the timeline with one label.", {**_span(), "source": _source()})


def _span() -> dict[str, s.Schema]:
    return {"start": s.number("Seconds."), "end": s.number("Seconds."), **_best()}


def _best() -> dict[str, s.Schema]:
    return {
        "label": s.text(f"`{UNKNOWN}` where no model is sure of an action."),
        "confidence": s.share(""),
    }


def _scores() -> dict[str, s.Schema]:
    return {**_best(), "top5": s.ref("Top")}


def _top() -> s.Schema:
    pair = {
        "type": "array",
        "prefixItems": [s.text("Label."), s.share("Its probability.")],
        "minItems": 2,
        "maxItems": 2,
    }
    return {**s.list_(pair, "Labels with their probabilities, the likeliest first."), "maxItems": 5}


def _source() -> s.Schema:
    return {
        "enum": list(get_args(Source)),
        "description": "The model that gave the label, or a `person`.",
    }
