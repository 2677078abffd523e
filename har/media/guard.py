"""Confines a process to one proxy, and keeps it from starting programs.

It sits where a connection is made (PEP 578 audit events), so that it holds whatever a library does.
It binds Python code only, hence the refusal to import modules that bring a network stack of their
own. Where the machine can shut the process up as well (sandbox.py), this is the second line.
"""

from __future__ import annotations

import socket
import sys
from typing import Any

_REACHING = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"}
_LOOKING_UP = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
_PROGRAMS = {
    "subprocess.Popen",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "pty.spawn",
}
_OTHER_NETWORK = {"curl_cffi", "pycurl", "requests", "websockets"}
"""What yt-dlp would prefer to urllib: native code, or other limits on redirects than its ten."""


def enter(channel: int) -> str:
    """Guard this process until it ends, and return the URL of the proxy that is its only way out.

    ``channel`` is hand_over()'s.
    """
    host, port = hand_over(channel)
    install((host, port))
    return f"http://{host}:{port}"


def hand_over(channel: int) -> tuple[str, int]:
    """Make the listener of the proxy, and return its address and port.

    ``channel`` is a Unix socket through which whoever started us gets the listener to accept on.
    """
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.socket(fileno=channel) as starter,
    ):
        socket.send_fds(starter, [b"listener"], [listener.fileno()])
        host, port = listener.getsockname()
    return host, port


def install(only: tuple[str, int]) -> None:
    """Let this process reach ``only`` that address and port until it ends; there is no way back.

    Whoever wants more gets a PermissionError, or an ImportError.
    """

    def audit(event: str, args: tuple[Any, ...]) -> None:
        if event in _REACHING:
            # None: over a socket that is connected already.
            if args[1] is not None and args[1] != only:
                raise PermissionError("this address is not allowed")
        elif event in _LOOKING_UP:
            if args[0] != only[0]:
                raise PermissionError("no name may be looked up here")
        elif event in _PROGRAMS:
            raise PermissionError("no program may be started here")
        elif event == "import" and args[0].partition(".")[0] in _OTHER_NETWORK:
            raise ImportError(f"{args[0]} is not used here")

    sys.addaudithook(audit)
