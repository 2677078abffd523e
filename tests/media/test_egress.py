"""The proxy that downloads go out through, asked over sockets. 127.0.0.1 plays the public side."""

from __future__ import annotations

import dataclasses
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from config import Settings
from har.errors import ConfigError
from har.media import egress
from har.media.addresses import is_public, is_public_or_private
from tests.media.site import Site, content, endless
from tests.serving import eventually

PUBLIC = "127.0.0.1"
PRIVATE = "127.0.0.2"
NAMES = {"public.test": [PUBLIC], "private.test": [PRIVATE], "both.test": [PUBLIC, PRIVATE]}
RULES = egress.Rules(
    allowed=lambda address: str(address) == PUBLIC,
    most_bytes=10_000_000,
    resolve=lambda host: NAMES.get(host, [host]),
)


@contextmanager
def proxy(**changes: object) -> Iterator[tuple[Callable[[], socket.socket], egress.Traffic]]:
    """What makes a connection to a proxy with RULES, some of them changed, and what it has seen."""
    listener = socket.create_server((PUBLIC, 0))
    address = listener.getsockname()
    with egress.serving(listener, dataclasses.replace(RULES, **changes)) as traffic:
        yield lambda: socket.create_connection(address, timeout=20), traffic


def rest(connection: socket.socket) -> bytes:
    """All that still comes, to the end."""
    received = b""
    with suppress(ConnectionResetError):
        while more := connection.recv(65536):
            received += more
            assert len(received) < 20_000_000
    return received


def asked(connect: Callable[[], socket.socket], head: str) -> bytes:
    """What comes back for a request."""
    with connect() as connection:
        connection.sendall(head.replace("\n", "\r\n").encode())
        return rest(connection)


@contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.create_server((PUBLIC, 0)) as server:
        server.settimeout(20)
        yield server


