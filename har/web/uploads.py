"""``/uploads``: files in parts by the tus protocol 1.0.0, to be the videos of jobs.

https://tus.io/protocols/resumable-upload, with its extensions creation, expiration, termination.
"""

from __future__ import annotations

import base64
import binascii
import re

from flask import Blueprint, Response, current_app, jsonify, request, url_for
from werkzeug.http import http_date

from config import Settings
from har.errors import BadOption, NotAPart, TooLarge, TooManyRequests, TusVersion, WrongOffset
from har.jobs import room, storage
from har.jobs import uploads as parts
from har.jobs.uploads import Facts, Received
from har.web.found import all_jobs
from har.web.keys import client
from har.web.places import hold, household
from har.web.security import is_here

uploads = Blueprint("uploads", __name__)

VERSION = "1.0.0"
PART_TYPE = "application/offset+octet-stream"
_EXTENSIONS = "creation,expiration,termination"
_MOST_EACH = 16
"""Unfinished uploads that one client may have, so that nobody fills the disk with them."""


@uploads.before_request
def check() -> None:
    """Raises NotFound for what can be no upload's id, and TusVersion for another protocol."""
    id = (request.view_args or {}).get("id")
    if id is not None and not storage.ID.fullmatch(id):
        raise parts.unknown()
    if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
        raise TusVersion(f"Send the header Tus-Resumable: {VERSION}, the protocol spoken here.")


@uploads.after_request
def tell(response: Response) -> Response:
    """Say what every answer of the protocol must."""
    response.headers["Tus-Resumable"] = VERSION
    if response.status_code == 412:
        response.headers["Tus-Version"] = VERSION
    elif response.status_code == 413:
        response.headers["Tus-Max-Size"] = str(_most())
    return response


@uploads.route("/uploads", methods=["OPTIONS"])
def options() -> tuple[str, int, dict[str, str]]:
    """What of the protocol is spoken here."""
    return (
        "",
        204,
        {"Tus-Version": VERSION, "Tus-Extension": _EXTENSIONS, "Tus-Max-Size": str(_most())},
    )


@uploads.post("/uploads", provide_automatic_options=False)
def create() -> tuple[Response, int, dict[str, str]]:
    """An upload whose bytes are sent in parts."""
    length = _number("Upload-Length")
    if length > _most():
        raise TooLarge(f"Videos may have {_most() // 1_000_000} MB. Send a smaller copy.")
    metadata = request.headers.get("Upload-Metadata", "")
    name = _metadata(metadata).get("filename", "")
    who = household(client(request))
    _check_room(who)
    begun = parts.begin(all_jobs().storage, Facts(length, name, metadata, who))
    address = url_for(".append", id=begun.id)
    return jsonify(id=begun.id, url=address), 201, {"Location": address, **_state(begun)}


@uploads.route("/uploads/<id>", methods=["HEAD"])
def show(id: str) -> Response:
    """How much of an upload is there."""
    found = parts.find(all_jobs().storage, id)
    response = Response(headers={**_state(found), "Upload-Length": str(found.facts.length)})
    if found.facts.metadata:
        response.headers["Upload-Metadata"] = found.facts.metadata
    return response


@uploads.patch("/uploads/<id>")
def append(id: str) -> tuple[str, int, dict[str, str]]:
    """The next part of an upload."""
    hold()
    if request.mimetype != PART_TYPE:
        raise NotAPart(f"Send the next bytes of the file as Content-Type: {PART_TYPE}.")
    queue, offset = all_jobs(), _number("Upload-Offset")
    found = parts.find(queue.storage, id)
    if offset != found.offset:
        raise WrongOffset(f"Of this upload {found.offset} bytes are there. Go on from there.")
    if (request.content_length or 0) > found.facts.length - offset:
        raise TooLarge(f"This upload was to have {found.facts.length} bytes. Send no more of it.")
    if room.is_short(queue.storage, current_app.config["HAR"]):
        raise room.none()
    parts.append(queue.storage, id, offset, request.stream)
    return "", 204, _state(parts.find(queue.storage, id))


@uploads.delete("/uploads/<id>")
def remove(id: str) -> tuple[str, int]:
    """Give an upload up, and remove what is there of it."""
    queue = all_jobs()
    parts.find(queue.storage, id)
    if queue.records.has(id):
        # It became a job just now; those are removed as jobs.
        raise parts.unknown()
    queue.storage.remove(id)
    return "", 204


def _most() -> int:
    settings: Settings = current_app.config["HAR"]
    return settings.max_upload_mb * 1_000_000


def _state(upload: Received) -> dict[str, str]:
    return {"Upload-Offset": str(upload.offset), "Upload-Expires": http_date(upload.expires)}


def _check_room(who: str) -> None:
    """Raises TooManyRequests, QueueFull and DiskFull."""
    queue = all_jobs()
    others = parts.unfinished(queue.storage)
    # As with places: who comes through a proxy that is not told of has this machine's address.
    if sum(each.facts.client == who for each in others) >= _MOST_EACH and not is_here(who):
        raise TooManyRequests(
            f"You have {_MOST_EACH} unfinished uploads, as many as one may. Finish or remove one."
        )
    coming = sum(each.offset for each in others)
    room.check(queue.records, queue.storage, current_app.config["HAR"], coming)


def _number(name: str) -> int:
    """A header that counts bytes. Raises BadOption."""
    text = request.headers.get(name, "")
    if not re.fullmatch(r"\d{1,15}", text, re.ASCII):
        raise BadOption(f"{name} must be a whole number of bytes.")
    return int(text)


def _metadata(text: str) -> dict[str, str]:
    """Keys and values of an Upload-Metadata. Raises BadOption."""
    try:
        pairs = [pair.split() for pair in text.split(",") if pair]
        return {
            key: base64.b64decode("".join(value), validate=True).decode(errors="replace")
            for key, *value in pairs
        }
    except (binascii.Error, ValueError):
        raise BadOption(
            "Upload-Metadata must be keys, each with a space and a value in base64, and commas "
            "between them."
        ) from None
