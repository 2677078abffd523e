"""The form of a job: where its video comes from."""

from __future__ import annotations

from flask import Request

from har.errors import NoSource, TwoSources
from har.jobs.storage import Upload


def parse_source(request: Request) -> Upload | str:
    """The file in ``video``, or the link in ``url`` (``youtube_url`` in the earlier program).

    Raises NoSource and TwoSources.
    """
    file = request.files.get("video")
    url = (request.form.get("url") or request.form.get("youtube_url") or "").strip()
    # A browser sends a file without a name where none was chosen.
    if file and file.filename:
        if url:
            raise TwoSources("Send either a file as video or a link as url.")
        return Upload(file.stream, file.filename)
    if url:
        return url
    if "video" in request.form:
        raise NoSource("video must be a file; with curl that is -F video=@clip.mp4.")
    raise NoSource("Send a file as video or a link as url.")
