"""No link leads inward: the real yt-dlp fetches each hostile one from real sites.

What makes the connections is in this process, so an audit hook sees each one that is tried, to
addresses too that nobody here listens on.
"""

from __future__ import annotations

import dataclasses
import socket
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from string import Template
from typing import Any

import pytest

from config import Settings
from har.errors import HarError
from har.media.addresses import is_public
from har.media.egress import Resolver, Rules, rules_of
from har.media.fetch import fetch
from tests.media.hostile import ADDRESSES, PRIVATE, PUBLIC, Page, Row
from tests.media.hostile_sites import DASH, HLS, PAGES, REFRESHES, ROWS
from tests.media.site import Route, Site

AT_ONCE = 3
_OF_A_KIND = 8
"""Rows that follow each other, of which one is in `make test`."""
LED_INWARD = [
    row
    for row in (*REFRESHES, *PAGES, *HLS, *DASH)
    if row.code == "url_refused" and "$in/" in str(row.pages)
]
"""The ways other than redirects."""


@dataclass(frozen=True)
class Outcome:
    code: str
    files: Sequence[str]
    asked: Sequence[str]
    """Of the public site."""
    inside: int
    """Connections to the private one."""
    tried: Sequence[tuple[str, int]]
    """Addresses that were to be connected to, but for the public site's."""


connected: list[tuple[str, int]] = []
sys.addaudithook(lambda event, args: event == "socket.connect" and connected.append(args[1][:2]))


def outcome(row: Row, folder: Path, open_to_all: bool) -> Outcome:
    """What becomes of a link, with a public and a private site of its own."""
    before = len(connected)
    with Site(PUBLIC) as public, Site("::", public.port) as private:
        names = {"port": public.port, "in": f"http://{PRIVATE}:{public.port}"}
        names["out"] = f"http://public.test:{public.port}"
        public.routes = {path: answer(page, names) for path, page in row.pages.items()}
        settings = Settings(allow_hosts=row.allow_hosts, deny_hosts=row.deny_hosts)
        code = "fetched"
        try:
            url = Template(row.url).substitute(names)
            fetch(url, folder, settings, lambda _: None, rules(settings, open_to_all))
        except HarError as error:
            code = error.code
        tried = [to for to in connected[before:] if to[1] == public.port or to[1] < 1024]
    return Outcome(
        code,
        [path.name for path in folder.iterdir()],
        public.asked,
        private.connections,
        [to for to in tried if to != (PUBLIC, public.port)],
    )


def answer(page: Page, names: dict[str, Any]) -> Route:
    body = Template(page.text).substitute(names).encode()

    def send(request: BaseHTTPRequestHandler) -> None:
        request.send_response(page.status)
        for name, value in page.headers.items():
            request.send_header(name, Template(value).substitute(names))
        request.send_header("Content-Type", page.kind)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return send


def rules(settings: Settings, open_to_all: bool) -> Rules:
    """The settings' rules, under which one address of this machine counts as public, or all do."""
    return dataclasses.replace(
        rules_of(settings),
        allowed=lambda address: open_to_all or str(address) == PUBLIC or is_public(address),
        resolve=resolver(),
    )


def resolver() -> Resolver:
    left = {name: list(answers) for name, answers in ADDRESSES.items()}

    def resolve(host: str) -> Sequence[str]:
        if host in left:
            return left[host].pop(0) if len(left[host]) > 1 else left[host][0]
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return [str(address[0]) for *_, address in found]

    return resolve


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Outcome]]]:
    """What becomes of the links of this run's tests, by the tests' names, a few at a time."""
    pool = ThreadPoolExecutor(AT_ONCE)
    submitted = {}
    for test in request.session.items:
        if test.module is request.module and "outcomes" in test.fixturenames:
            row = test.callspec.params["row"]
            folder = tmp_path_factory.mktemp("fetched")
            open_to_all = test.originalname == test_link_would_lead_inward.__name__
            submitted[test.name] = pool.submit(outcome, row, folder, open_to_all)
    yield submitted
    pool.shutdown(cancel_futures=True)


def each(rows: Sequence[Row]) -> list[Any]:
    """The rows as parameters. Most of those that yt-dlp is started for, which takes a second, are
    left to `make test-slow`: their neighbours are of the same kind."""
    return [
        pytest.param(
            row,
            id=f"{n}-{row.url[:60]}",
            marks=[pytest.mark.slow] if row.code != "bad_url" and n % _OF_A_KIND else [],
        )
        for n, row in enumerate(rows)
    ]


@pytest.mark.parametrize("row", each(ROWS))
def test_link(
    row: Row, outcomes: dict[str, Future[Outcome]], request: pytest.FixtureRequest
) -> None:
    result = outcomes[request.node.name].result()
    assert result.code == row.code
    assert result.inside == 0
    assert result.tried == []
    assert set(result.asked) == set(row.pages)
    assert result.files == []


@pytest.mark.parametrize("row", each(LED_INWARD))
def test_link_would_lead_inward(
    row: Row, outcomes: dict[str, Future[Outcome]], request: pytest.FixtureRequest
) -> None:
    """The other way round: but for the rules, yt-dlp would go where each of these links leads."""
    assert outcomes[request.node.name].result().inside > 0


def test_the_table_is_long() -> None:
    assert len({(row.url, str(row.pages), row.allow_hosts, row.deny_hosts) for row in ROWS}) >= 120