@contextmanager
def tunnel(
    connect: Callable[[], socket.socket], server: socket.socket
) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection through the proxy."""
    with connect() as client:
        port = server.getsockname()[1]
        client.sendall(f"CONNECT public.test:{port} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        with server.accept()[0] as accepted:
            accepted.settimeout(20)
            assert client.recv(100) == b"HTTP/1.1 200 Connected\r\n\r\n"
            yield client, accepted


def test_request_is_passed_on_without_what_is_for_the_proxy() -> None:
    with proxy() as (connect, traffic), listening() as server, connect() as client:
        host = f"public.test:{server.getsockname()[1]}"
        client.sendall(
            f"POST http://me:secret@{host}/a%20b?c=d HTTP/1.1\r\nHost: private.test\r\n"
            "Proxy-Authorization: x\r\nProxy-Connection: keep-alive\r\nConnection: X-Own, close\r\n"
            "X-Own: 1\r\nX-Kept: 2\r\nContent-Length: 4\r\n\r\nbody".encode()
        )
        with server.accept()[0] as accepted:
            lines = accepted.recv(4096).decode().split("\r\n")
            accepted.sendall(b"HTTP/1.1 200 OK\r\n\r\nanswer")
    expected = ["Host: " + host, "X-Kept: 2", "Content-Length: 4", "Connection: close", "", "body"]
    assert lines == ["POST /a%20b?c=d HTTP/1.1", *expected]
    assert traffic.refused == []


def test_start_sends_on_to_a_link_that_its_client_did_not_know() -> None:
    head = f"GET http://{egress.START}/live.m3u8 HTTP/1.1\nHost: a\n\n"
    with proxy(start="https://me:secret@public.test/a?b=c") as (connect, traffic):
        lines = asked(connect, head).decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 302 Found"
    assert "Location: https://me:secret@public.test/a?b=c" in lines
    assert (traffic.received, traffic.refused) == (0, [])
    with proxy() as (connect, _):
        assert asked(connect, head) == b""


def test_answer_comes_back_unchanged() -> None:
    data = os.urandom(1_000_000)
    with Site() as site, proxy() as (connect, traffic):
        site.routes["/v"] = content(data, "video/mp4")
        answer = asked(connect, f"GET http://public.test:{site.port}/v HTTP/1.1\nHost: a\n\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert body == data
    assert head.startswith(b"HTTP/1.0 200")
    assert traffic.received == len(answer)


def test_tunnel_carries_bytes_both_ways_to_either_end() -> None:
    with proxy() as (connect, _), listening() as server, tunnel(connect, server) as (near, far):
        near.sendall(b"\x00up")
        assert far.recv(100) == b"\x00up"
        near.shutdown(socket.SHUT_WR)
        assert far.recv(100) == b""
        far.sendall(b"\xffdown")
        far.close()
        assert rest(near) == b"\xffdown"


@pytest.mark.parametrize(
    "target",
    [
        "GET http://private.test:{port}/",
        "GET http://127.0.0.2:{port}/",
        "GET http://both.test:{port}/",
        "GET http://public.test:25/",
        "GET http://[fe80::1%25lo]:{port}/",
        "CONNECT private.test:{port}",
        "CONNECT [::1]:{port}",
        "CONNECT ::1:{port}",
        "CONNECT public.test:22",
        "CONNECT public.test:0",
    ],
)
def test_refusal_is_remembered_and_answered_by_nothing(target: str) -> None:
    with Site(PUBLIC) as public, Site("::", public.port) as private, proxy() as (connect, traffic):
        head = f"{target} HTTP/1.1\nHost: public.test\n\n".format(port=public.port)
        assert asked(connect, head) == b""
        assert len(traffic.refused) == 1
        assert traffic.refused[0].rpartition(":")[2] in head
        assert (public.connections, private.connections) == (0, 0)


@pytest.mark.parametrize(
    ("only", "never", "host", "allowed"),
    [
        (["a.test"], [], "a.test", True),
        (["a.test"], [], "x.a.test", True),
        (["a.test"], [], "A.Test.", True),
        (["a.test"], [], "xa.test", False),
        (["a.test"], [], "a.test.b", False),
        (["a.test"], [], "127.0.0.1", False),
        (["127.0.0.1"], [], "127.0.0.1", True),
        ([], ["a.test"], "b.test", True),
        ([], ["a.test"], "a.test", False),
        ([], ["a.test"], "x.A.test.", False),
        ([], [PUBLIC], "b.test", False),
        (["a.test"], ["x.a.test"], "x.a.test", False),
        (["a.test"], ["x.a.test"], "y.a.test", True),
    ],
)
def test_hosts(only: list[str], never: list[str], host: str, allowed: bool) -> None:
    changes = {"only": only, "never": never, "resolve": lambda _: [PUBLIC]}
    with Site() as site, proxy(**changes) as (connect, traffic):
        asked(connect, f"GET http://{host}:{site.port}/ HTTP/1.1\nHost: a\n\n")
        assert site.connections == int(allowed)
        assert len(traffic.refused) == int(not allowed)


@pytest.mark.parametrize(
    "head",
    [
        "\n\n",
        "nonsense\n\n",
        "GET / HTTP/1.1\nHost: public.test:{port}\n\n",
        "GET ftp://public.test:{port}/ HTTP/1.1\nHost: a\n\n",
        "GET https://public.test:{port}/ HTTP/1.1\nHost: a\n\n",
        "GET http:///v HTTP/1.1\nHost: public.test:{port}\n\n",
        "GET http://public.test:99999/ HTTP/1.1\nHost: a\n\n",
        "GET http://[public.test]:{port}/ HTTP/1.1\nHost: a\n\n",
        "GET http://public.test:{port}/\x01 HTTP/1.1\nHost: a\n\n",
        "GET http://.public..test:{port}/ HTTP/1.1\nHost: a\n\n",
        "CONNECT public.test HTTP/1.1\nHost: a\n\n",
        "CONNECT public.test:99999 HTTP/1.1\nHost: a\n\n",
        "CONNECT :{port} HTTP/1.1\nHost: a\n\n",
        "GET http://public.test:{port}/ HTTP/1.1\nHost: a\nX: " + "x" * 200_000 + "\n\n",
    ],
)
def test_what_is_no_request_for_a_proxy_harms_nothing(head: str) -> None:
    with Site() as site, proxy() as (connect, traffic):
        assert asked(connect, head.format(port=site.port)) == b""
        assert site.connections == 0
        good = asked(connect, f"GET http://public.test:{site.port}/ HTTP/1.1\nHost: a\n\n")
        assert good.startswith(b"HTTP/1.0 404")
        assert traffic.refused == []


def test_tunnel_to_one_place_says_nothing_of_its_own() -> None:
    """For who speaks no HTTP, whatever is said in it."""
    with listening() as server:
        place = "public.test", server.getsockname()[1]
        with proxy(leads_to=place) as (connect, _), connect() as near:
            near.sendall(b"CONNECT private.test:80 HTTP/1.1\r\n\r\n")
            with server.accept()[0] as far:
                assert far.recv(100) == b"CONNECT private.test:80 HTTP/1.1\r\n\r\n"
                far.sendall(b"$\x00")
                assert near.recv(100) == b"$\x00"


@pytest.mark.parametrize("place", [("private.test", 8554), ("public.test", 554)])
def test_tunnel_to_a_place_that_is_not_allowed(place: tuple[str, int]) -> None:
    with proxy(leads_to=place) as (connect, traffic), connect() as near:
        assert rest(near) == b""
        assert traffic.refused == [f"{place[0]}:{place[1]}"]


def test_ports_that_are_allowed_below_1024() -> None:
    """Nobody answers there, which is no refusal."""
    with proxy(leads_to=("public.test", 554), ports=[554]) as (connect, traffic):
        with connect() as near:
            assert rest(near) == b""
        assert traffic.refused == []


def test_name_is_looked_up_once_for_a_connection() -> None:
    answers = [[PUBLIC], [PRIVATE]]
    with Site() as site, proxy(resolve=lambda _: answers.pop(0)) as (connect, traffic):
        head = f"GET http://a.test:{site.port}/ HTTP/1.1\nHost: a\n\n"
        assert asked(connect, head).startswith(b"HTTP/1.0 404")
        assert len(answers) == 1
        assert asked(connect, head) == b""
        assert traffic.refused == [f"a.test:{site.port}"]
        assert site.connections == 1


def test_next_address_is_tried_where_one_does_not_answer() -> None:
    rules = {"allowed": lambda _: True, "resolve": lambda _: [PRIVATE, PUBLIC]}
    with Site(PUBLIC) as site, proxy(**rules) as (connect, _):
        answer = asked(connect, f"GET http://a.test:{site.port}/ HTTP/1.1\nHost: a\n\n")
        assert answer.startswith(b"HTTP/1.0 404")


def test_unreachable_host_is_no_refusal() -> None:
    def unknown(_: str) -> list[str]:
        raise OSError("no such name")

    with listening() as server:
        port = server.getsockname()[1]
    with proxy() as (connect, traffic):
        assert asked(connect, f"CONNECT public.test:{port} HTTP/1.1\nHost: a\n\n") == b""
    assert traffic.refused == []
    with proxy(resolve=unknown) as (connect, traffic):
        assert asked(connect, "CONNECT public.test:443 HTTP/1.1\nHost: a\n\n") == b""
    assert traffic.refused == []


def test_too_many_bytes_close_everything() -> None:
    with Site() as site, proxy(most_bytes=1_000_000) as (connect, traffic), listening() as server:
        site.routes["/v"] = endless("video/mp4")
        with tunnel(connect, server) as (near, far):
            head = f"GET http://public.test:{site.port}/v HTTP/1.1\nHost: a\n\n"
            assert len(asked(connect, head)) <= 1_000_000
            assert rest(near) == b""
            assert rest(far) == b""
        eventually(lambda: traffic.full, "the end")
        with pytest.raises(ConnectionError):
            connect()
        assert 1_000_000 < traffic.received < 1_200_000


def test_silence_ends_a_connection_and_words_keep_it() -> None:
    with proxy(idle_seconds=0.6) as (connect, _), listening() as server:
        with tunnel(connect, server) as (near, far):
            began = time.monotonic()
            while time.monotonic() < began + 1.5:
                far.sendall(b".")
                assert near.recv(1) == b"."
            assert rest(near) == b""
        with connect() as silent:
            assert rest(silent) == b""


def test_connections_at_once_and_in_all() -> None:
    with proxy(at_once=1, in_all=2) as (connect, _), listening() as server:
        head = f"CONNECT public.test:{server.getsockname()[1]} HTTP/1.1\r\nHost: a\r\n\r\n"
        with tunnel(connect, server), connect() as second:
            second.sendall(head.encode())
            second.settimeout(0.3)
            with pytest.raises(TimeoutError):
                second.recv(1)
        with pytest.raises(ConnectionError):
            eventually(lambda: connect().close(), "the end of the listener", 20)


@pytest.fixture
def slow() -> Iterator[tuple[egress.Resolver, threading.Event]]:
    """A resolver that hangs over one name, and what tells that it does."""
    begun, ended, before = threading.Event(), threading.Event(), threading.enumerate()

    def resolve(host: str) -> list[str]:
        if host == "slow.test":
            begun.set()
            ended.wait(60)
        return [PUBLIC]

    yield resolve, begun
    ended.set()
    eventually(lambda: set(threading.enumerate()) <= {*before}, "the end of the threads", 20)


@pytest.mark.serial
def test_end_of_the_block_closes_everything_at_once(
    slow: tuple[egress.Resolver, threading.Event],
) -> None:
    resolve, begun = slow
    before = os.listdir("/proc/self/fd")
    with ExitStack() as stack:
        server = stack.enter_context(listening())
        with proxy(resolve=resolve) as (connect, _):
            near, far = stack.enter_context(tunnel(connect, server))
            waiting = stack.enter_context(connect())
            waiting.sendall(b"CONNECT slow.test:443 HTTP/1.1\r\nHost: a\r\n\r\n")
            assert begun.wait(20)
            left = time.monotonic()
        assert time.monotonic() - left < 1
        assert [rest(end) for end in (near, far, waiting)] == [b"", b"", b""]
        with pytest.raises(ConnectionError):
            connect()
    assert os.listdir("/proc/self/fd") == before


def test_rules_of_settings(settings: Settings) -> None:
    rules = egress.rules_of(dataclasses.replace(settings, max_upload_mb=100))
    assert (rules.allowed, rules.only, rules.never) == (is_public, [], [])
    assert 100_000_000 < rules.most_bytes < 200_000_000
    private = dataclasses.replace(
        settings,
        allow_private_urls=True,
        allow_hosts=" A.test,.b.test., ",
        deny_hosts="bücher.de,::1",
    )
    rules = egress.rules_of(private)
    assert rules.allowed is is_public_or_private
    assert rules.only == ["a.test", "b.test"]
    assert rules.never == ["xn--bcher-kva.de", "::1"]


@pytest.mark.parametrize("name", ["a..b", "x" * 64, "*.a.test", "http://a.test", "a.test:80", "."])
def test_name_that_no_host_can_have(name: str, settings: Settings) -> None:
    with pytest.raises(ConfigError, match="HAR_DENY_HOSTS"):
        egress.rules_of(dataclasses.replace(settings, deny_hosts=name))
