"""What comes of a live stream: the result like any other job's, made when it is over."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from har.errors import HarError, NoFrames
from har.jobs.record import LIVE
from har.jobs.storage import ANNOTATED, PICTURE, PLAYABLE, media_type
from har.jobs.tables import Job
from har.types import Action, Phase, VideoFacts

if TYPE_CHECKING:
    from har.jobs.attempt import Bench
    from har.recognition.stream import Stream

_log = logging.getLogger(__name__)


def outline(
    id: str, labels: Sequence[str] | None, stream: Stream, width: int, height: int
) -> dict[str, Any]:
    """The result of a stream's job as it is known before its first segment; ``labels`` are those
    that were asked for."""
    from har.export.result import document

    nothing = stream.report(
        VideoFacts(Path(), 0.0, 0.0, width, height, stream.model.fps, "", "mjpeg", None)
    )
    return document(nothing, id=id, origin=LIVE, labels=labels)


def end_here(id: str, bench: Bench) -> None:
    """Store the result of a worker's stream that was not recorded, which takes no time, or why
    there is none."""
    try:
        end(bench.records.get(id), bench, Path(), _no_progress)
    except HarError as error:
        bench.records.fail(id, bench.worker, error)
        bench.storage.remove(id)


def end(job: Job, bench: Bench, work: Path, progress: Callable[[Phase, float], None]) -> bool:
    """Store the result of a worker's stream that is over, and what there is of its video; False
    where it is not its job.

    Raises NoFrames where nothing was seen. A recording that cannot be used is left out.
    """
    members = bench.records.segments(job.id, 0)
    if not job.outline or not members:
        raise NoFrames("The stream ended before anything was to be seen. Start it again.")
    result = {**job.outline, **_told(members, job.facts or job.outline["video"])}
    if result.pop("picture_url", None):
        bench.storage.discard(job.id, [PICTURE])
    result["timings"] = {"total": result["video"]["duration"]}
    if job.source:
        try:
            return _finish_recorded(job, bench, work, progress, result)
        except HarError as error:
            _log.warning("the recording is left out: %s: %s", error.code, error.detail)
            bench.storage.remove(job.id)
    return bench.records.finish(job.id, bench.worker, result, None, None)


def _told(members: list[dict[str, Any]], video: Mapping[str, Any]) -> dict[str, Any]:
    from har.export.result import timeline_of

    seen = max(video["duration"], members[-1]["end"] - video["start"])
    whole = {**video, "duration": round(seen, 3)}
    timeline = timeline_of(members, whole)
    return {"video": whole, "segment_predictions": members, "timeline": timeline}


def _finish_recorded(
    job: Job,
    bench: Bench,
    work: Path,
    progress: Callable[[Phase, float], None],
    result: dict[str, Any],
) -> bool:
    from har.export.result import video_document
    from har.media import convert
    from har.media.annotate import annotate
    from har.media.probe import probe

    video = probe(bench.storage.local(job.id, job.source, work), bench.settings)
    told: dict[str, Any] = {
        "video": job.source,
        "media_type": media_type(video.path, video.container),
        "facts": video_document(video, LIVE),
    }
    # Browsers record without saying how long it is and where what is: nobody could seek in it.
    convert.convert(video, work / PLAYABLE, bench.settings, partial(progress, "convert"))
    bench.storage.put(job.id, work / PLAYABLE)
    if not bench.records.show(job.id, bench.worker, playable=PLAYABLE, **told):
        return False
    if job.annotated_url:
        actions = tuple(Action(**action) for action in result["timeline"])
        out = work / ANNOTATED
        annotate(video, actions, out, bench.settings, partial(progress, "annotate"))
        bench.storage.put(job.id, out)
    result |= {
        **_told(result["segment_predictions"], told["facts"]),
        "video_url": f"/jobs/{job.id}/video",
        "annotated_url": job.annotated_url,
    }
    return bench.records.finish(job.id, bench.worker, result, told["video"], told["media_type"])


def _no_progress(_: Phase, __: float) -> None:
    """There is no phase that takes time."""
