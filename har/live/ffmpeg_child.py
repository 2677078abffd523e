"""``python -m har.live.ffmpeg_child FFMPEG ARGUMENT ... FD``: ffmpeg behind a proxy of ours.

FD is what guard.hand_over() takes. HTTP goes through the proxy by the environment variable that
ffmpeg knows. A text in the variable SCRIPT becomes ffmpeg's standard input, with the address and
port of the proxy for ``{proxy}``: everybody on a machine sees command lines, and links have
passwords. Where the machine gives children a network of their own (sandbox.py), nothing else can be
reached.
"""

from __future__ import annotations

import os
import sys

from har.media import guard


def main(program: str, *arguments: str) -> None:
    """Become ffmpeg; the arguments are those of the command line."""
    *options, channel = arguments
    host, port = guard.hand_over(int(channel))
    proxy = f"{host}:{port}"
    environment = {**os.environ, "http_proxy": f"http://{proxy}"}
    _read(environment.pop(SCRIPT, "").replace(PROXY, proxy))
    os.execve(program, [program, *options], environment)


def _read(text: str) -> None:
    """Have standard input say a text, which a pipe holds whole."""
    reading, writing = os.pipe()
    os.write(writing, text.encode())
    os.close(writing)
    os.dup2(reading, sys.stdin.fileno())


PROXY = "{proxy}"
SCRIPT = "SCRIPT"

if __name__ == "__main__":
    main(*sys.argv[1:])
