"""Links of people who would like to see the inside of our network, and what answers each.

``$out`` is a web site that counts as public (127.0.0.1), ``$in`` one that must not be reached
(127.0.0.2); both listen on ``$port``, and inside so does every other address of this machine.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Page:
    """What the public site answers."""

    text: str = ""
    kind: str = "text/html"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """A link, the code that answers it, and the pages of the public site that it leads through.

    Each page is asked for, and nothing else of the public site.
    """

    url: str
    code: str = "url_refused"
    pages: Mapping[str, Page] = field(default_factory=dict)
    allow_hosts: str = ""
    deny_hosts: str = ""


PUBLIC = "127.0.0.1"
PRIVATE = "127.0.0.2"
ADDRESSES: Mapping[str, Sequence[Sequence[str]]] = {
    "public.test": [[PUBLIC]],
    "below.public.test": [[PUBLIC]],
    "notpublic.test": [[PUBLIC]],
    "xn--bcher-kva.test": [[PUBLIC]],
    "private.test": [[PRIVATE]],
    f"{PRIVATE}.nip.test": [[PRIVATE]],
    "localhost": [["::1"]],
    "localhost.localdomain": [["::1"]],
    "metadata": [["169.254.169.254"]],
    "metadata.google.internal": [["169.254.169.254"]],
    "instance-data.ec2.internal": [["fd00:ec2::254"]],
    "both.test": [[PUBLIC, PRIVATE]],
    "both-reversed.test": [[PRIVATE, PUBLIC]],
    "both-versions.test": [[PUBLIC, "::1"]],
    "mapped.test": [[f"::ffff:{PRIVATE}"]],
    "nowhere.test": [[]],
    # A look-up takes the next answer, and the last one again and again.
    "rebinding.test": [[PUBLIC], [PRIVATE]],
    "rebinding-late.test": [[PUBLIC], [PUBLIC], [PRIVATE]],
    "rebinding-back.test": [[PRIVATE], [PUBLIC]],
}
"""What names resolve to, answer by answer."""


def to(target: str, status: int = 302) -> Page:
    return Page(status=status, headers={"Location": target})


def html(body: str) -> Page:
    return Page(f"<!doctype html><html><head><title>t</title></head><body>{body}</body></html>")


def leads(first: Page, code: str = "url_refused", **others: Page) -> Row:
    """A link to the public site's first page, and to what this leads: ``b`` is at ``$out/b``."""
    return Row("$out/", code, {"/": first, **{f"/{name}": page for name, page in others.items()}})


SMUGGLED = "#__youtubedl_smuggle=%7B%22to_generic%22%3A+true%7D"

NO_LINKS = (
    *("file:///etc/passwd", "file://127.0.0.2/etc/passwd", "FILE:///etc/passwd"),
    *("ftp://127.0.0.2/v.mp4", "ftps://127.0.0.2/v.mp4", "sftp://127.0.0.2/v.mp4"),
    *("data:video/mp4;base64,AAAA", "javascript:fetch('http://127.0.0.2')", "blob:http://a/1"),
    *("gopher://127.0.0.2:6379/_INFO", "dict://127.0.0.2:11211/stat", "ldap://127.0.0.2/"),
    *("rtsp://127.0.0.2/v", "rtmp://127.0.0.2/v", "mms://127.0.0.2/v", "mmsh://127.0.0.2/v"),
    *("ws://127.0.0.2/", "wss://127.0.0.2/", "smb://127.0.0.2/v.mp4", "tftp://127.0.0.2/v"),
    *("view-source:http://127.0.0.2/", "jar:http://127.0.0.2/a!/b", "netdoc:///etc/passwd"),
    *("concat:http://127.0.0.2/|x", "crypto:http://127.0.0.2/", "pipe:0", "-", "--exec=id"),
    *("//127.0.0.2/v.mp4", "127.0.0.2/v.mp4", "127.0.0.2:80", r"\\127.0.0.2\v.mp4"),
    *("http:127.0.0.2/", "http:/127.0.0.2/", "http:///127.0.0.2/", "https:", "http://", "http://@"),
    *("http://:80/", "http://127.0.0.2:0/", "http://127.0.0.2:99999/", "http://127.0.0.2:-80/"),
    *("http://127.0.0.2:80:80/", "http://[127.0.0.2]/", "http://[::1/", "http://::1/", "http://]/"),
    *("http://public.test/\r\nHost: 127.0.0.2", "http://public.test/\n", "http://public.test/\tx"),
    *("http://public.test\x00.127.0.0.2/", "http://127.0.0.2\u200b/", "\ufeffhttp://127.0.0.2/"),
    *("ytsearch:inside", "ytdl://127.0.0.2/", f"http://127.0.0.2/{SMUGGLED}"),
    f"http://127.0.0.2/{'a' * 9000}",
)

