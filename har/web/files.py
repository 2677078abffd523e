"""The files of a job: what can be watched, and what can be taken away."""

from __future__ import annotations

import math
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from flask import Blueprint, Response, current_app, request, send_file

from config import Settings
from har.errors import BadOption, NotFound
from har.export.formats import FORMATS
from har.export.view import parse_view
from har.jobs import room, storage
from har.jobs.retention import work_folder
from har.jobs.tables import Job
from har.types import VideoFacts
from har.web import documents
from har.web.found import all_jobs, check_id, done
from har.web.places import hold
from har.web.ranges import narrow

files = Blueprint("files", __name__)

files.before_request(check_id)

_WEEK = 7 * 24 * 3600


@files.get("/jobs/<id>/video")
def video(id: str) -> Response:
    """The video as it was sent."""
    job = _seen(id)
    response = _send(job, str(job.video), str(job.media_type))
    return _private(response, "attachment", str(job.video))


@files.get("/jobs/<id>/playable.mp4")
def playable(id: str) -> Response:
    """A copy that browsers play, of a video that they do not."""
    job = all_jobs().records.get(id)
    if job.playable != storage.PLAYABLE:
        raise NotFound("There is no such copy. The job's playable_url tells what browsers play.")
    return _private(_send(job, storage.PLAYABLE, "video/mp4"), "inline", storage.PLAYABLE)


@files.get("/jobs/<id>/annotated.mp4")
def annotated(id: str) -> Response:
    """The video with what was recognised written into it."""
    job = done(id)
    if not job.options["annotate"]:
        raise NotFound("This job was sent with annotate=0, so it made no annotated video.")
    response = _send(job, storage.ANNOTATED, "video/mp4")
    return _private(response, "inline", storage.ANNOTATED)


@files.get("/jobs/<id>/picture")
def picture(id: str) -> Response:
    """What a stream shows at this moment."""
    job = all_jobs().records.get(id)
    if documents.picture_url(job) is None:
        raise NotFound("Only a stream of `har live --serve` has a picture, while it runs.")
    response = _private(_send(job, storage.PICTURE, "image/jpeg"), "inline", storage.PICTURE)
    response.cache_control.no_store = True
    return response


@files.get("/jobs/<id>/frames/<int(max=99999):number>.jpg")
def frames(id: str, number: int) -> Response:
    """A sheet of the frames that were looked at."""
    name = f"frames-{number}.jpg"
    response = _private(_send(done(id), name, "image/jpeg"), "inline", name)
    response.cache_control.no_cache = None
    response.cache_control.max_age = _WEEK
    response.cache_control.immutable = True
    return response


@files.get("/jobs/<id>/export/<any(json,csv,vtt,srt,eaf,chapters):format>")
def export(id: str, format: str) -> Response:
    """The result in a format of others."""
    job = done(id)
    written = FORMATS[format]
    text = written.write(documents.result(job) or {}, parse_view(request.args.to_dict(flat=False)))
    response = Response(text.encode(), content_type=written.media_type)
    return _private(response, "attachment", f"actions{written.extension}")


@files.get("/jobs/<id>/cut")
def cut(id: str) -> Response:
    """A stretch of the video, as it is."""
    from har.media.cut import cut

    hold()
    job = _seen(id)
    start, end = _stretch(job.facts or {})
    settings: Settings = current_app.config["HAR"]
    with _working() as folder:
        original = _original(job, Path(folder))
        made = cut(original, start, end, Path(folder), settings)
        # It stays readable when its folder goes.
        file = made.open("rb")
    return _made(
        file,
        storage.media_type(made, original.container),
        f"cut-{start:.1f}-{end:.1f}{made.suffix}",
    )


@files.get("/jobs/<id>/training.zip")
def training(id: str) -> Response:
    """The corrected segments as clips to train with."""
    from har.training import corrected

    hold()
    job = done(id)
    found = corrected.stretches(job.result or {}, job.corrections)
    if not found:
        raise NotFound("Nobody has corrected a label of this job yet. Correct one, and ask again.")
    settings: Settings = current_app.config["HAR"]
    with _working() as folder:
        out = Path(folder) / "training.zip"
        corrected.write(found, _original(job, Path(folder)), out, Path(folder), settings)
        file = out.open("rb")
    return _made(file, "application/zip", "training.zip")


def _seen(id: str) -> Job:
    """A job whose video is there. Raises NotFound for any other."""
    job = all_jobs().records.get(id)
    if job.video is None:
        raise NotFound(f"This job is {job.state}; its video is there once it was looked into.")
    return job


def _stretch(facts: dict[str, Any]) -> tuple[float, float]:
    """The seconds that a request asks for, as far as the video has them. Raises BadOption."""
    start, end = (_seconds(name) for name in ("start", "end"))
    first, last = facts["start"], facts["start"] + facts["duration"]
    if not (start < end and start < last and first < end):
        raise BadOption(
            f"start and end must be seconds of the video, which lasts from {first:g} to {last:g}, "
            "the end after the start."
        )
    return max(start, first), min(end, last)


def _seconds(name: str) -> float:
    try:
        value = float(request.args[name])
    except (KeyError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise BadOption(f"{name} must be a number of seconds.")
    return value


def _working() -> tempfile.TemporaryDirectory[str]:
    """A folder to work in. Raises DiskFull."""
    settings: Settings = current_app.config["HAR"]
    if room.is_short(all_jobs().storage, settings):
        raise room.none()
    place = work_folder(settings)
    place.mkdir(parents=True, exist_ok=True)
    # What is left of a web that was killed in it is swept away with what jobs leave there.
    return tempfile.TemporaryDirectory(dir=place)


def _original(job: Job, folder: Path) -> VideoFacts:
    from har.media.probe import probe

    try:
        path = all_jobs().storage.local(job.id, str(job.video), folder)
        return probe(path, current_app.config["HAR"])
    except FileNotFoundError:
        raise _gone() from None


def _made(file: IO[bytes], media_type: str, name: str) -> Response:
    """A file that was made for this request."""
    response, _ = _whole(file, media_type)
    return _private(response, "attachment", name)


def _whole(file: IO[bytes], media_type: str) -> tuple[Response, int]:
    """All of an open file, and its size.

    That is not looked up by the file's name, in whose place a later one may come at any moment.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    response = send_file(file, mimetype=media_type)
    response.content_length = size
    return response, size


def _private(response: Response, disposition: str, name: str) -> Response:
    """Keep a file out of caches that others share; ``attachment`` also from opening as a page."""
    response.cache_control.private = True
    response.headers.set("Content-Disposition", disposition, filename=name)
    return response


def _send(job: Job, name: str, media_type: str) -> Response:
    """A file of a job, or the part of it that the request's Range asks for."""
    try:
        file = all_jobs().storage.open(job.id, name)
    except FileNotFoundError:
        raise _gone() from None
    with ExitStack() as unsent:
        unsent.callback(file.close)
        response, size = _whole(file, media_type)
        # Another attempt may have made it anew.
        response.set_etag(f"{job.id}-{name}-{size}")
        narrow(response, request, size)
        response.call_on_close(unsent.pop_all().close)
    return response


def _gone() -> NotFound:
    return NotFound("This job has no such file, or it is no longer kept.")
