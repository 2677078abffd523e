"""The one way out of a download: an HTTP proxy that judges each host and address it connects to.

The downloader can reach nothing else (see fetch.py), so this sees every connection: redirects,
manifests, segments. It looks a name up once and connects to the very address that it judged, so
that a name whose address changes gains nothing.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_address
from urllib.parse import urlsplit

import h11

from config import Settings, variable
from har.errors import ConfigError
from har.media.addresses import Address, is_public, is_public_or_private

_log = logging.getLogger(__name__)

_LONGEST_HEAD = 64 << 10
_BLOCK = 64 << 10
_MOST_ADDRESSES = 4
_PORTS = (80, 443)
"""Where the web answers; below 1024, others do on the others."""
_OVERHEAD = 32_000_000
"""Bytes for pages and manifests, beside a quarter for encryption and what is asked for again."""
START = "start.invalid"
"""The host (RFC 2606) whose every page sends on to ``Rules.start``."""
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f.]*:[0-9a-f:.]*")
_NOT_PASSED_ON = {b"connection", b"host", b"keep-alive", b"te", b"trailer", b"upgrade"}


Resolver = Callable[[str], Sequence[str]]
"""The addresses of a host, in numbers. Raises OSError where there are none."""


def _look_up(host: str) -> list[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


@dataclass(frozen=True)
class Rules:
    """What a proxy lets through; rules_of() makes them from the settings."""

    allowed: Callable[[Address], bool]
    most_bytes: int
    """From outside, all connections together."""
    only: Sequence[str] = ()
    """The only hosts that may be reached, with those below them; none: all."""
    never: Sequence[str] = ()
    """Hosts that may not be reached, and those below them."""
    ports: Sequence[int] = _PORTS
    """The only ports below 1024."""
    leads_to: tuple[str, int] | None = None
    """Host and port of every connection, which then says nothing of where it goes: a tunnel for
    who speaks no HTTP."""
    start: str = ""
    """The link behind START, so that one with a password need be on no command line."""
    resolve: Resolver = _look_up
    at_once: int = 16
    in_all: int = 20_000
    """Connections."""
    connect_seconds: float = 10.0
    idle_seconds: float = 30.0


@dataclass
class Traffic:
    """What a proxy has seen so far."""

    received: int = 0
    """Bytes from outside."""
    full: bool = False
    """Whether it was too much, so that everything was closed."""
    refused: list[str] = field(default_factory=list)
    """Each host and port that was asked for and is against the rules."""


class _Refused(Exception):
    pass


class _Full(Exception):
    pass


def rules_of(settings: Settings) -> Rules:
    """Raises ConfigError for a name of a host that cannot be one."""
    return Rules(
        allowed=is_public_or_private if settings.allow_private_urls else is_public,
        most_bytes=settings.max_upload_mb * 1_250_000 + _OVERHEAD,
        only=_names("allow_hosts", settings.allow_hosts),
        never=_names("deny_hosts", settings.deny_hosts),
    )


def _names(setting: str, text: str) -> list[str]:
    try:
        names = [_ascii(name.strip()) for name in text.split(",") if name.strip()]
    except UnicodeError:
        names = [""]
    # One that matches no host, such as *.example.org, would let pass what it is to keep away.
    if not all(_NAME.fullmatch(name) for name in names):
        raise ConfigError(f"{variable(setting)} has a name that no host can have.")
    return names


def _ascii(host: str) -> str:
    """The one form of a name in which two can be compared."""
    return host.lower().strip(".").encode("idna").decode().strip(".")


@contextmanager
def serving(listener: socket.socket, rules: Rules) -> Iterator[Traffic]:
    """A proxy for who connects to ``listener``, in a thread of its own.

    When the block is left, the listener and every connection are closed at once.
    """
    traffic = Traffic()
    loop = asyncio.new_event_loop()
    server = loop.create_task(_serve(listener, rules, traffic))
    thread = threading.Thread(target=_run, args=(loop, server), name="egress", daemon=True)
    thread.start()
    try:
        yield traffic
    finally:
        loop.call_soon_threadsafe(server.cancel)
        thread.join()
        # Which does not wait for a name that is still being looked up.
        loop.close()


def _run(loop: asyncio.AbstractEventLoop, server: asyncio.Task[None]) -> None:
    with suppress(asyncio.CancelledError):
        loop.run_until_complete(server)


async def _serve(listener: socket.socket, rules: Rules, traffic: Traffic) -> None:
    loop = asyncio.get_running_loop()
    listener.setblocking(False)
    free = asyncio.Semaphore(rules.at_once)
    try:
        with listener:
            async with asyncio.TaskGroup() as connections:
                for _ in range(rules.in_all):
                    await free.acquire()
                    client, _address = await loop.sock_accept(listener)
                    task = connections.create_task(_connection(client, rules, traffic))
                    task.add_done_callback(partial(_ended, client, free))
                listener.close()
    except* _Full:
        traffic.full = True


def _ended(client: socket.socket, free: asyncio.Semaphore, _task: object) -> None:
    # Not in the task, which does not even begin when it is cancelled early.
    client.close()
    free.release()


async def _connection(client: socket.socket, rules: Rules, traffic: Traffic) -> None:
    """One request and its answer, or one tunnel. It is closed without an answer where it fails."""
    loop = asyncio.get_running_loop()
    try:
        target, answer, opening = await _asked(client, rules)
        if rules.start and target[0] == START:
            await loop.sock_sendall(client, _sent_on(rules.start))
            return
        with await _connected(*target, rules, traffic) as server:
            await loop.sock_sendall(client, answer)
            await loop.sock_sendall(server, opening)
            await _relay(client, server, rules, traffic)
    except* (OSError, ValueError, h11.ProtocolError, _Refused) as failures:
        _log.info("a connection of a download: %r", failures.exceptions)


async def _asked(client: socket.socket, rules: Rules) -> tuple[tuple[str, int], bytes, bytes]:
    """Where a connection is to lead, what its client gets once it does, and what the server gets
    first."""
    if rules.leads_to:
        return rules.leads_to, b"", b""
    async with asyncio.timeout(rules.idle_seconds):
        request, rest = await _request(client)
    if request.method == b"CONNECT":
        return _target(request), b"HTTP/1.1 200 Connected\r\n\r\n", rest
    return _target(request), b"", _head(request) + rest


def _sent_on(url: str) -> bytes:
    lines = ("HTTP/1.1 302 Found", f"Location: {url}", "Content-Length: 0", "Connection: close")
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


async def _request(client: socket.socket) -> tuple[h11.Request, bytes]:
    """The head of a request, and what came behind it."""
    loop = asyncio.get_running_loop()
    parser = h11.Connection(h11.SERVER, max_incomplete_event_size=_LONGEST_HEAD)
    while (event := parser.next_event()) is h11.NEED_DATA:
        parser.receive_data(await loop.sock_recv(client, _BLOCK))
    if not isinstance(event, h11.Request):
        raise ConnectionError("closed before the request")
    return event, parser.trailing_data[0]


def _target(request: h11.Request) -> tuple[str, int]:
    """The host and the port that a request wants. Raises ValueError for what is not for a proxy."""
    text = request.target.decode()
    if request.method == b"CONNECT":
        # Python's http.client leaves the brackets of IPv6 addresses out.
        name, _, number = text.rpartition(":")
        host, port = name.strip("[]"), int(number)
    else:
        url = urlsplit(text)
        host, port = url.hostname or "", _PORTS[0] if url.port is None else url.port
        if url.scheme != "http":
            raise ValueError(f"no scheme of ours: {url.scheme}")
    if not host or port > 65535:
        raise ValueError("no host or no port")
    return host, port


def _head(request: h11.Request) -> bytes:
    """The head as the server gets it: its own, with nothing that is meant for a proxy."""
    url = urlsplit(request.target.decode())
    named = b",".join(value for name, value in request.headers if name == b"connection")
    dropped = _NOT_PASSED_ON | {name.strip() for name in named.lower().split(b",")}
    kept = [
        (name, value)
        for name, value in request.headers.raw_items()
        if name.lower() not in dropped and not name.lower().startswith(b"proxy-")
    ]
    host = url.netloc.rpartition("@")[2].encode()
    query = f"?{url.query}" if url.query else ""
    own = h11.Request(
        method=request.method,
        target=f"{url.path or '/'}{query}",
        headers=[(b"Host", host), *kept, (b"Connection", b"close")],
    )
    return h11.Connection(h11.CLIENT).send(own) or b""


async def _connected(host: str, port: int, rules: Rules, traffic: Traffic) -> socket.socket:
    """A connection to where a request wants to go, if the rules allow it."""
    try:
        async with asyncio.timeout(rules.connect_seconds):
            # In a thread, since a look-up waits.
            addresses = await asyncio.to_thread(_addresses, host, port, rules)
    except _Refused as refusal:
        traffic.refused.append(str(refusal))
        raise
    return await _dial(addresses[:_MOST_ADDRESSES], port, rules.connect_seconds)


def _addresses(host: str, port: int, rules: Rules) -> list[Address]:
    """A host's addresses. Raises _Refused unless the host, the port and each of them is allowed."""
    name = _ascii(host)
    if "%" in name or (port < 1024 and port not in rules.ports):
        raise _Refused(f"{host}:{port}")
    if _covers(rules.never, name) or (rules.only and not _covers(rules.only, name)):
        raise _Refused(f"{host}:{port}")
    addresses = [ip_address(text) for text in rules.resolve(name)]
    if not all(rules.allowed(one) and not _covers(rules.never, str(one)) for one in addresses):
        raise _Refused(f"{host}:{port}")
    return addresses