NUMBERS = (
    # Decimal, hexadecimal, octal, short and mixed forms of 127.0.0.2
    *("2130706434", "0x7f000002", "017700000002", "0177.0.0.2", "0X7F.0x0.0x0.0x2"),
    *("0177.0x0.0.02", "127.000.000.002", "127.2", "127.0.2", "0x7f.2", "127.0.0.2."),
    *("①②⑦.⓪.⓪.②", "127。0。0。2", "%31%32%37.0.0.2", "127%2e0%2e0%2e2"),
    *("127.255.255.254", "0", "0.0.0.0"),
    # Metadata of clouds
    *("169.254.169.254", "2852039166", "0xa9fea9fe", "168.63.129.16", "100.100.100.200"),
    # Private networks, carrier-grade NAT, benchmarks, multicast, reserved, broadcast
    *("10.0.0.1", "192.168.1.1", "100.64.0.1", "198.18.0.1"),
    *("224.0.0.1", "240.0.0.1", "255.255.255.255"),
)

NUMBERS_V6 = (
    *("::1", "::", "::ffff:127.0.0.2", "::ffff:7f00:2", "::127.0.0.2"),
    *("::ffff:169.254.169.254", "::ffff:0:127.0.0.2"),
    *("2002:7f00:2::", "2001::7f00:2", "64:ff9b::7f00:2", "64:ff9b:1::7f00:2"),
    *("fe80::1", "fe80::1%25lo", "fe80::1%lo", "fec0::1", "fd12:3456::1"),
    *("fd00:ec2::254", "ff02::1", "2001:db8::1"),
)

AUTHORITIES = (
    *("public.test@127.0.0.2:$port", "public.test:80@127.0.0.2:$port", "a:b@127.0.0.2:$port"),
    *("public.test%40@127.0.0.2:$port", r"public.test:$port\@127.0.0.2:$port"),
    *("public.test%23@127.0.0.2:$port", "127.0.0.2:$port#@public.test", "127.0.0.2:$port?@a.test"),
    *("localhost:$port", "LOCALHOST.:$port", "localhost.localdomain:$port"),
    *("private.test:$port", "PRIVATE.test.:$port", "127.0.0.2.nip.test:$port"),
    *(
        "mapped.test:$port",
        "metadata/computeMetadata/v1/",
        "metadata.google.internal/",
        "instance-data.ec2.internal/",
    ),
    *("both.test:$port", "both-reversed.test:$port", "both-versions.test:$port"),
    *("rebinding-back.test:$port", "public.test:22", "public.test:25"),
)

DIRECT = (
    *(Row(url, "bad_url") for url in NO_LINKS),
    *(Row(f"http://{host}:$port/v.mp4") for host in NUMBERS),
    *(Row(f"http://[{host}]:$port/v.mp4") for host in NUMBERS_V6),
    *(Row(f"http://{authority}/v.mp4") for authority in AUTHORITIES),
    *(Row(f"https://{host}/v.mp4") for host in ("127.0.0.2:$port", "[::1]:$port", "10.0.0.1")),
    Row("http://nowhere.test:$port/", "url_unreachable"),
    Row("http://unknown.test:$port/", "url_unreachable"),
    Row("http://6425673730:$port/", "url_unreachable"),  # 127.0.0.2 and 2 to the 32nd
    Row("http://256.0.0.1:$port/", "url_unreachable"),
)

MISSING = Page(status=404)
HOSTS = (
    Row("http://notpublic.test:$port/", allow_hosts="public.test"),
    Row("http://127.0.0.1:$port/", allow_hosts="public.test"),
    Row("$in/", allow_hosts="127.0.0.2,private.test"),
    Row("http://private.test:$port/", allow_hosts="private.test"),
    Row(
        "http://below.public.test:$port/",
        "url_unreachable",
        {"/": MISSING},
        allow_hosts="Public.TEST.",
    ),
    Row("http://PUBLIC.test.:$port/", deny_hosts="public.test"),
    Row("http://below.public.test:$port/", deny_hosts="x.test, public.test"),
    Row(
        "http://notpublic.test:$port/", "url_unreachable", {"/": MISSING}, deny_hosts="public.test"
    ),
    Row("http://xn--bcher-kva.test:$port/", deny_hosts="bücher.test"),
    Row("http://BÜCHER.test:$port/", deny_hosts="xn--bcher-kva.test"),
    Row("http://2130706433:$port/", deny_hosts="127.0.0.1"),
    dataclasses.replace(leads(to("http://notpublic.test:$port/b")), deny_hosts="notpublic.test"),
    dataclasses.replace(
        leads(html('<video src="http://notpublic.test:$port/v.mp4"></video>')),
        allow_hosts="public.test",
    ),
)
