"""A child behind a proxy: what it can reach by itself, which is nothing, and through the proxy."""

from __future__ import annotations

import json
import socket
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from har.media import child, egress, proxied
from tests.media import certificates
from tests.media.site import Site, content, redirect

PUBLIC = "127.0.0.1"
PRIVATE = "127.0.0.2"
RULES = egress.Rules(
    allowed=lambda address: str(address) == PUBLIC,
    most_bytes=100_000_000,
    resolve=lambda host: {"public.test": [PUBLIC]}.get(host, [host]),
)
MEMORY = 512 << 20

UNGUARDED = "from har.media import guard; guard.install = lambda only: None\n"
TRY = """
    import json, socket, sys, urllib.request
    from har.media import guard
    proxy = guard.enter(int(sys.argv[-1]))
    def outcome(action):
        try:
            return action()
        except OSError as error:
            return type(error).__name__
    def direct(kind, *to):
        with socket.socket(kind) as own:
            own.settimeout(5)
            return own.connect(to)
    def through(url):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy}))
        return opener.open(url).read().decode()
    port = int(sys.argv[1])
    print(json.dumps([
        outcome(lambda: direct(socket.AF_INET, "127.0.0.1", port)),
        outcome(lambda: direct(socket.AF_INET, sys.argv[2], port)),
        outcome(lambda: direct(socket.AF_INET, "192.0.2.1", 80)),
        outcome(lambda: direct(socket.AF_INET6, "2001:db8::1", 80)),
        outcome(lambda: through(f"http://public.test:{port}/")),
        outcome(lambda: through(f"http://127.0.0.2:{port}/")),
    ]))
"""


def tried(code: str) -> tuple[list[Any], egress.Traffic, int]:
    """What a child says it could reach, what the proxy saw, and how often a site was connected to.

    The site listens on all addresses of this machine, its outward one included.
    """
    with Site("::") as site:
        site.routes["/"] = content(b"hello", "text/plain")
        argv = [sys.executable, "-c", textwrap.dedent(code), str(site.port), outward()]
        with proxied.start(argv, RULES, memory=MEMORY) as (started, traffic):
            said = json.loads(started.stdout.read())
        return said, traffic, site.connections


def outward() -> str:
    """This machine's own address, or another loopback one where it has no network."""
    with socket.socket(type=socket.SOCK_DGRAM) as unused:
        try:
            unused.connect(("192.0.2.1", 9))
        except OSError:
            return PRIVATE
        return str(unused.getsockname()[0])


@pytest.mark.usefixtures("bubblewrap")
def test_nothing_but_the_proxy_with_a_network_of_its_own() -> None:
    """The guard is taken out of the way, so that the kernel is what refuses."""
    said, traffic, connections = tried(UNGUARDED + textwrap.dedent(TRY))
    assert set(said[:4]) <= {"ConnectionRefusedError", "OSError"}  # "no network" has no own type
    assert said[4:] == ["hello", "RemoteDisconnected"]
    assert connections == 1
    assert len(traffic.refused) == 1


@pytest.mark.usefixtures("without_bubblewrap")
def test_nothing_but_the_proxy_in_our_network() -> None:
    said, traffic, connections = tried(TRY)
    assert said == [*["PermissionError"] * 4, "hello", "RemoteDisconnected"]
    assert connections == 1
    assert len(traffic.refused) == 1


def test_child_that_hands_nothing_over() -> None:
    argv = [sys.executable, "-c", "raise SystemExit('no listener today')"]
    with pytest.raises(child.ChildFailed, match="no listener today"), proxied.start(argv, RULES):
        pass


@pytest.mark.parametrize("machine", ["bubblewrap", "without_bubblewrap"])
def test_download_without_its_proxy_fetches_nothing(
    machine: str, site: Site, folder: Path, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(machine)
    site.routes["/v.mp4"] = content(bytes(10_000), "video/mp4")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        argv = [*download(f"{site.url}/v.mp4", folder), str(theirs.fileno())]
        with child.start(argv, writes=folder, memory=MEMORY, pass_fds=[theirs.fileno()]) as alone:
            _, listeners, _, _ = socket.recv_fds(ours, 64, 1)
            socket.socket(fileno=listeners[0]).close()
            said = json.loads(alone.stdout.read().splitlines()[-1])
    assert said == {"reason": "unreachable"}
    assert site.connections == 0
    assert [path.name for path in folder.iterdir()] == ["request.json"]


def download(url: str, folder: Path) -> list[str]:
    """The command line of fetch's child, but for the last argument."""
    request = folder / "request.json"
    limits = {"max_bytes": 1 << 40, "max_seconds": 60, "timeout": 60}
    request.write_text(json.dumps({"url": url, "folder": str(folder), **limits}))
    return child.python("har.media.fetch_child", str(request))


def test_limit_on_a_file_by_the_system_counts_as_too_large(site: Site, folder: Path) -> None:
    """The second line of defence, with the first one set out of reach."""
    site.routes["/v.mp4"] = content(bytes(20_000_000), "video/mp4")
    options = {"writes": folder, "memory": MEMORY, "file_size": 2_000_000}
    with proxied.start(download(f"{site.url}/v.mp4", folder), RULES, **options) as (started, _):
        said = started.stdout.read().splitlines()
    assert json.loads(said[-1]) == {"reason": "too_large"}
    assert 0 < max(file.stat().st_size for file in folder.iterdir()) <= 2_000_000


@pytest.fixture
def certified(tmp_path: Path) -> Iterator[tuple[Site, Path]]:
    """A site by https, and the certificate to trust."""
    certificate, context = certificates.made(tmp_path, "DNS:public.test")
    with Site(PUBLIC, tls=context) as site:
        yield site, certificate


TRUSTING = """
import sys, certifi
certifi.where = lambda: sys.argv[1]
from har.media import fetch_child
fetch_child.main(*sys.argv[2:])
"""


def fetched_by_https(
    certified: tuple[Site, Path], folder: Path
) -> tuple[dict[str, Any], egress.Traffic]:
    site, certificate = certified
    request = download(f"https://public.test:{site.port}/v.mp4", folder)[-1]
    argv = [sys.executable, "-c", TRUSTING, str(certificate), request]
    options = {"writes": folder, "memory": MEMORY, "file_size": 2_000_000}
    with proxied.start(argv, RULES, reads=[certificate], **options) as (started, traffic):
        said = started.stdout.read().splitlines()
    return json.loads(said[-1]), traffic


def test_https_goes_through_a_tunnel(certified: tuple[Site, Path], folder: Path) -> None:
    certified[0].routes["/v.mp4"] = content(b"v" * 10_000, "video/mp4")
    said, traffic = fetched_by_https(certified, folder)
    assert (folder / said["files"][0]).read_bytes() == b"v" * 10_000
    assert traffic.received > 10_000


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_redirect_from_https_inward(
    scheme: str, certified: tuple[Site, Path], folder: Path
) -> None:
    with Site(PRIVATE) as private:
        target = f"{scheme}://{PRIVATE}:{private.port}/v.mp4"
        certified[0].routes["/v.mp4"] = redirect(target)
        said, traffic = fetched_by_https(certified, folder)
        assert said == {"reason": "unreachable"}
        assert traffic.refused == [f"{PRIVATE}:{private.port}"]
        assert certified[0].asked == ["/v.mp4"]
        assert private.connections == 0
