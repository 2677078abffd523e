"""Conditions and ranges of requests for files, where werkzeug reads them unlike RFC 9110."""

from __future__ import annotations

import re

from flask import Request, Response
from werkzeug.exceptions import PreconditionFailed

_RANGE = re.compile(r"bytes=[ \t,]*(?:(\d{1,99})-(\d{0,99})|-(\d{1,99}))[ \t,]*", re.ASCII | re.I)


def narrow(response: Response, request: Request, size: int) -> None:
    """Make a response that has a file of ``size`` bytes and an ETag the one that was asked for:
    the file, a part of it, or none of it where the client has it already.

    Raises PreconditionFailed and RequestedRangeNotSatisfiable.
    """
    environ = {**request.environ}
    asked, version = environ.pop("HTTP_RANGE", ""), environ.pop("HTTP_IF_RANGE", None)
    # Conditions come before ranges (section 13.2.2).
    response.make_conditional(environ)
    if response.status_code == 412:
        raise PreconditionFailed
    is_for_parts = request.method == "GET" and version in (None, response.headers["ETag"])
    if is_for_parts and response.status_code == 200 and (part := _part(asked, size)):
        environ["HTTP_RANGE"] = part
    response.make_conditional(environ, accept_ranges=True, complete_length=size)


def _part(asked: str, size: int) -> str:
    """A range of bytes as werkzeug understands it, or refuses it; none for the whole file.

    That is sent for several ranges, which no player asks for, and for what is no range, as it may
    be (section 14.2).
    """
    found = _RANGE.fullmatch(asked)
    if found is None or (found[2] and int(found[2]) < int(found[1])):
        return ""
    first = max(0, int(found[1]) if found[1] else size - int(found[3]))
    last = min(int(found[2] or size), size - 1)
    return f"bytes={first}-{last}" if first < size else f"bytes={size}-"