def _covers(names: Sequence[str], host: str) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in names)


async def _dial(addresses: Sequence[Address], port: int, seconds: float) -> socket.socket:
    """A connection to the first address that answers."""
    loop = asyncio.get_running_loop()
    failure: OSError = ConnectionError("no address")
    for address in addresses:
        server = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6)
        server.setblocking(False)
        try:
            async with asyncio.timeout(seconds):
                await loop.sock_connect(server, (str(address), port))
            return server
        except OSError as error:
            server.close()
            failure = error
        except BaseException:
            server.close()
            raise
    raise failure


async def _relay(
    client: socket.socket, server: socket.socket, rules: Rules, traffic: Traffic
) -> None:
    """Bytes both ways, until the server has said all or nobody says anything for too long."""
    loop = asyncio.get_running_loop()

    async def up() -> None:
        while data := await loop.sock_recv(client, _BLOCK):
            patience.reschedule(loop.time() + rules.idle_seconds)
            await loop.sock_sendall(server, data)
        server.shutdown(socket.SHUT_WR)

    async def down() -> None:
        while data := await loop.sock_recv(server, _BLOCK):
            traffic.received += len(data)
            if traffic.received > rules.most_bytes:
                raise _Full
            patience.reschedule(loop.time() + rules.idle_seconds)
            await loop.sock_sendall(client, data)
        # Both ways, which ends up() as well.
        client.shutdown(socket.SHUT_RDWR)

    for end in (client, server):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    async with asyncio.timeout(rules.idle_seconds) as patience, asyncio.TaskGroup() as both:
        both.create_task(up())
        both.create_task(down())
