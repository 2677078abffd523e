"""A job that is done and whose result was made up, in the record of a running service."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from config import Settings
from har.jobs.record import Records, Request
from har.jobs.storage import Storage, Upload
from har.types import Options

WORKER = "planted"


def plant(data: Path, made: dict[str, Any], video: Path, *, earlier: bool = False) -> str:
    """Record a job with the segments and actions of results.made_up(); its id.

    ``data`` is the service's folder, ``video`` what the player shows, however short. ``earlier`` is
    for a job as the version before the third migration left it: nothing of it was to be seen before
    its end, and its result tells no labels.
    """
    settings = Settings(data_dir=data)
    records, storage = Records(settings), Storage(settings)
    id = secrets.token_urlsafe(16)
    with video.open("rb") as file:
        kept = storage.keep(id, Upload(file, video.name))
    request = Request(
        client="127.0.0.1",
        key=None,
        fingerprint=kept.sha256,
        origin="upload",
        source=kept.name,
        options=Options(annotate=False),
        bytes=kept.bytes,
        limit=60.0,
    )
    document = _document(id, made)
    file_of = {"video": kept.name, "media_type": "video/mp4"}
    assert records.add(id, request)
    assert records.begin(id, WORKER)
    if earlier:
        del document["labels"]
    else:
        assert records.show(id, WORKER, facts=document["video"], playable=kept.name, **file_of)
    assert records.finish(id, WORKER, document, **file_of)
    records.close()
    return id


def _document(id: str, made: dict[str, Any]) -> dict[str, Any]:
    facts = {"width": 320, "height": 180, "fps": 25.0, "codec": "h264", "origin": "upload"}
    return {
        "id": id,
        "video": {"start": made["start"], "duration": made["duration"], **facts},
        "segment_predictions": made["segments"],
        "timeline": made["actions"],
        "labels": None,
        "models": {"trained": "made up", "zero_shot": "made up"},
        "thresholds": {"trained": 0.55, "zero_shot": 0.3},
        "frames": None,
        "timings": {"total": 1.0},
        "video_url": f"/jobs/{id}/video",
        "annotated_url": None,
    }
