"""``python -m har.live.ffmpeg_child FFMPEG ARGUMENT ... FD``: ffmpeg behind a proxy of ours.

FD is what guard.hand_over() takes. HTTP goes through the proxy by the environment variable that
ffmpeg knows; ``{proxy}`` in an argument becomes its address and port. Where the machine gives
children a network of their own (sandbox.py), nothing else can be reached.
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
    argv = [program, *(option.replace(PROXY, proxy) for option in options)]
    os.execve(program, argv, {**os.environ, "http_proxy": f"http://{proxy}"})


PROXY = "{proxy}"

if __name__ == "__main__":
    main(*sys.argv[1:])
