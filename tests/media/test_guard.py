"""The guard can't be taken out of a process again, so each test has a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def python(code: str, *args: str) -> Any:
    """The JSON that a script prints, run from the root of the repository."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *args],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


TRY = """
    import json, os, socket, subprocess, sys
    from har.media import guard
    guard.install(("127.0.0.1", 1))
    def outcome(action):
        try:
            action()
        except (PermissionError, ImportError) as error:
            return type(error).__name__
        except OSError as error:
            return "tried"
        return "done"
"""


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("socket.socket().connect(('127.0.0.1', 1))", "tried"),
        ("socket.create_connection(('127.0.0.1', 1))", "tried"),
        ("socket.socket().connect(('127.0.0.1', 2))", "PermissionError"),
        ("socket.socket().connect(('127.0.0.2', 1))", "PermissionError"),
        ("socket.socket().connect_ex(('127.0.0.2', 1))", "PermissionError"),
        ("socket.create_connection(('127.0.0.2', 1))", "PermissionError"),
        ("socket.socket().bind(('127.0.0.1', 0))", "PermissionError"),
        ("socket.getaddrinfo('localhost', 1)", "PermissionError"),
        ("socket.gethostbyname('localhost')", "PermissionError"),
        ("socket.socket().connect(('localhost', 1))", "PermissionError"),
        ("socket.socket().connect(('127.1', 1))", "PermissionError"),
        ("socket.socket().connect(('', 1))", "PermissionError"),
        ("socket.socket(socket.AF_INET6).connect(('::ffff:127.0.0.1', 1))", "PermissionError"),
        ("socket.socket(socket.AF_UNIX).connect('/tmp/x')", "PermissionError"),
        ("socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('127.0.0.2', 9))", "PermissionError"),
        (
            "socket.socket(type=socket.SOCK_DGRAM).sendmsg([b''], [], 0, ('127.0.0.2', 9))",
            "PermissionError",
        ),
        ("[end.sendmsg([b'x']) for end in socket.socketpair()]", "done"),
        ("subprocess.run(['true'])", "PermissionError"),
        ("os.system('true')", "PermissionError"),
        ("os.posix_spawn('/bin/true', ['true'], {})", "PermissionError"),
        ("os.execv('/bin/true', ['true'])", "PermissionError"),
        ("os.fork()", "PermissionError"),
        ("__import__('curl_cffi')", "ImportError"),
        ("__import__('requests')", "ImportError"),
        ("__import__('json')", "done"),
    ],
)
def test_what_may_be_done(action: str, expected: str) -> None:
    code = textwrap.dedent(TRY) + f"print(json.dumps(outcome(lambda: {action})))"
    assert python(code) == expected


def test_yt_dlp_uses_urllib_alone(tmp_path: Path) -> None:
    """It would use this package if it could be imported, and others that the tests bring along."""
    (tmp_path / "curl_cffi").mkdir()
    (tmp_path / "curl_cffi" / "__init__.py").write_text("__version__ = '0.13.0'\n")
    handlers = python(
        """
        import json, sys
        sys.path.insert(0, sys.argv[1])
        from har.media import guard
        guard.install(("127.0.0.1", 1))
        from yt_dlp import YoutubeDL
        with YoutubeDL({"quiet": True}) as ydl:
            print(json.dumps(list(ydl._request_director.handlers)))
        """,
        str(tmp_path),
    )
    assert handlers == ["Urllib"]
