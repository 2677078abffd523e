"""Confines a process to the addresses it may reach, and keeps it from starting programs.

The check sits where a connection is made (PEP 578 audit events), so it sees redirects, manifests,
fragments and names whose address changes. It binds Python code only, hence the refusal to import
modules that bring a network stack of their own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from har.media.addresses import Address

_CONNECTING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
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
_NATIVE_NETWORK = {"curl_cffi", "pycurl"}


def install(allowed: Callable[[Address], bool]) -> list[str]:
    """Guard this process until it ends; there is no way back.

    Returns the list to which every refused address is added. A refusal is an OSError to the code
    that wanted to connect, and an address that is not an IP address in numbers is refused too.
    """
    refused: list[str] = []

    def audit(event: str, args: tuple[Any, ...]) -> None:
        if event in _CONNECTING:
            if not _may_reach(args[1], allowed):
                refused.append(repr(args[1]))
                raise PermissionError("this address is not allowed")
        elif event in _PROGRAMS:
            raise PermissionError("no program may be started here")
        elif event == "import" and args[0].partition(".")[0] in _NATIVE_NETWORK:
            raise ImportError(f"{args[0]} would pass by the guard of addresses")

    sys.addaudithook(audit)
    return refused


def _may_reach(target: object, allowed: Callable[[Address], bool]) -> bool:
    if target is None:  # an already connected socket
        return True
    if not isinstance(target, tuple) or not isinstance(target[0], str):
        return False
    try:
        return allowed(ip_address(target[0]))
    except ValueError:
        return False
