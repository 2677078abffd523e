"""Bytes that no client of good will sends, and bodies without an end, on a socket to gunicorn."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from config import ROOT
from tests.web_alone import web_alone


@pytest.fixture(scope="module")
def gunicorn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    with web_alone(tmp_path_factory.mktemp("gunicorn"), max_upload_mb=1) as (url, _):
        parts = urlsplit(url)
        yield str(parts.hostname), int(parts.port or 0)


def speak(address: tuple[str, int], sent: bytes) -> bytes:
    """What comes back for bytes; who waits for more of them hangs."""
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def request(line: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    lines = [line + b" HTTP/1.1", b"Host: localhost", b"Connection: close", *headers]
    return b"\r\n".join([*lines, b"", body])


FORM = b"Content-Type: application/x-www-form-urlencoded"
PARTS = b"Content-Type: multipart/form-data; boundary=x"


def sized(line: bytes, body: bytes, *headers: bytes) -> bytes:
    return request(line, b"Content-Length: %d" % len(body), *headers, body=body)


STRANGE = {
    "a method of nobody's": (request(b"BREW /jobs"), 405),
    "a method that is none": (request(b"ge\x00t /"), 400),
    "a path with a NUL": (request(b"GET /jobs/a%00b"), 404),
    "a path with a raw NUL": (request(b"GET /jobs/a\x00b"), 400),
    "a path out of the folder": (request(b"GET /static/..%2f..%2fconfig.py"), 404),
    "a path with bad UTF-8": (request(b"DELETE /jobs/%ff%fe"), 404),
    "a long path": (request(b"GET /jobs/" + b"a" * 4000), 404),
    "a path that is too long": (request(b"GET /" + b"a" * 10_000), 414),
    "an absolute address": (request(b"GET http://evil.example/jobs/x"), 404),
    "no version": (b"GET /\r\n\r\n", 400),
    "no host": (b"GET /healthz HTTP/1.0\r\n\r\n", 200),
    "a long header": (request(b"GET /", b"X-A: " + b"a" * 20_000), 431),
    "a head without an end": (b"GET / HTTP/1.1\r\nX-A: " + b"a" * 80_000, 431),
    "a header with a NUL": (request(b"GET /", b"X-A: a\x00b"), 400),
    "a header with bad UTF-8": (request(b"GET /jobs/x", b"Last-Event-ID: \xff\xfe"), 404),
    "an idempotency key with bad UTF-8": (
        sized(b"POST /jobs", b"url=http://a.org", FORM, b"Idempotency-Key: \xff"), 400,
    ),
    "a range that is none": (request(b"GET /jobs/x/video", b"Range: bytes=9-1,x"), 404),
    "two lengths": (request(b"POST /jobs", b"Content-Length: 1", b"Content-Length: 2"), 400),
    "a length and chunks": (
        request(b"POST /jobs", b"Content-Length: 1", b"Transfer-Encoding: chunked"), 400,
    ),
    "a length that is none": (request(b"POST /jobs", b"Content-Length: -1"), 400),
    "a chunk that is none": (
        request(b"POST /jobs", PARTS, b"Transfer-Encoding: chunked", body=b"zz\r\n"), 400,
    ),
    "no content type": (sized(b"POST /jobs", b"url=http://a.org"), 400),
    "a content type that is none": (sized(b"POST /jobs", b"x", b"Content-Type: \xff/;=;"), 400),
    "a form with bad UTF-8": (sized(b"POST /jobs", b"url=\xff%ff%00", FORM), 400),
    "parts without a boundary": (
        sized(b"POST /jobs", b"x", b"Content-Type: multipart/form-data"), 400,
    ),
    "parts that end too soon": (sized(b"POST /jobs", b"--x\r\nContent-Disp", PARTS), 400),
    "a part with a name of bad UTF-8": (
        sized(
            b"POST /jobs",
            b'--x\r\nContent-Disposition: form-data; name="\xff\x00"\r\n\r\n\xff\r\n--x--\r\n',
            PARTS,
        ),
        400,
    ),
    "a cursor with a NUL": (request(b"GET /jobs?cursor=MS4wIGEAYg=="), 400),
}  # fmt: skip


@pytest.mark.parametrize("name", STRANGE)
def test_strange_requests_tell_nothing(gunicorn: tuple[str, int], name: str) -> None:
    sent, expected = STRANGE[name]
    got = speak(gunicorn, sent)
    assert status(got) == expected, got
    assert not re.search(rb"Traceback|File \"|\.py\b|site-packages|/work|gunicorn/\d", got), got
    assert str(ROOT).encode() not in got
    if b"application/problem+json" in got:
        assert b"Content-Security-Policy: default-src 'none'" in got


MANY = b"10000\r\n" + b"a" * 65536 + b"\r\n"
"""A chunk of 64 KiB."""


def is_too_large(answer: bytes) -> bool:
    return status(answer) == 413 and b'"code": "too_large"' in answer


CHUNKED = b"Transfer-Encoding: chunked"


@pytest.mark.parametrize("line", [b"DELETE /jobs/x", b"GET /healthz", b"POST /nothing", b"POST /"])
def test_small_requests_are_refused_unread(gunicorn: tuple[str, int], line: bytes) -> None:
    assert is_too_large(speak(gunicorn, request(line, b"Content-Length: 64001")))
    assert is_too_large(speak(gunicorn, request(line, CHUNKED)))
    assert status(speak(gunicorn, sized(line, b"a" * 64_000))) in (200, 204, 404, 405)


@pytest.mark.parametrize("path", [b"/jobs", b"/predict"])
def test_large_uploads_are_refused_unread(gunicorn: tuple[str, int], path: bytes) -> None:
    for kind, length in ((PARTS, 2_000_001), (FORM, 1_000_001), (b"X: y", 1_000_001)):
        told = b"Content-Length: %d" % length
        assert is_too_large(speak(gunicorn, request(b"POST " + path, kind, told)))
    assert is_too_large(speak(gunicorn, request(b"POST " + path, FORM, CHUNKED)))


def test_a_video_without_an_end_is_refused_at_its_limit(gunicorn: tuple[str, int]) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="video"; filename="a.mp4"\r\n\r\n'
    pieces = [request(b"POST /jobs", PARTS, CHUNKED), b"%x\r\n%b\r\n" % (len(part), part)]
    pieces += [b"10000\r\n" + b"a" * 65536 + b"\r\n"] * 31
    assert is_too_large(speak(gunicorn, b"".join(pieces)))
