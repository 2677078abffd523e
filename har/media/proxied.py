"""Runs a child that reaches the network through a proxy in here (egress.py) and in no other way.

The child makes the listener of that proxy itself and hands it over, so that this works in a network
of its own, where there is nothing else, as well as in ours, where its guard refuses the rest.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from har.media import child, egress

_START_SECONDS = 20.0


@contextmanager
def start(
    argv: Sequence[str], rules: egress.Rules, **options: Any
) -> Iterator[tuple[child.Child, egress.Traffic]]:
    """Start a child that calls guard.enter() with its last argument, which is added to ``argv``.

    The options are those of child.start(). Both the child and its connections end with the block.
    Raises ChildFailed where the child does not hand over its listener.
    """
    ours, theirs = socket.socketpair()
    channel = theirs.fileno()
    with (
        ours,
        theirs,
        child.start([*argv, str(channel)], pass_fds=[channel], **options) as started,
    ):
        theirs.close()
        with egress.serving(_listener(ours, started), rules) as traffic:
            yield started, traffic


def _listener(channel: socket.socket, started: child.Child) -> socket.socket:
    channel.settimeout(_START_SECONDS)
    try:
        _, received, _, _ = socket.recv_fds(channel, 64, 1, socket.MSG_CMSG_CLOEXEC)
        return socket.socket(fileno=received[0])
    except (OSError, IndexError):
        code = started.process.poll() or 0
        raise child.ChildFailed(started.program, code, started.stderr()) from None
