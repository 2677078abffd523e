"""What the API answers, by the names of its schemas."""

from __future__ import annotations

from typing import Any

from har import __version__

_ID = "uS3hJb9PZ0mAq1x7Lw2RkQ"

_PROGRESS = {
    "id": _ID,
    "state": "running",
    "phase": "recognise",
    "progress": 0.4,
    "origin": "upload",
    "created": 1795269225.343,
    "url": f"/jobs/{_ID}",
}

_VIDEO = {
    "start": 0.0,
    "duration": 12.4,
    "width": 1280,
    "height": 720,
    "fps": 29.97,
    "codec": "h264",
    "origin": "upload",
}

_RESULT = {
    "id": _ID,
    "video": _VIDEO,
    "labels": None,
    "model": "bilstm",
    "segment_predictions": [
        {
            "start": 1.28,
            "end": 3.84,
            "label": "ParallelBars",
            "confidence": 0.41,
            "top5": [["ParallelBars", 0.41], ["UnevenBars", 0.2]],
            "source": "clip",
            "reason": "bilstm confidence 0.31 below threshold 0.55",
            "attention": [0.21, 0.34, 0.27, 0.18],
            "trained": {
                "source": "bilstm",
                "label": "JumpingJack",
                "confidence": 0.31,
                "top5": [["JumpingJack", 0.31]],
            },
        }
    ],
    "timeline": [
        {"start": 0.0, "end": 12.4, "label": "ParallelBars", "confidence": 0.41, "source": "clip"}
    ],
    "models": {
        "trained": "bilstm on i3d (best_model.safetensors)",
        "zero_shot": "openai/clip-vit-base-patch32",
    },
    "thresholds": {"trained": 0.55, "zero_shot": 0.3},
    "comparison": None,
    "frames": {
        "fps": 12.5,
        "size": 112,
        "width": 112,
        "height": 63,
        "columns": 8,
        "rows": 8,
        "count": 155,
        "sheets": 3,
        "clip": 32,
    },
    "timings": {"fetch": 0.0, "probe": 0.1, "decode": 0.3, "backbone": 1.9, "total": 2.6},
    "video_url": f"/jobs/{_ID}/video",
    "annotated_url": f"/jobs/{_ID}/annotated.mp4",
}

_WELL = {"ok": True, "detail": None}

EXAMPLES: dict[str, dict[str, Any]] = {
    "Result": _RESULT,
    "Job": {
        **_PROGRESS,
        "phases": [
            {"phase": "probe", "progress": 1.0},
            {"phase": "recognise", "progress": 0.4},
        ],
        "attempts": 1,
        "timings": {"waited": 0.03},
        "video": _VIDEO,
        "playable_url": f"/jobs/{_ID}/video",
        "picture_url": None,
        "result": None,
        "error": None,
    },
    "Jobs": {"jobs": [_PROGRESS], "next": None},
    "Event": {
        "event": "progress",
        "data": '{"state": "queued", "phase": null, "phases": [], "video": null, '
        '"playable_url": null, "picture_url": null}',
    },
    "Comparison": {
        "model": "r3d_18",
        "segment_predictions": [
            {
                "start": 1.0,
                "end": 2.067,
                "label": "PushUps",
                "confidence": 0.71,
                "top5": [["PushUps", 0.71], ["Situp", 0.09]],
                "source": "r3d_18",
                "reason": None,
                "attention": [],
            }
        ],
        "timeline": [
            {
                "start": 0.0,
                "end": 12.4,
                "label": "PushUps",
                "confidence": 0.71,
                "source": "r3d_18",
            }
        ],
        "models": {
            "trained": "r3d_18 (KINETICS400_V1)",
            "zero_shot": "openai/clip-vit-base-patch32",
        },
        "thresholds": {"trained": 0.5, "zero_shot": 0.3},
        "agreement": {
            "share": 0.2581,
            "stretches": [{"start": 0.0, "end": 3.2, "label": "PushUps"}],
        },
    },
    "Models": {
        "models": [
            {
                "name": "bilstm",
                "title": "BiLSTM",
                "kind": "a head on i3d",
                "labels": 407,
                "clip_seconds": 2.56,
                "here": True,
                "default": True,
            },
            {
                "name": "r3d_18",
                "title": "R3D-18",
                "kind": "torchvision",
                "labels": 400,
                "clip_seconds": 1.067,
                "here": False,
                "default": False,
            },
        ]
    },
    "Upload": {"id": _ID, "url": f"/uploads/{_ID}"},
    "Health": {"status": "ok", "version": __version__},
    "Readiness": {
        "ready": True,
        "checks": dict.fromkeys(("models", "queue", "database", "disk", "room"), _WELL),
    },
    "Problem": {
        "type": "urn:har:problem:no_source",
        "title": "No video was sent",
        "status": 400,
        "detail": "Send a file as video or a link as url.",
        "code": "no_source",
    },
}
