"""A server's own look at who asks: the schemes Basic and Digest (RFC 2617)."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import quote
from urllib.request import parse_http_list, parse_keqv_list

USER, PASSWORD = "viewer", "open sesame"
IN_LINKS = f"{USER}:{quote(PASSWORD)}@"
CHALLENGES = {"basic": 'Basic realm="test"', "digest": 'Digest realm="test", nonce="f00d"'}


def is_ours(header: str, method: str) -> bool:
    """Whether what a request says in ``Authorization`` takes the user and the password."""
    scheme, _, said = header.partition(" ")
    if scheme == "Basic":
        return base64.b64decode(said).decode() == f"{USER}:{PASSWORD}"
    if scheme != "Digest":
        return False
    told = parse_keqv_list(parse_http_list(said))
    who, what = _md5(f"{USER}:test:{PASSWORD}"), _md5(f"{method}:{told['uri']}")
    return told["response"] == _md5(f"{who}:f00d:{what}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()
