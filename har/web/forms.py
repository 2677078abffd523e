"""What a request says: where a job's video comes from, who sends it, which jobs to list."""

from __future__ import annotations

import base64
import re

from flask import Request

from har.errors import BadOption, NoSource, TwoSources, UrlError
from har.jobs import uploads
from har.jobs.questions import Place
from har.jobs.queue import Sender
from har.jobs.storage import ID, Upload
from har.jobs.uploads import InParts
from har.web.keys import client

_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_LINK = re.compile(r"https?://[^/]", re.IGNORECASE)
_PLACE = re.compile(r"(\d{1,12}\.\d{1,12}) ([\w-]+)", re.ASCII)
MOST_JOBS = 100


def parse_source(request: Request) -> Upload | InParts | str:
    """The file in ``video``, or the link in ``url`` (``youtube_url`` in the earlier program),
    or the ``upload`` that was sent in parts before.

    Raises NoSource, TwoSources, UrlError for what can be no link, and NotFound for what can be no
    upload.
    """
    file = request.files.get("video")
    url = (request.form.get("url") or request.form.get("youtube_url") or "").strip()
    upload = request.form.get("upload")
    # A browser sends a file without a name where none was chosen.
    sent = file if file and file.filename else None
    if sum(map(bool, (sent, url, upload))) > 1:
        raise TwoSources("Send one of a file as video, a link as url, an upload.")
    if sent:
        return Upload(sent.stream, str(sent.filename))
    if upload:
        return _upload(upload)
    if url:
        if not _LINK.match(url) or not url.isprintable():
            raise UrlError("Send a link that starts with http:// or https:// and a host.")
        return url
    if "video" in request.form:
        raise NoSource("video must be a file; with curl that is -F video=@clip.mp4.")
    raise NoSource("Send a file as video or a link as url.")


def _upload(id: str) -> InParts:
    if not ID.fullmatch(id):
        raise uploads.unknown()
    return InParts(id)


def parse_sender(request: Request) -> Sender:
    """Who asks, and the ``Idempotency-Key``. Raises BadOption."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise BadOption(
            "Idempotency-Key must be 1 to 200 visible ASCII characters, such as a UUID."
        )
    return Sender(client(request), key)


def parse_limit(request: Request) -> int:
    """How many jobs to list. Raises BadOption."""
    text = request.args.get("limit", "20")
    if not re.fullmatch("[0-9]{1,3}", text) or not 1 <= int(text) <= MOST_JOBS:
        raise BadOption(f"limit must be a whole number from 1 to {MOST_JOBS}.")
    return int(text)


def parse_cursor(request: Request) -> Place | None:
    """Where a list of jobs goes on. Raises BadOption for a cursor that is not cursor()'s."""
    text = request.args.get("cursor")
    if text is None:
        return None
    try:
        place = _PLACE.fullmatch(base64.urlsafe_b64decode(text).decode())
    except ValueError:
        place = None
    if place is None:
        raise BadOption("cursor must be one that a list of jobs gave as its next.")
    return Place(float(place[1]), place[2])


def cursor(place: Place) -> str:
    """A place in a list of jobs, as text that need not be understood."""
    return base64.urlsafe_b64encode(f"{place.created!r} {place.id}".encode()).decode()
